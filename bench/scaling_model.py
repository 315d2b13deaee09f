"""A model of a step on p ranks, fitted to what `bench.scaling` measured: computing, latency, bandwidth.

A step of batch b takes  s + c·b/p + E(p): what every rank does for itself (the optimizer's step, Python), its part of
the examples, and the exchange of the gradient, n bytes. On one machine E is what was measured, a line in n. On a
network of latency α and bandwidth β it is 2·⌈log₂ p⌉·α + 2·(p − 1)/p·n/β: a reduce-scatter and an all-gather
(Thakur, Rabenseifner and Gropp, "Optimization of collective communication operations in MPICH", 2005).
"""

from dataclasses import dataclass
from math import ceil, log2
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from handgrad.plots.style import GREY, house_style, line_style, save

MOST = 1_000
"""Ranks that are looked at."""


@dataclass(frozen=True)
class Net:
    """A network between machines: seconds of latency, bytes a second."""

    name: str
    latency: float
    bandwidth: float

    def exchange(self, ranks: int, size: float) -> float:
        """Seconds of an all-reduce of so many bytes."""
        if ranks == 1:
            return 0.0
        return 2 * ceil(log2(ranks)) * self.latency + 2 * (ranks - 1) / ranks * size / self.bandwidth


NETS = (Net("10 Gbit/s, 30 µs", 30e-6, 1.25e9), Net("100 Gbit/s, 2 µs", 2e-6, 12.5e9))


@dataclass(frozen=True)
class Recipe:
    """What a step of a recipe costs."""

    name: str
    size: int
    """Bytes of the gradient."""
    batch: int
    together: int
    """Examples that ranks do not cut."""
    step: float
    """Seconds that every rank spends however few examples it has."""
    example: float
    """Seconds an example, on one thread."""
    measured: dict[str, Any]

    def alone(self, parts: float, batch: float | None = None) -> float:
        """Seconds of a step without exchange, its batch shared out among so many."""
        return self.step + self.example * max((batch or self.batch) / parts, self.together)

    def on(self, net: Net, ranks: int, *, larger: int = 1, packed: int = 1) -> float:
        """Seconds of a step over a network; with a larger batch, or bytes packed to a part."""
        return self.alone(ranks, self.batch * larger) + net.exchange(ranks, self.size / packed)


class Model:
    """The measurements, and what was fitted to them."""

    def __init__(self, measured: dict[str, Any]) -> None:
        self.measured = measured
        self.exchange = {
            int(ranks): line(np.array([*map(int, found)]) * 4, np.array([*found.values()]))
            for ranks, found in measured["exchange"].items()
        }
        self.recipes = [recipe_of(name, found) for name, found in measured["recipes"].items()]

    def here(self, recipe: Recipe, ranks: int) -> float:
        """Seconds of a step on ranks of one thread on this machine, which must have a core for each."""
        latency, byte = self.exchange[ranks]
        return recipe.alone(ranks) + latency + byte * recipe.size


def recipe_of(name: str, found: dict[str, Any]) -> Recipe:
    """Fit what a step costs, and an example, to batches of several sizes on one thread."""
    batches = np.array([found["batch"] / int(share) for share in found["one thread"]])
    step, example = line(batches, np.array([*found["one thread"].values()]))
    return Recipe(name, 4 * found["parameters"], found["batch"], found["together"], step, example, found)


