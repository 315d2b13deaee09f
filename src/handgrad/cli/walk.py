"""How an explanation is shown: the example, each array under its layer, and what mattered."""

import json as json_format
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

from handgrad.cli.drawing import draw_grey, draw_signed
from handgrad.cli.numbers import LINE, wrap, write_array
from handgrad.explanation import Explanation, Step

IN_JSON = 1_000
"""Numbers up to which an array is written whole where programs read."""
LISTED, MATTERED = 40, 12
"""Inputs of a table that are listed, and listed as those that mattered."""


def as_json(walk: Explanation, source: dict[str, Any]) -> Iterator[str]:
    """Write what it is about, then each step, as one JSON object a line."""
    about = {
        "label": walk.classes[walk.label],
        "label_given": walk.given,
        "predicted": walk.classes[walk.predicted],
        "probability": walk.probability,
        "loss": walk.loss,
    }
    yield json_format.dumps({**source, **about})
    for step in walk.steps:
        values = step.values
        facts = {
            "name": step.name,
            "layer": step.layer,
            "direction": step.direction,
            "shape": list(values.shape),
            "formula": step.formula,
            "min": values.min().item(),
            "mean": values.mean().item(),
            "max": values.max().item(),
            "values": values.tolist() if values.size <= IN_JSON else None,
        }
        yield json_format.dumps(facts)


def as_text(walk: Explanation, title: str, features: Sequence[str] = ()) -> Iterator[Text]:
    """Write what a person reads, line by line."""
    label, predicted = walk.classes[walk.label], walk.classes[walk.predicted]
    names = [*features] or [f"input {place}" for place in range(walk.raw.size)]
    ink = _ink(walk) if len(walk.example_shape) == 3 else None
    yield Text(f"{title}: taken for {predicted}, with probability {walk.probability:.4f}", "bold")
    reason = "" if walk.given else ", the predicted class, since no label is given"
    yield Text(f"the loss is that of {label}{reason}")
    yield Text()
    yield from draw_grey(ink) if ink is not None else _inputs(walk, names)
    by_class = _by_class(walk)
    for (layer, direction), steps in groupby(walk.steps, lambda step: (step.layer, step.direction)):
        yield Text()
        mark = "↓" if direction == "forward" else "↑"
        yield Text(f"{mark} {layer} {'─' * (LINE - len(layer) - 3)}", "dim")
        for step in steps:
            yield from _step(step, walk.classes if step.name in by_class else ())
    yield Text()
    yield Text(f"What mattered: dx, the gradient of the loss of {label}, input by input", "bold")
    yield Text()
    yield from draw_signed(walk.influence.sum(axis=0), ink) if ink is not None else _ranked(walk, names)
    yield Text()
    more = "more light here" if ink is not None else "more of it"
    yield Text(f"  -   {more} would lower the loss, and speak for {label}")
    yield Text(f"  +   {more} would raise the loss, and speak against {label}")
    if ink is not None:
        yield Text("━━ ╋╋ the same, at least half as much as the largest")
        yield Text("  ░   the light part of the picture")


def _by_class(walk: Explanation) -> set[str]:
    """Name the steps whose values are one for each class."""
    names = [step.name for step in walk.steps]
    logits = names[names.index("probabilities") - 1]
    return {logits, "probabilities", f"d{logits}"}


def _ink(walk: Explanation) -> NDArray[np.float64]:
    """See the example as one grey picture, from 0 to 1."""
    image = walk["x"].reshape(walk.example_shape).mean(axis=0)
    lowest, highest = image.min(), image.max()
    if lowest >= 0 and highest <= 1:
        return image
    return (image - lowest) / ((highest - lowest) or 1)


def _step(step: Step, names: Sequence[str]) -> Iterator[Text]:
    shape = "×".join(map(str, step.values.shape)) or "a number"
    first, *others = wrap(f"{step.name:<15} {shape:<14} {step.formula}", 31)
    line = Text(first)
    line.stylize("bold", 0, len(step.name))
    line.stylize("dim", 15, 30)
    yield line
    yield from map(Text, (*others, *write_array(step.values, names)))


def _inputs(walk: Explanation, names: Sequence[str]) -> Iterator[Text]:
    """List the inputs of a table by name, as they are and scaled."""
    width = min(40, max(5, *map(len, names)))
    yield Text(f"{'input':<{width}}{'value':>12}{'scaled':>12}", "dim")
    for name, value, x in zip(names[:LISTED], walk.raw.tolist(), walk["x"].flat, strict=False):
        yield Text(f"{name[:width]:<{width}}{value:>12.5g}{x:>12.3f}")
    if len(names) > LISTED:
        yield Text(f"and {len(names) - LISTED:,} more", "dim")


def _ranked(walk: Explanation, names: Sequence[str]) -> Iterator[Text]:
    """List the inputs of a table that mattered most, with their gradients as bars."""
    width = min(30, max(5, *map(len, names)))
    gradient = walk.influence.reshape(-1)
    largest = np.abs(gradient).max() or 1
    yield Text(f"{'input':<{width}}{'value':>12}{'dx':>12}", "dim")
    for place in np.argsort(-np.abs(gradient), kind="stable")[:MATTERED]:
        slope = gradient[place]
        bar = ("+" if slope > 0 else "-") * round(20 * abs(slope) / largest)
        yield Text(f"{names[place][:width]:<{width}}{walk.raw[place]:>12.5g}{slope:>12.3g}  {bar}")
    if gradient.size > MATTERED:
        yield Text(f"and {gradient.size - MATTERED:,} more, which mattered less", "dim")
