"""Draw the figure of docs/reports/scaling.md: ``uv run --extra plot python tools/scaling_figure.py [JSON] [SVG]``.

It reads the scaling curves of a published benchmark, and also prints them as the tables of the page.
"""

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

from handgrad.plots.style import plot_style, save

ROOT = Path(__file__).parents[1]
PEERS = ("handgrad", "PyTorch", "scikit-learn")
MARKERS = ("o-", "s--", "^:")


def main(
    source: str = f"{ROOT}/bench/results/epyc-zen4.json", image: str = f"{ROOT}/docs/images/scaling.svg"
) -> None:
    """Draw seconds per epoch against examples and hidden units, and print all curves."""
    curves = json.loads(Path(source).read_text("utf-8"))["scaling"]
    with plot_style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(9, 3.6), layout="constrained")
        for axes, name in zip(figure.subplots(1, 2), ("examples", "hidden units"), strict=True):
            points = list(map(int, curves[name]))
            for peer, marker in zip(PEERS, MARKERS, strict=True):
                axes.loglog(
                    points, [seconds(found, peer) for found in curves[name].values()], marker, label=peer
                )
            axes.set(
                xlabel=name, ylabel="seconds per epoch", xticks=points, xticklabels=[f"{p:,}" for p in points]
            )
            axes.minorticks_off()
        axes.legend()
        save(axes, image)
    for name, found in curves.items():
        print(f"\n| {name} | {' | '.join(PEERS)} |\n|---:|{'---:|' * len(PEERS)}")
        for point, results in found.items():
            times = (f"{1000 * seconds(results, peer):.0f} ms" for peer in PEERS)
            print(f"| {int(point):,} | {' | '.join(times)} |")


def seconds(results: list[dict[str, Any]], peer: str) -> float:
    """Return the median time of a contestant with its best number of threads."""
    (best,) = (result for result in results if result["name"] == peer and result["best"])
    return median(turn["seconds"] for turn in best["turns"])


if __name__ == "__main__":
    main(*sys.argv[1:])
