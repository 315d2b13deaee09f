"""The results: a table to read and a picture to look at."""

from importlib import import_module
from pathlib import Path
from typing import Any

from bench.contest import Result
from bench.rows import Row
from matplotlib.figure import Figure

from handgrad.plots import save
from handgrad.plots.style import INK, house_style, line_style


def as_table(row: Row, results: list[Result], machine: dict[str, Any]) -> str:
    """Write a row's results as a table of Markdown."""
    lines = [
        f"**{row.title}**",
        "",
        "| | threads | median | quartiles | of handgrad's | aim |",
        "|---|---|---|---|---|---|",
    ]
    for result in results:
        if result.missing:
            lines.append(f"| {result.name} | not measured: {result.missing} is not installed | | | | |")
            continue
        aim = f"≥ {row.peers[result.name]}×" if result.name in row.peers and result.best else ""
        ratio = "" if result.name == row.ours else f"{result.ratio:.2f}×"
        low, high = result.spread
        accuracy = "".join(f", {100 * value:.2f} %" for value in result.values("accuracy")[:1])
        lines.append(
            f"| {result.name} | {result.threads} | {quantity(result, result.median)}{accuracy} "
            f"| {quantity(result, low)} – {quantity(result, high)} | {ratio} | {aim} |"
        )
    if reached := share_of_limit(row, results, machine):
        lines += ["", reached]
    return "\n".join(lines)


def quantity(result: Result, value: float) -> str:
    """Write seconds in a unit that suits them, or megabytes."""
    if "megabytes" in result.turns[0]:
        return f"{value:.0f} MB"
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.3g} s"


def share_of_limit(row: Row, results: list[Result], machine: dict[str, Any]) -> str:
    """Say how many of the operations that the machine could do were the work's own."""
    module, *numbers = row.work.split()
    flops = getattr(import_module(f"bench.work.{module}"), "flops", None)
    if not flops:
        return ""
    operations = flops(*map(int, numbers))
    ours = next(result for result in results if result.name == row.ours)
    rate = operations / ours.median
    return (
        f"{operations / 1e9:.3g} GFLOP if nothing is left out: {rate / 1e9:.0f} GFLOP/s, "
        f"{100 * rate / machine['flops']:.0f} % of this machine's."
    )


def draw(rows: dict[str, list[Result]], curves: dict[str, dict[int, list[Result]]], path: Path) -> None:
    """Draw how many times as long each peer takes, and the scaling curves."""
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
        if result.best and result.turns and result.name != "handgrad"
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
        axis.set(xscale="log", yscale="log", xlabel=name, ylabel="seconds an epoch")
        axis.set_xticks(list(points), [f"{point:,}" for point in points], minor=False)
        axis.minorticks_off()
        axis.grid(alpha=0.3)
        axis.legend()
