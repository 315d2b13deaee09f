"""Fitting `HandgradClassifier` and scikit-learn's `MLPClassifier` to a sparse matrix: 8,000 × 20,000, density 0.001.

Both have one hidden layer of 100, Adam at 0.001, batches of 200, and inputs as they are. The second number is 1 for
peak memory of whole processes that fit once, and 0 for seconds. As a program, this fits once:

    python -m bench.work.sparse CONTESTANT EPOCHS THREADS
"""

import sys
import warnings

from bench.work.data import Clock
from bench.work.memory import peak

BATCH = 200


def load():
    """Return inputs (8000, 20000) and labels, which are 1 where the first half of the columns has the larger sum."""
    import numpy as np
    from scipy.sparse import random_array

    X = random_array((8_000, 20_000), density=0.001, format="csr", rng=np.random.default_rng(0))
    return X, (X[:, :10_000].sum(axis=1) > X[:, 10_000:].sum(axis=1)).astype(int)


def ours(epochs, threads, seed):
    """Return a classifier of handgrad."""
    import handgrad as hg

    sizes = {"batch_size": BATCH, "epochs": epochs, "dtype": "float64"}
    same = {"optimizer": "adam", "learning_rate": 0.001, "weight_decay": 0.0, "schedule": None}
    return hg.HandgradClassifier(
        100, scaling=None, tol=None, random_state=seed, threads=threads, **sizes, **same
    )


def theirs(epochs, threads, seed):
    """Return a classifier of scikit-learn."""
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier(
        100, batch_size=BATCH, max_iter=epochs, n_iter_no_change=epochs, random_state=seed, alpha=0
    )


MAKERS = {"HandgradClassifier": ours, "MLPClassifier": theirs}


def contestants(epochs, memory):
    """Return the two."""

    def ready(name):
        def prepare(threads):
            if memory:
                return lambda: peak("-m", "bench.work.sparse", name, epochs, threads)
            warnings.simplefilter("ignore")  # about convergence
            X, y = load()
            seeds = iter(range(10**6))

            def run():
                classifier = MAKERS[name](epochs, threads, next(seeds))
                clock = Clock()
                classifier.fit(X, y)
                seconds = clock()
                return {"seconds": seconds, "accuracy": classifier.score(X, y)}

            return run

        return prepare

    return {name: ready(name) for name in MAKERS}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    name, *numbers = sys.argv[1:]
    MAKERS[name](*map(int, numbers), 0).fit(*load())
