"""The results as a figure: how many times as long each peer takes, and the scaling curves."""

from pathlib import Path

from bench.contest import Result
from matplotlib.figure import Figure

from handgrad.plots import save
from handgrad.plots.style import INK, house_style, line_style


def draw(rows: dict[str, list[Result]], curves: dict[str, dict[int, list[Result]]], path: Path) -> None:
    """Draw all of it into a file."""
    with house_style():
        figure = Figure(figsize=(7 + 4 * len(curves), 5), layout="constrained")
        _draw_on(figure, rows, curves)
    save(figure.axes[0], path)


def _draw_on(
    figure: Figure, rows: dict[str, list[Result]], curves: dict[str, dict[int, list[Result]]]
) -> None:
    axes = figure.subplots(1, 1 + len(curves))
    first, *others = axes if curves else [axes]
    bars = [
        (f"{name}: {result.name}", result.ratio)
        for name, found in reversed(rows.items())
        for result in reversed(found)
        if result.best and result.turns and result is not found[0]
    ]
    first.barh([label for label, _ in bars], [ratio for _, ratio in bars], color=INK)
    first.axvline(1, color="black", linewidth=1)
    first.set(xscale="log", title="times as long as handgrad")
    for position, (_, ratio) in enumerate(bars):
        first.annotate(f" {ratio:.1f}×", (ratio, position), va="center")
    first.margins(x=0.2)
    for axis, (name, points) in zip(others, curves.items(), strict=True):
        names = dict.fromkeys(result.name for found in points.values() for result in found if result.turns)
        for number, contestant in enumerate(names):
            places = [
                (point, result.median)
                for point, found in points.items()
                for result in found
                if result.name == contestant and result.best and result.turns
            ]
            axis.plot(*zip(*places, strict=True), label=contestant, **line_style(number))
        axis.set(xscale="log", yscale="log", xlabel=name, ylabel="seconds per epoch")
        axis.set_xticks(list(points), [f"{point:,}" for point in points], minor=False)
        axis.minorticks_off()
        axis.grid(alpha=0.3)
        axis.legend()
