"""Compare training with an earlier revision: ``uv run python -m bench.before REVISION [RECIPE …]``.

The earlier revision is checked out into a temporary folder, and its C kernels are compiled there, which needs the
packages ziglang and packaging. Both revisions train the same recipes in separate processes, in turns, after a
warm-up. The ratio of each pair of turns is taken, so that other load affects both alike. Examples per second are
those of the fastest epoch. Processor time is that of the whole program; it is the better measure on a busy machine.
The environment variable BENCH_TURNS sets the number of turns (default: 7).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
TURNS = int(os.environ.get("BENCH_TURNS", "7"))
LENGTHS = {"classic": ["--steps", "60"], "mlp": ["--epochs", "2"], "convnet": ["--epochs", "2"]}


def measured(source: Path, recipe: str, folder: Path) -> tuple[float, float]:
    """Train, and return the examples per second of the fastest record, and the seconds of processor time."""
    arguments = ["train", recipe, *LENGTHS.get(recipe, ["--epochs", "1"]), "--no-test", "--json"]
    program = "import sys; from handgrad.cli.main import main; sys.exit(main(sys.argv[1:]))"
    before = os.times()
    with tempfile.TemporaryDirectory(dir=folder) as place:
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments, "--out", f"{place}/run"],
            env=os.environ | {"PYTHONPATH": str(source)},
            cwd=place,
            capture_output=True,
            text=True,
            check=True,
        )
    records = [json.loads(line) for line in done.stdout.splitlines()]
    after = os.times()
    rate = max(record["examples_per_second"] for record in records if "examples_per_second" in record)
    spent = after.children_user - before.children_user + after.children_system - before.children_system
    return rate, spent


def main(revision: str, recipes: list[str]) -> None:
    """Print, for each recipe, both medians and the median and range of the ratios."""
    with tempfile.TemporaryDirectory() as name:
        old = Path(name) / "before"
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", old, revision], cwd=ROOT, check=True)
        try:
            if (builder := old / "tools" / "native_build.py").exists():  # kernels in C
                native = old / "src" / "handgrad" / "kernels" / "native"
                subprocess.run(
                    [sys.executable, builder, "local", native], check=True, stdout=subprocess.DEVNULL
                )
            for recipe in recipes:
                for source in (old, ROOT):  # warms caches up
                    measured(source / "src", recipe, Path(name))
                turns = []
                for turn in range(TURNS):
                    order = (old, ROOT) if turn % 2 else (ROOT, old)
                    found = {source: measured(source / "src", recipe, Path(name)) for source in order}
                    turns.append((*found[old], *found[ROOT]))
                before, before_spent, now, now_spent = (
                    statistics.median(values) for values in zip(*turns, strict=True)
                )
                rates = sorted(turn[2] / turn[0] for turn in turns)
                spent = sorted(turn[3] / turn[1] for turn in turns)
                print(
                    f"{recipe:<8} examples/s {before:,.0f} before, {now:,.0f} now, ratio "
                    f"{statistics.median(rates):.3f} ({rates[0]:.3f} to {rates[-1]:.3f}); processor time "
                    f"{before_spent:.2f} s, {now_spent:.2f} s, ratio {statistics.median(spent):.3f} "
                    f"({spent[0]:.3f} to {spent[-1]:.3f}); {TURNS} turns",
                    flush=True,
                )
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", old], cwd=ROOT, check=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("revision", help="a revision of git, e.g. HEAD~1")
    parser.add_argument("recipes", nargs="*", default=list(LENGTHS), help="default: all three")
    chosen = parser.parse_args()
    main(chosen.revision, chosen.recipes)
