"""The ladder: every recipe on MNIST over several seeds, as the table and the learning curves of docs/learn/ladder.md.

    uv run --extra plot python tools/ladder.py [RECIPE …] [--seeds N] [--at-a-time N] [--results FOLDER]
                                                [--curves PNG]

docs/reports/ladder has the results, a file for each run: its records, and its accuracy on the test split. Existing
results are read, and interrupted runs resumed; another folder measures again. Several runs at a time share the
processors and take less time together than one after another; the printed times are those of runs that had all
processors.
"""

import argparse
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from handgrad.kernels.threads import choose_threads
from handgrad.plots import plot_learning_curves, save
from handgrad.training.records import Record

LADDER = ["classic", "mlp", "dropout", "elastic", "convnet", "best", "synthetic"]


def main() -> None:
    """Run what is missing, and print all results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("recipes", nargs="*", default=LADDER)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--at-a-time", type=int, default=1, help="runs that share the processors")
    parser.add_argument("--results", type=Path, default=Path("docs/reports/ladder"))
    parser.add_argument(
        "--runs", type=Path, default=Path("runs/ladder"), help="folder of the runs themselves"
    )
    parser.add_argument("--curves", type=Path, help="draw the learning curves of seed 0")
    options = parser.parse_args()
    curves = {}
    print("| recipe | test accuracy | seeds | seconds of training |\n|---|---|---|---|")
    for recipe in options.recipes:
        threads = max(1, choose_threads() // options.at_a_time)
        with ThreadPoolExecutor(options.at_a_time) as pool:
            measure = partial(
                result_of,
                recipe,
                threads=threads,
                shared=options.at_a_time > 1,
                runs=options.runs,
                results=options.results,
            )
            results = list(pool.map(measure, range(options.seeds)))
        curves[recipe] = [Record(**record) for record in results[0][0]]
        accuracies = [100 * result["test_accuracy"] for _, result in results]
        times = [records[-1]["seconds"] for records, result in results if not result.get("shared")]
        seconds = f"{min(times):.0f}–{max(times):.0f}" if times else "not measured"
        spread = f" ± {stdev(accuracies):.2f}" if len(accuracies) > 1 else ""
        print(
            f"| `{recipe}` | {mean(accuracies):.2f}{spread} % ({', '.join(f'{a:.2f}' for a in accuracies)}) "
            f"| {len(results)} | {seconds} |",
            flush=True,
        )
    if options.curves:
        save(plot_learning_curves(curves, metric="error", against="seconds"), options.curves)


def result_of(
    recipe: str, seed: int, threads: int, shared: bool, runs: Path, results: Path
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Train a recipe and evaluate it on MNIST's test split, or read the result."""
    log = results / f"{recipe}-{seed}.jsonl"
    if not log.exists():
        results.mkdir(parents=True, exist_ok=True)
        folder = runs / f"{recipe}-{seed}"
        program = [sys.executable, "-m", "handgrad"]
        if (folder / "checkpoint.safetensors").exists():
            command = [*program, "resume", str(folder), "--threads", str(threads)]
        else:
            # trained on synthetic digits, and evaluated on MNIST
            data = [] if recipe == "synthetic" else ["--data", "mnist"]
            command = [*program, "train", recipe, *data, "--seed", str(seed), "--out", str(folder)]
            command += ["--threads", str(threads)]
        subprocess.run([*command, "--no-test", "--quiet"], check=True)
        test = [*program, "evaluate", str(folder), "--data", "mnist", "--json"]
        measured = json.loads(subprocess.run(test, stdout=subprocess.PIPE, check=True, text=True).stdout)
        records = (folder / "log.jsonl").read_text("utf-8")
        result = {"test_accuracy": measured["accuracy"]} | ({"shared": True} if shared else {})
        log.write_text(records + json.dumps(result) + "\n", "utf-8")
    *lines, result = map(json.loads, log.read_text("utf-8").splitlines())
    return lines, result


if __name__ == "__main__":
    main()
