"""Measure handgrad beside its alternatives, on this machine and in one run.

    uv run python -m bench [ROW …] [--rounds N] [--out FOLDER] [--no-scaling] [--publish NAME]

Every contestant works in a separate process. They take turns, so that other load on the machine affects all alike,
and ratios are medians over the turns. handgrad runs with the best instruction set of the CPU and, if that is better
than AVX2 (v3), with v3 too. Each peer runs with one thread and with all, and its better result counts. Peers that are
not installed are reported, and left out:

    uv pip install scipy scikit-learn onnxruntime onnx, and PyTorch as described on its site
"""

import argparse
import json
from pathlib import Path

from bench.contest import Result, compete
from bench.machine import describe, further_instruction_sets, limits, summary
from bench.publish import publish
from bench.report import as_table
from bench.rows import ROWS, SCALING


def main() -> None:
    """Measure the chosen rows, print them, and write them to files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []], help="default: all of " + ", ".join(ROWS))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", type=Path, default=Path("runs/bench"))
    parser.add_argument("--no-scaling", action="store_true", help="leave the scaling curves out")
    parser.add_argument(
        "--publish", metavar="NAME", help="write bench/results/NAME.json and the table in bench/README.md"
    )
    chosen = parser.parse_args()
    machine = describe() | limits(chosen.rounds)
    print(summary(machine))
    sets = further_instruction_sets()
    results: dict[str, list[Result]] = {}
    for name in chosen.rows or ROWS:
        row = ROWS[name]
        cores = machine["cores"] if row.threaded else 1
        results[name] = compete(row.work, cores, min(chosen.rounds, row.rounds), row.ours, sets)
        print("\n" + as_table(row, results[name], machine), flush=True)
    curves: dict[str, dict[int, list[Result]]] = {}
    if not chosen.no_scaling and not chosen.rows:
        for name, points in SCALING.items():
            curves[name] = {}
            for point, (work, cores) in points(machine["cores"]).items():
                curves[name][point] = compete(work, cores, 3, "handgrad")
                times = ", ".join(f"{r.name} {r.median:.3g} s" for r in curves[name][point] if r.best)
                print(f"scaling, {name} {point:,}: {times}", flush=True)
    chosen.out.mkdir(parents=True, exist_ok=True)
    written = {
        "machine": machine,
        "rounds": chosen.rounds,
        "rows": {name: [result.as_dict() for result in found] for name, found in results.items()},
        "scaling": {
            name: {point: [result.as_dict() for result in found] for point, found in points.items()}
            for name, points in curves.items()
        },
    }
    (chosen.out / "bench.json").write_text(json.dumps(written, indent=1) + "\n", "utf-8")
    print(f"\nwritten to {chosen.out}/bench.json")
    if chosen.publish:
        publish(written, chosen.publish)
        print(f"published in bench/results/{chosen.publish}.json and bench/README.md")


if __name__ == "__main__":
    main()
