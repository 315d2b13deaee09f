"""The study behind the defaults of the estimators: docs/reports/estimator-study.md shows its results.

    uv run python -m bench.study choose   # candidates, on the tables to choose by
    uv run python -m bench.study judge    # the defaults beside scikit-learn's classifiers, on other tables

A default is one value for all data. So the tables that choose and the tables that judge are disjoint
(`bench.tables`). Five stratified folds of each table take turns as test data. Every classifier works on one thread,
and the time is the processor time of `fit`. Those of scikit-learn have their defaults.
`bench.regression` measures the same defaults of the regressor.
"""

import sys
import warnings
from statistics import geometric_mean, mean, median, stdev
from time import process_time

from bench.machine import describe
from bench.tables import CHOOSING, JUDGING
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

import handgrad as hg

CLASSIFIERS = {
    "HandgradClassifier": lambda _, seed: hg.HandgradClassifier(random_state=seed, threads=1),
    "MLPClassifier": lambda _, seed: make_pipeline(StandardScaler(), MLPClassifier(random_state=seed)),
    "LogisticRegression": lambda *_: make_pipeline(StandardScaler(), LogisticRegression()),
    "HistGradientBoosting": lambda _, seed: HistGradientBoostingClassifier(random_state=seed),
}
"""How to create a classifier for training data `X` and a seed."""


def candidate(factor=20, low=0.05, high=1.0, **others):
    """Return how to create a classifier with a decay of `factor` × columns / rows, between `low` and `high`."""

    def create(X, seed):
        decay = min(max(low, factor * X.shape[1] / len(X)), high)
        usual = {"optimizer": "adamw", "learning_rate": 0.01, "weight_decay": decay, "schedule": "one_cycle"}
        usual |= {"epochs": 50, "batch_size": 64, "dtype": "float32", "random_state": seed, "threads": 1}
        return hg.HandgradClassifier(**{"hidden": 256} | usual | others)

    return create


FORMER = {"optimizer": "adam", "learning_rate": 0.001, "schedule": None, "epochs": 200, "tol": 1e-4}
CANDIDATES = {
    "the defaults": candidate(),
    "decay 10 × columns / rows": candidate(10),
    "decay 30 × columns / rows": candidate(30),
    "decay from 0.02": candidate(low=0.02),
    "decay up to 2": candidate(high=2),
    "decay of 0.1": candidate(0, 0.1),
    "rate 0.005": candidate(learning_rate=0.005),
    "30 epochs": candidate(epochs=30),
    "100 epochs": candidate(epochs=100),
    "batches of 32": candidate(batch_size=32),
    "batches of 128": candidate(batch_size=128),
    "128 hidden units": candidate(hidden=128),
    "128 hidden units, decay from 0.1 to 2": candidate(20, 0.1, 2, hidden=128),
    "128 hidden units, rate 0.005, decay 0.1": candidate(0, 0.1, hidden=128, learning_rate=0.005),
    "early stopping": candidate(early_stopping=True),
    "before the study, but in float32: 128 hidden units, 200 epochs of Adam at 0.001": candidate(
        0, 0, hidden=128, **FORMER
    ),
}


def measure(create, load):
    """Return the measurements of a classifier on each of the folds of a table."""
    X, y = load()
    folds = StratifiedKFold(5, shuffle=True, random_state=0).split(X, y)
    return [
        _measure_fold(create(X[train], fold), X, y, train, test) for fold, (train, test) in enumerate(folds)
    ]


def _measure_fold(classifier, X, y, train, test):
    begin = process_time()
    classifier.fit(X[train], y[train])
    return {
        "milliseconds": 1000 * (process_time() - begin),
        "log-loss": log_loss(y[test], classifier.predict_proba(X[test])),
        "accuracy, %": 100 * classifier.score(X[test], y[test]),
    }


def average(folds, key):
    """Return the mean of a measurement over the folds."""
    return mean(fold[key] for fold in folds)


def choose():
    """Compare the candidates with `MLPClassifier`, each number over all tables."""
    print(
        "| candidate | log-loss | at most that of MLPClassifier | accuracy | speed |\n|---|---:|---:|---:|---:|"
    )
    peer = {name: measure(CLASSIFIERS["MLPClassifier"], load) for name, load in CHOOSING.items()}
    for title, create in CANDIDATES.items():
        pairs = [(measure(create, load), peer[name]) for name, load in CHOOSING.items()]
        losses, times = (
            [average(ours, key) / average(theirs, key) for ours, theirs in pairs]
            for key in ("log-loss", "milliseconds")
        )
        gain = mean(average(ours, "accuracy, %") - average(theirs, "accuracy, %") for ours, theirs in pairs)
        won = sum(ratio <= 1 for ratio in losses)
        numbers = f"{geometric_mean(losses):.3f}× | {won} of {len(losses)} | {gain:+.2f} points"
        print(f"| {title} | {numbers} | {1 / median(times):.1f}× |", flush=True)


def judge():
    """Print a table of each measurement, with the standard deviation over the folds."""
    results = {
        name: {title: measure(create, load) for title, create in CLASSIFIERS.items()}
        for name, load in JUDGING.items()
    }
    for key, places in (("log-loss", 3), ("accuracy, %", 1), ("milliseconds", 0)):
        print(f"\n| {key} | {' | '.join(CLASSIFIERS)} |\n|---{'|---:' * len(CLASSIFIERS)}|")
        for name, found in results.items():
            spreads = [(average(folds, key), stdev(fold[key] for fold in folds)) for folds in found.values()]
            cells = [f"{value:,.{places}f} ± {spread:,.{places}f}" for value, spread in spreads]
            print(f"| {name} | {' | '.join(cells)} |")
    us, *others = CLASSIFIERS
    for other in others:
        pairs = [(found[us], found[other]) for found in results.values()]
        won = sum(average(ours, "log-loss") <= average(theirs, "log-loss") for ours, theirs in pairs)
        speed = median(
            average(theirs, "milliseconds") / average(ours, "milliseconds") for ours, theirs in pairs
        )
        print(
            f"\n{other}: log-loss at least ours on {won} of {len(pairs)}; {speed:.1f} times our time (median)"
        )


def main():
    """Run one of the two parts."""
    if sys.argv[1:] not in (["choose"], ["judge"]):
        sys.exit(__doc__)
    warnings.simplefilter("ignore")  # about convergence
    machine = describe()
    print(f"{machine['date']}, {machine['processor']}, {machine['kernels']}, Python {machine['python']}\n")
    with threadpool_limits(1):
        choose() if sys.argv[1] == "choose" else judge()


if __name__ == "__main__":
    main()
