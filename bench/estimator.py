"""`HandgradClassifier` beside scikit-learn's `MLPClassifier`, on the same data: docs/estimator.md shows the result.

    uv run python -m bench.estimator [--rounds N]

Same layers, optimizer, learning rate, batches and epochs. Each works in a process of its own, on one thread and on
all processors, and they take turns; every turn draws other first parameters and, of the two tables, other test
examples, the same for all. On MNIST, handgrad is given the bytes as they are and, in a row of its own, the float32
from 0 to 1 that `MLPClassifier` is given; on tables the raw numbers, where `MLPClassifier` stands behind a
`StandardScaler`.
"""

import argparse
from statistics import mean, stdev

from bench.contest import compete
from bench.machine import describe
from bench.work.data import splits
from bench.work.estimator import DATA

SETTINGS = {"MNIST": (10, 128), "digits": (100, 64), "breast cancer": (100, 64)}
"""Epochs and batch size."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    machine = describe()
    print(f"{machine['processor']}, {machine['cores']} cores; {rounds} rounds\n")
    print("| data | classifier | threads | seconds to fit | quartiles | times handgrad's | test accuracy |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for number, name in enumerate(DATA):
        epochs, batch = SETTINGS[name]
        source = splits().source if name == "MNIST" else name  # strokes, where MNIST is not at hand
        title = f"{source}, {epochs} epochs of {batch}"
        for result in compete(
            f"estimator {number} {epochs} {batch}", machine["cores"], rounds, "HandgradClassifier"
        ):
            low, high = result.spread
            accuracies = [100 * accuracy for accuracy in result.values("accuracy")]
            spread = f" ± {stdev(accuracies):.2f}" if rounds > 1 else ""
            print(
                f"| {title} | {result.name} | {result.threads} | {result.median:.2f} | {low:.2f} – {high:.2f} "
                f"| {result.ratio:.2f} | {mean(accuracies):.2f}{spread} % |",
                flush=True,
            )


if __name__ == "__main__":
    main()
