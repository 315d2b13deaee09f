"""The ladder: every recipe on MNIST over several seeds, as the table and the learning curves of docs/ladder.md.

    uv run --extra plot python tools/ladder.py [RECIPE …] [--seeds N] [--at-a-time N] [--results FOLDER]
                                                [--curves PNG]

docs/ladder holds what was measured, a file for each run: its records, and its accuracy on the test split. What is
there is read, not repeated; a run that was cut short goes on with the same command. Another folder measures anew.
Several runs at a time share the processors, each on threads of its own, and take less time together than one after
another; the time that is printed is that of runs which had all processors to themselves.
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
    """Run what is missing, and show all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("recipes", nargs="*", default=LADDER)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--at-a-time", type=int, default=1, help="runs that share the processors")
    parser.add_argument("--results", type=Path, default=Path("docs/ladder"))
    parser.add_argument(
        "--runs", type=Path, default=Path("runs/ladder"), help="folder of the runs themselves"
    )
    parser.add_argument("--curves", type=Path, help="draw the learning curves of seed 0")
    chosen = parser.parse_args()
    curves = {}
    print("| recipe | test accuracy | seeds | seconds of training |\n|---|---|---|---|")
    for recipe in chosen.recipes:
        threads = max(1, choose_threads() // chosen.at_a_time)
        with ThreadPoolExecutor(chosen.at_a_time) as pool:
            measure = partial(
                result_of,
                recipe,
                threads=threads,
                shared=chosen.at_a_time > 1,
                runs=chosen.runs,
                results=chosen.results,
            )
            results = list(pool.map(measure, range(chosen.seeds)))
        curves[recipe] = [Record(**record) for record in results[0][0]]
        accuracies = [100 * result["test_accuracy"] for _, result in results]
        alone = [records[-1]["seconds"] for records, result in results if not result.get("shared")]
        seconds = f"{min(alone):.0f}–{max(alone):.0f}" if alone else "not measured alone"
        spread = f" ± {stdev(accuracies):.2f}" if len(accuracies) > 1 else ""
        print(
            f"| `{recipe}` | {mean(accuracies):.2f}{spread} % ({', '.join(f'{a:.2f}' for a in accuracies)}) "
            f"| {len(results)} | {seconds} |",
            flush=True,
        )
    if chosen.curves:
        save(plot_learning_curves(curves, metric="error", against="seconds"), chosen.curves)


def result_of(
    recipe: str, seed: int, threads: int, shared: bool, runs: Path, results: Path
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Train a recipe, measured on MNIST's test split at the end, unless that was done before."""
    log = results / f"{recipe}-{seed}.jsonl"
    if not log.exists():
        results.mkdir(parents=True, exist_ok=True)
        folder = runs / f"{recipe}-{seed}"
        program = [sys.executable, "-m", "handgrad"]
        if (folder / "checkpoint.safetensors").exists():
            command = [*program, "resume", str(folder), "--threads", str(threads)]
        else:
            # synthetic is trained on digits of the library's own, and measured on MNIST all the same
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
