"""What `handgrad tune` gains: the defaults beside the best recipe of a search, on the tables of `bench.study`.

    uv run python -m bench.tuning 300   # seconds for each table, on all cores

Three tenths of each table are test data, of which the search sees nothing.
"""

import sys
from itertools import count

import numpy as np
from bench.machine import describe
from bench.tables import JUDGING
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

import handgrad as hg
from handgrad.recipes.loading import override
from handgrad.tuning import best, tune


def best_recipe(X, y, seconds):
    """Search on training data, and return the network of the best recipe, trained on all of them, and the trials."""
    classes = len(np.unique(y))
    data = hg.Splits(hg.Dataset(X.astype(np.float32), np.unique(y, return_inverse=True)[1], classes))
    first = override(hg.load_recipe("mlp"), {"data": {"validation": 0}}, "bench")
    held = data.split_validation(len(X) // 10, np.random.default_rng(0))
    trials = list(tune(first, held, seconds))
    recipe = best(trials).recipe
    network = recipe.build_network(data.train.input_shape, data.train.classes)
    hg.fit(network, data.train, **recipe.training_arguments(), seed=0, progress=False)
    return network, max(trial.number for trial in trials)


def main(seconds):
    """Print a row for each table: log-loss and accuracy of the defaults, and of the best recipe."""
    print(f"{describe()['processor']}, {seconds:g} s for each table\n")
    print("| table | defaults: log-loss | tuned: log-loss | defaults: accuracy | tuned: accuracy | trials |")
    print("|---|---:|---:|---:|---:|---:|")
    better = count()
    for name, load in JUDGING.items():
        X, y = load()
        X, X_test, y, y_test = train_test_split(X, y, test_size=0.3, stratify=y, random_state=0)
        default = hg.HandgradClassifier(random_state=0).fit(X, y)
        network, trials = best_recipe(X, y, seconds)
        names = np.unique(y)
        probabilities = default.predict_proba(X_test), network.predict_proba(X_test.astype(np.float32))
        losses = [log_loss(y_test, values, labels=names) for values in probabilities]
        accuracies = [100 * (names[values.argmax(axis=1)] == y_test).mean() for values in probabilities]
        cells = [
            *(f"{loss:.3f}" for loss in losses),
            *(f"{value:.1f} %" for value in accuracies),
            f"{trials:,}",
        ]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
        if losses[1] < losses[0]:
            next(better)
    print(f"\nThe tuned recipe has the lower log-loss on {next(better)} of {len(JUDGING)}.")


if __name__ == "__main__":
    main(float(sys.argv[1]))
