"""handgrad beside what people would leave it for, on this machine and in one run.

    uv run --group bench python -m bench [ROW …] [--rounds N] [--out FOLDER] [--no-scaling]

Every contestant works in a process of its own; they take turns, so that a busy moment hits all alike, and ratios are
medians over the turns. Each peer is measured with one thread and with all, and counts with what suits it best. Peers
that are not installed are named, and left out:

    uv pip install scipy scikit-learn onnxruntime onnx, and PyTorch as its own site says
"""

import argparse
import json
from pathlib import Path

from bench.contest import Result, compete
from bench.machine import describe, limits
from bench.report import as_table, draw
from bench.rows import ROWS, SCALING


def main() -> None:
    """Measure what was asked for, print it, and write it down."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []], help="all unless given: " + ", ".join(ROWS))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", type=Path, default=Path("runs/bench"))
    parser.add_argument("--no-scaling", action="store_true", help="leave the scaling curves out")
    chosen = parser.parse_args()
    machine = describe() | limits(chosen.rounds)
    print(
        f"{machine['processor']}, {machine['cores']} cores: {machine['flops'] / 1e9:.0f} GFLOP/s of float32 "
        f"multiply-and-add, {machine['bytes'] / 1e9:.1f} GB/s read"
    )
    results: dict[str, list[Result]] = {}
    for name in chosen.rows or ROWS:
        row = ROWS[name]
        results[name] = compete(
            row.work, machine["cores"] if row.threaded else 1, min(chosen.rounds, row.rounds), row.ours
        )
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
        "rows": {name: [result.as_dict() for result in found] for name, found in results.items()},
        "scaling": {
            name: {point: [result.as_dict() for result in found] for point, found in points.items()}
            for name, points in curves.items()
        },
    }
    (chosen.out / "bench.json").write_text(json.dumps(written, indent=1) + "\n", "utf-8")
    draw(
        {name: found for name, found in results.items() if ROWS[name].peers}, curves, chosen.out / "bench.png"
    )
    print(f"\nwritten to {chosen.out}/bench.json and bench.png")


if __name__ == "__main__":
    main()
