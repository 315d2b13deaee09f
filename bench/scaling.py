"""What ranks and threads cost and bring on this machine, and a model of it that looks further.

    uv run --group bench python -m bench.scaling [--rounds N] [--seconds S] [--results FOLDER]   # measures
    uv run --group bench python -m bench.scaling --told                         # tells what was measured

Needs the extra `mpi`, and MNIST. Works of all kinds take turns, and medians over the turns are told: the seconds of a
step of each recipe for several batches on one thread, with two threads, and with 2 and 4 ranks of one thread each;
and those of one exchange of vectors of several lengths. The folder, docs/scaling unless given, keeps measurements
and picture; the document beside it, of the same name, is given the tables.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from bench.machine import describe
from bench.scaling_model import Model, draw, put_into, tables

import handgrad as hg
from handgrad.recipes.loading import load_recipe

RECIPES = ("classic", "mlp", "convnet", "dropout", "elastic", "best")
SHARES = (1, 2, 4)
"""What batches are divided by, to tell what a step costs from what an example costs."""
RANKS = (2, 4)
LENGTHS = (1, 1_000, 10_000, 100_000, 1_000_000, 4_000_000)
MEASURED = "measured.json"


def main() -> None:
    """Measure, unless it was measured before, and tell what follows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.5, help="for each piece of work, at least")
    parser.add_argument("--results", type=Path, default=Path("docs/scaling"))
    parser.add_argument("--told", action="store_true", help="measure nothing")
    chosen = parser.parse_args()
    file = chosen.results / MEASURED
    if not chosen.told:
        chosen.results.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(measure(chosen.rounds, chosen.seconds), indent=1) + "\n")
    model = Model(json.loads(file.read_text()))
    print(tables(model))
    draw(model, chosen.results / "speedup.svg")
    document = chosen.results.with_suffix(".md")
    if document.exists():
        document.write_text(put_into(document.read_text("utf-8"), tables(model)), "utf-8")


def measure(rounds: int, seconds: float) -> dict[str, Any]:
    """Let all kinds of work take turns."""
    turns: dict[str, list[list[float]]] = {}
    for _ in range(rounds):
        for ranks in RANKS:
            found = work(ranks, "exchange", seconds, *LENGTHS)
            turns.setdefault(f"exchange {ranks}", []).append(found)
        for recipe in RECIPES:
            for ranks, threads in ((1, 1), (1, 2), *((ranks, 1) for ranks in RANKS)):
                shares = SHARES if (ranks, threads) == (1, 1) else (1,)
                found = work(ranks, "step", seconds, recipe, threads, *shares)
                turns.setdefault(f"{recipe} {ranks} {threads}", []).append(found)
    middle = {name: [median(values) for values in zip(*found, strict=True)] for name, found in turns.items()}
    return {
        "machine": describe(),
        "rounds": rounds,
        "exchange": {ranks: dict(zip(LENGTHS, middle[f"exchange {ranks}"], strict=True)) for ranks in RANKS},
        "recipes": {recipe: facts(recipe, middle) for recipe in RECIPES},
    }


def facts(recipe: str, middle: dict[str, list[float]]) -> dict[str, Any]:
    """Put together what is known of a recipe: its size, and the seconds of a step."""
    chosen = load_recipe(recipe)
    batch = chosen.training.batch_size
    network = chosen.build_network((1, 28, 28), tuple("0123456789"))
    return {
        "parameters": network.parameter_count,
        "batch": 60_000 if batch == "all" else batch,
        "together": 32 if network.has_running_statistics else 1,  # examples that ranks do not cut
        "one thread": dict(zip(SHARES, middle[f"{recipe} 1 1"], strict=True)),
        "two threads": middle[f"{recipe} 1 2"][0],
        "ranks": {ranks: middle[f"{recipe} {ranks} 1"][0] for ranks in RANKS},
    }


def work(ranks: int, *arguments: Any) -> list[float]:
    """Have ranks measure; one is a process without MPI."""
    launcher = [str(Path(sys.executable).with_name("mpiexec")), "-n", str(ranks)] if ranks > 1 else []
    command = [*launcher, sys.executable, "-m", "bench.rank_work", *map(str, arguments)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return list(json.loads(answer))


if __name__ == "__main__":
    hg.load_data("mnist")  # found or downloaded once, before ranks ask for it
    main()
