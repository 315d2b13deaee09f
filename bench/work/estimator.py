"""Fitting `HandgradClassifier` and scikit-learn's `MLPClassifier`: one hidden layer of 128, Adam at 0.001."""

import numpy as np
from bench.work.data import Clock, splits

DATA = ("MNIST", "digits", "breast cancer", "iris", "5,000 × 20")
"""The last is generated, with two classes."""


def load(number, seed):
    """Return training and test examples of a data set; of tables a quarter, drawn by seed, is to test with."""
    if number == 0:
        mnist = splits()
        parts = (mnist.train, mnist.test)
        return [part.inputs for part in parts] + [part.labels.astype(np.int64) for part in parts]
    from sklearn import datasets
    from sklearn.model_selection import train_test_split

    if number == 4:
        X, y = datasets.make_classification(5_000, 20, n_informative=10, random_state=0)
    else:
        loaders = (datasets.load_digits, datasets.load_breast_cancer, datasets.load_iris)
        X, y = loaders[number - 1](return_X_y=True)
    return train_test_split(X, y, test_size=0.25, stratify=y, random_state=seed)


def floats(number, *inputs):
    """Return images as peers take them, in float32 from 0 to 1; tables unchanged."""
    return [np.divide(X, 255, dtype=np.float32) if number == 0 else X for X in inputs]


def contestants(number, epochs, batch):
    """Return those for one of the data sets; each turn has another seed, the same for all."""

    def ready(make, convert):
        def prepare(threads):
            seeds = iter(range(10**6))
            make(threads, 0)  # imports

            def run():
                seed = next(seeds)
                X, X_test, y, y_test = load(number, seed)
                X, X_test = convert(X, X_test)
                classifier = make(threads, seed)
                clock = Clock()
                classifier.fit(X, y)
                seconds = clock()
                return {"seconds": seconds, "accuracy": classifier.score(X_test, y_test)}

            return run

        return prepare

    def ours(threads, seed, **parameters):
        import handgrad as hg

        if number == 0:
            parameters["input_shape"] = (28, 28)  # so that bytes are pixels
        else:
            parameters["dtype"] = "float64"  # as theirs
        usual = {"optimizer": "adam", "batch_size": batch, "epochs": epochs}
        return hg.HandgradClassifier(128, random_state=seed, threads=threads, **usual, **parameters)

    def theirs(threads, seed):
        import warnings

        from sklearn.neural_network import MLPClassifier
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        warnings.simplefilter("ignore")  # about convergence
        network = MLPClassifier(
            128, batch_size=batch, max_iter=epochs, n_iter_no_change=epochs, random_state=seed
        )
        return make_pipeline("passthrough" if number == 0 else StandardScaler(), network)

    found = {"HandgradClassifier": ready(ours, lambda *inputs: inputs)}
    if number == 0:
        found["HandgradClassifier, float32"] = ready(
            lambda threads, seed: ours(threads, seed, scaling=None), lambda *inputs: floats(number, *inputs)
        )
    return found | {"MLPClassifier": ready(theirs, lambda *inputs: floats(number, *inputs))}
