"""`HandgradClassifier` beside scikit-learn's `MLPClassifier`, for docs/reports/estimator-study.md.

    uv run python -m bench.estimator [--rounds N]

Same layers, optimizer, learning rate, batch size and epochs. Each works in a separate process, and they take turns.
`MLPClassifier` is measured with one thread and with all processors. Every turn draws other initial parameters and, of
the tables, other test examples, the same for all. On MNIST, handgrad gets the bytes as they are and, in a second row,
the float32 values from 0 to 1 that `MLPClassifier` gets. On tables it gets the raw values, and `MLPClassifier` has a
`StandardScaler` before it.
"""

import argparse
from statistics import mean, stdev

from bench.contest import compete
from bench.machine import describe, further_instruction_sets
from bench.work.data import splits
from bench.work.estimator import DATA

SETTINGS = {
    "MNIST": (10, 128),
    "digits": (100, 64),
    "breast cancer": (100, 64),
    "iris": (100, 32),
    "5,000 × 20": (100, 200),
}
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
        work = f"estimator {number} {epochs} {batch}"
        for result in compete(
            work, machine["cores"], rounds, "HandgradClassifier", further_instruction_sets()
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
