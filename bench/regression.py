"""`HandgradRegressor` beside scikit-learn's regressors: docs/reports/estimator-study.md shows the result.

    uv run python -m bench.regression

Five folds of each table take turns as test data, three times with different folds and seeds. Every regressor works on
one thread, and the time is the processor time of `fit`. Those of scikit-learn have their defaults, on standardized
inputs; the targets of MLPRegressor are standardized, too.
"""

import warnings
from statistics import mean, median, stdev
from time import process_time

from bench.machine import describe
from sklearn import datasets as made
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

import handgrad as hg

ROUNDS = 3


def network(seed):
    """Return MLPRegressor with standardized inputs and targets."""
    return TransformedTargetRegressor(
        make_pipeline(StandardScaler(), MLPRegressor(random_state=seed)), transformer=StandardScaler()
    )


def halves():
    """Return the upper halves of the bundled digits, and a pixel in the middle below as the target."""
    pixels = made.load_digits().data
    return pixels[:, :32], pixels[:, 35]


REGRESSORS = {
    "HandgradRegressor": lambda seed: hg.HandgradRegressor(random_state=seed, threads=1),
    "MLPRegressor": network,
    "Ridge": lambda _: make_pipeline(StandardScaler(), Ridge()),
    "HistGradientBoosting": lambda seed: HistGradientBoostingRegressor(random_state=seed),
}
"""How to create a regressor for a seed."""

TABLES = {
    "diabetes": lambda: made.load_diabetes(return_X_y=True, scaled=False),
    "digits": halves,
    "friedman 1, 300": lambda: made.make_friedman1(300, 10, noise=1, random_state=2),
    "friedman 1, 5,000": lambda: made.make_friedman1(5_000, 20, noise=1, random_state=2),
    "friedman 2, 1,000": lambda: made.make_friedman2(1_000, noise=100, random_state=2),
    "friedman 3, 1,000": lambda: made.make_friedman3(1_000, noise=0.1, random_state=2),
    "linear, 500 × 100": lambda: made.make_regression(500, 100, n_informative=20, noise=50, random_state=2),
    "uncorrelated, 2,000 × 10": lambda: made.make_sparse_uncorrelated(2_000, 10, random_state=2),
    "roll, 3,000": lambda: made.make_swiss_roll(3_000, noise=0.5, random_state=2),
}


def measure(create, X, y):
    """Return the R² of three rounds of folds, and the mean time of a fit."""
    scores, times = [], []
    for seed in range(ROUNDS):
        parts = []
        for train, test in KFold(5, shuffle=True, random_state=seed).split(X):
            regressor = create(seed)
            start = process_time()
            regressor.fit(X[train], y[train])
            times.append(process_time() - start)
            parts.append(r2_score(y[test], regressor.predict(X[test])))
        scores.append(mean(parts))
    return scores, mean(times)


def main():
    """Measure, and print a table."""
    warnings.simplefilter("ignore")  # about convergence
    machine = describe()
    print(f"{machine['date']}, {machine['processor']}, {machine['kernels']}, Python {machine['python']}\n")
    print(f"| data | {' | '.join(f'{name} R² | ms' for name in REGRESSORS)} |")
    print("|---|" + "---:|" * (2 * len(REGRESSORS)))
    ratios, won = [], 0
    with threadpool_limits(1):
        for name, load in TABLES.items():
            found = [measure(create, *load()) for create in REGRESSORS.values()]
            cells = [
                f"{mean(scores):.3f} ± {stdev(scores):.3f} | {1000 * seconds:,.0f}"
                for scores, seconds in found
            ]
            print(f"| {name} | {' | '.join(cells)} |", flush=True)
            ratios.append(found[1][1] / found[0][1])
            won += mean(found[0][0]) >= mean(found[1][0])
    print(
        f"\nMLPRegressor: R² at least its on {won} of {len(TABLES)}; {median(ratios):.1f} times the time (median)"
    )


if __name__ == "__main__":
    main()