def line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Fit y = a + b·x with a, b ≥ 0, by least second_moment of relative errors."""
    rows = np.stack([np.ones_like(x, float), x], axis=1) / y[:, None]
    (a, b), *_ = np.linalg.lstsq(rows, np.ones(len(y)), rcond=None)
    if a < 0:
        a, b = 0.0, float(np.mean(y / x))
    return float(a), float(b)


def reach(recipe: Recipe, net: Net, **how: int) -> tuple[int, int, float]:
    """Tell up to how many ranks half of each is used, at how many a step is fastest, and by how much.

    How much faster: examples a second, as a multiple of those of one rank that does the same.
    """
    times = np.array([recipe.on(net, ranks, **how) for ranks in range(1, MOST + 1)])
    speedups = times[0] / times
    used = np.flatnonzero(speedups / np.arange(1, MOST + 1) >= 0.5)
    best = int(times.argmin())
    return int(used[-1]) + 1, best + 1, float(speedups[best])


def tables(model: Model) -> str:
    """Write what docs/scaling.md shows."""
    parts = [costs(model), exchanges(model), predictions(model), verdict(model)]
    return "\n\n".join([*parts, *(reaches(model, net) for net in NETS)])


def put_into(text: str, found: str) -> str:
    """Put tables and the verdict into a document, each in the place of the one that begins alike."""
    for part in found.split("\n\n"):
        first = part.partition("\n")[0] if part.startswith("|") else part.partition(":")[0] + ":"
        before, begins, rest = text.partition(first)
        if not begins:
            raise ValueError(f"the document has nothing that begins with {first!r}")
        text = before + part + "\n\n" + rest.partition("\n\n")[2]
    return text


def costs(model: Model) -> str:
    """What a step and an example cost, by the fit."""
    lines = [
        "| recipe | parameters | batch | each step | each example | a step of one thread |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for recipe in model.recipes:
        share = recipe.alone(1)
        lines.append(
            f"| `{recipe.name}` | {recipe.size // 4:,} | {recipe.batch:,} | {time(recipe.step)} | "
            f"{time(recipe.example)} | {time(share)} |"
        )
    return "\n".join(lines)


def exchanges(model: Model) -> str:
    """What an exchange costs on this machine."""
    lengths = [*next(iter(model.measured["exchange"].values()))]
    lines = [
        "| ranks | " + " | ".join(f"{int(length) * 4:,} B" for length in lengths) + " | latency | bandwidth |"
    ]
    lines.append("|---|" + "---:|" * (len(lengths) + 2))
    for ranks, found in model.measured["exchange"].items():
        latency, byte = model.exchange[int(ranks)]
        cells = " | ".join(time(seconds) for seconds in found.values())
        lines.append(f"| {ranks} | {cells} | {time(latency)} | {1 / byte / 1e9:.2f} GB/s |")
    return "\n".join(lines)


def predictions(model: Model) -> str:
    """Predicted and measured, where it could be run."""
    lines = [
        "| recipe | one thread | two threads | predicted | 2 ranks | predicted | 4 ranks on 2 cores |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for recipe in model.recipes:
        found = recipe.measured
        two, ranks = found["two threads"], {int(key): value for key, value in found["ranks"].items()}
        lines.append(
            f"| `{recipe.name}` | {time(found['one thread']['1'])} | {time(two)} | "
            f"{off(recipe.alone(2), two)} | {time(ranks[2])} | {off(model.here(recipe, 2), ranks[2])} | "
            f"{time(ranks[4])} |"
        )
    return "\n".join(lines)


def errors(model: Model) -> dict[tuple[str, str], float]:
    """How far each prediction is off what was measured, as a share of it."""
    found = {}
    for recipe in model.recipes:
        two, ranks = recipe.measured["two threads"], recipe.measured["ranks"]["2"]
        found[recipe.name, "two threads"] = recipe.alone(2) / two - 1
        found[recipe.name, "two ranks"] = model.here(recipe, 2) / ranks - 1
    return found


def verdict(model: Model) -> str:
    """How good the predictions are, in a sentence."""
    found = errors(model)
    sizes = sorted(map(abs, found.values()))
    (name, what), worst = max(found.items(), key=lambda item: abs(item[1]))
    return (
        f"How far it is off: half of the {len(sizes)} predictions by at most "
        f"{100 * sizes[len(sizes) // 2 - 1]:.0f} %, three quarters by at most "
        f"{100 * sizes[len(sizes) * 3 // 4 - 1]:.0f} %; the worst, `{name}` with {what}, by {100 * worst:+.0f} %."
    )


def reaches(model: Model, net: Net) -> str:
    """Where each recipe stops scaling, and what moves that."""
    ways: tuple[dict[str, int], ...] = ({}, {"larger": 8}, {"packed": 2})
    lines = [
        f"| {net.name} | half used up to | fastest at | by | batch × 8: half used | by | 16 bits: half used | by |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for recipe in model.recipes:
        (half, best, gain), *others = (reach(recipe, net, **way) for way in ways)
        cells = [ranks(half), ranks(best), times(gain)]
        for other_half, _, other_gain in others:
            cells += [ranks(other_half), times(other_gain)]
        lines.append(f"| `{recipe.name}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def draw(model: Model, path: Path) -> None:
    """Draw how many times as fast each recipe becomes, on each network."""
    counts = np.unique(np.geomspace(1, MOST, 200).astype(int))
    with house_style():
        figure = Figure(figsize=(8.5, 3.6), layout="constrained")
        panels = figure.subplots(1, len(NETS), sharey=True)
        for axes, net in zip(panels, NETS, strict=True):
            axes.plot(counts, counts, color=GREY, linewidth=0.8)
            for number, recipe in enumerate(model.recipes):
                gains = [recipe.on(net, 1) / recipe.on(net, int(count)) for count in counts]
                style = line_style(number) | {"markevery": 25}
                axes.plot(counts, gains, label=recipe.name, **style)
            axes.set(xscale="log", yscale="log", title=net.name, xlabel="ranks", ylim=(0.1, MOST))
            axes.xaxis.set_major_formatter("{x:,.0f}")
            axes.yaxis.set_major_formatter("{x:,g}")
            axes.grid(alpha=0.3)
        panels[0].set_ylabel("times as fast as one rank")
        panels[0].legend(frameon=False)
    save(panels[0], path)


def time(seconds: float) -> str:
    """Write seconds in a unit that fits."""
    for size, unit in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def off(predicted: float, measured: float) -> str:
    """Write a prediction, and how far it is off."""
    return f"{time(predicted)}, {100 * (predicted / measured - 1):+.0f} %"


def ranks(count: int) -> str:
    """Write a number of ranks; the largest that is looked at stands for more."""
    return f"{count:,}" if count < MOST else f"≥ {MOST:,}"


def times(gain: float) -> str:
    """Write how many times as fast."""
    return f"{gain:.3g}×"
