"""The study behind the defaults of `HandgradClassifier`: docs/estimator.md shows its results.

    uv run python -m bench.study choose   # candidates, on the tables to choose by
    uv run python -m bench.study judge    # the defaults beside scikit-learn's classifiers, on other tables

A default is one value for all data. So the tables that choose and the tables that judge are disjoint
(`bench.tables`), and no row of a table that judges has an influence on the choice. Five stratified folds of each
table take turns as test data. Every classifier works on one thread, and the time is the processor time of `fit`.
scikit-learn's have their defaults, on standardised inputs.
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

PEERS = {
    "MLPClassifier": lambda _, seed: make_pipeline(StandardScaler(), MLPClassifier(random_state=seed)),
    "LogisticRegression": lambda *_: make_pipeline(StandardScaler(), LogisticRegression()),
    "HistGradientBoosting": lambda _, seed: HistGradientBoostingClassifier(random_state=seed),
}
"""How to create a classifier for training data `X` and a seed."""


def candidate(factor=20, low=0.1, high=1.0, **others):
    """Return how to create a classifier with a decay of `factor` × columns / rows, between `low` and `high`."""

    def create(X, seed):
        decay = min(max(low, factor * X.shape[1] / len(X)), high)
        usual = {"optimizer": "adamw", "learning_rate": 0.01, "weight_decay": decay, "schedule": "one_cycle"}
        usual |= {"epochs": 50, "batch_size": 64, "tol": None, "dtype": "float32", "threads": 1}
        return hg.HandgradClassifier(random_state=seed, **usual | others)

    return create


FORMER = {
    "optimizer": "adam",
    "learning_rate": 0.001,
    "schedule": None,
    "epochs": 200,
    "tol": 1e-4,
    "dtype": None,
}
CANDIDATES = {
    "all of the last six changed: before the study": candidate(0, 0, **FORMER),
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
    seconds = process_time() - begin
    probabilities = classifier.predict_proba(X[test])
    return {
        "log-loss": log_loss(y[test], probabilities),
        "accuracy": 100 * classifier.score(X[test], y[test]),
        "milliseconds": 1000 * seconds,
    }


def average(folds, key):
    """Return the mean of a measurement over the folds."""
    return mean(fold[key] for fold in folds)


def choose():
    """Compare the candidates with `MLPClassifier`, each number over all tables."""
    print(
        "| candidate | log-loss, times that of MLPClassifier | at most that of MLPClassifier | accuracy | speed |"
    )
    print("|---|---:|---:|---:|---:|")
    peer = {name: measure(PEERS["MLPClassifier"], load) for name, load in CHOOSING.items()}
    for title, create in CANDIDATES.items():
        pairs = [(measure(create, load), peer[name]) for name, load in CHOOSING.items()]
        losses, seconds = (
            [average(ours, key) / average(theirs, key) for ours, theirs in pairs]
            for key in ("log-loss", "milliseconds")
        )
        gain = mean(average(ours, "accuracy") - average(theirs, "accuracy") for ours, theirs in pairs)
        won = sum(ratio <= 1 for ratio in losses)
        print(
            f"| {title} | {geometric_mean(losses):.3f} | {won} of {len(losses)} | {gain:+.2f} % "
            f"| {1 / median(seconds):.1f}× |",
            flush=True,
        )


def judge():
    """Print a table of each measurement, with the standard deviation over the folds."""
    contestants = {"HandgradClassifier": lambda _, seed: hg.HandgradClassifier(random_state=seed, threads=1)}
    contestants |= PEERS
    results = {
        name: {title: measure(create, load) for title, create in contestants.items()}
        for name, load in JUDGING.items()
    }
    for key, digits in (("log-loss", 3), ("accuracy", 1), ("milliseconds", 0)):
        print(f"\n| {key} | {' | '.join(contestants)} |\n|---{'|---:' * len(contestants)}|")
        for name, found in results.items():
            spreads = [(average(folds, key), stdev(fold[key] for fold in folds)) for folds in found.values()]
            cells = [f"{value:,.{digits}f} ± {spread:,.{digits}f}" for value, spread in spreads]
            print(f"| {name} | {' | '.join(cells)} |")
    for title in PEERS:
        ours, theirs = (
            [
                (average(found[who], "log-loss"), average(found[who], "milliseconds"))
                for found in results.values()
            ]
            for who in ("HandgradClassifier", title)
        )
        won = sum(a[0] <= b[0] for a, b in zip(ours, theirs, strict=True))
        speed = median(b[1] / a[1] for a, b in zip(ours, theirs, strict=True))
        print(
            f"\n{title}: log-loss at most that on {won} of {len(results)}; {speed:.1f} times its time (median)"
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
