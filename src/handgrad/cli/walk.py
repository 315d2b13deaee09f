"""An explanation as text or JSON: the example, each array under its layer, and the gradient of the inputs."""

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

from handgrad.cli.drawing import draw_grey, draw_signed
from handgrad.model.explain import Explanation, Step

LINE, CELL, WIDEST = 80, 10, 20
"""Characters of a line, and of a number at least and at most."""
WHOLE, IN_JSON = 40, 1_000
"""Numbers up to which an array is written whole."""
LISTED, RANKED, LARGEST = 40, 12, 4
"""Numbers of inputs of a table, of inputs by gradient, and of largest entries that are listed."""


def as_json(explanation: Explanation, source: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what is explained, then each step."""
    yield {
        **source,
        "label": explanation.classes[explanation.label],
        "label_given": explanation.given,
        "predicted": explanation.classes[explanation.predicted],
        "probability": explanation.probability,
        "loss": explanation.loss,
    }
    for step in explanation.steps:
        values = step.values
        yield {
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


def as_text(explanation: Explanation, title: str, features: Sequence[str] = ()) -> Iterator[Text]:
    """Yield the lines for a person."""
    label, predicted = explanation.classes[explanation.label], explanation.classes[explanation.predicted]
    names = [*features] or [f"input {index}" for index in range(explanation.raw.size)]
    ink = _ink(explanation) if len(explanation.example_shape) == 3 else None
    yield Text(f"{title}: predicted as {predicted}, with probability {explanation.probability:.4f}", "bold")
    yield Text(f"the loss is that of {label}{'' if explanation.given else ', the predicted class'}\n")
    yield from draw_grey(ink) if ink is not None else _inputs(explanation, names)
    order = [step.name for step in explanation.steps]
    logits = order[order.index("probabilities") - 1]
    for (layer, direction), steps in groupby(explanation.steps, lambda step: (step.layer, step.direction)):
        mark = "↓" if direction == "forward" else "↑"
        yield Text(f"\n{mark} {layer} {'─' * (LINE - len(layer) - 3)}", "dim")
        for step in steps:
            by_class = step.name in (logits, "probabilities", f"d{logits}")
            yield from _step(step, explanation.classes if by_class else ())
    yield Text(f"\nAttribution: dx, the gradient of the loss of {label} with respect to each input\n", "bold")
    yield from (
        draw_signed(explanation.input_gradient.sum(axis=0), ink)
        if ink is not None
        else _ranked(explanation, names)
    )
    what = "a lighter pixel" if ink is not None else "a larger value"
    yield Text(f"\n  -   {what} would lower the loss: evidence for {label}")
    yield Text(f"  +   {what} would raise the loss: evidence against {label}")
    if ink is not None:
        yield Text("━━ ╋╋ the same, at least half as large as the largest gradient")
        yield Text("  ░   the light part of the image")


def _ink(explanation: Explanation) -> NDArray[np.float64]:
    """Return the example as one grey image, from 0 to 1."""
    image = explanation["x"].reshape(explanation.example_shape).mean(axis=0)
    lowest, highest = image.min(), image.max()
    if lowest >= 0 and highest <= 1:
        return image
    return (image - lowest) / ((highest - lowest) or 1)


def _step(step: Step, names: Sequence[str]) -> Iterator[Text]:
    shape = "×".join(map(str, step.values.shape)) or "a number"
    first, *others = textwrap.wrap(
        f"{step.name:<15} {shape:<14} {step.formula}", LINE, subsequent_indent=" " * 31
    )
    line = Text(first)
    line.stylize("bold", 0, len(step.name))
    line.stylize("dim", 15, 30)
    yield line
    values = step.values
    rows = values.reshape(-1, values.shape[-1] if values.ndim else 1)
    fits = values.size <= WHOLE and (len(rows) == 1 or rows.shape[1] <= LINE // CELL)
    yield from map(Text, (*others, *(_whole(rows, names) if fits else _summary(values))))


def _whole(rows: NDArray[Any], names: Sequence[str]) -> Iterator[str]:
    """Write every number, in lines of equal length, under the names of the columns."""
    cell = min(WIDEST, max([CELL, *(len(name) + 2 for name in names)]))
    columns = rows.shape[1]
    across = ceil(columns / ceil(columns / (LINE // cell)))
    for start in range(0, columns, across):
        if names:
            yield "".join(f"{name[: cell - 2]:>{cell}}" for name in names[start : start + across])
        for row in rows[:, start : start + across].tolist():
            yield "".join(f"{value:>{cell}.3g}" for value in row)


def _summary(values: NDArray[Any]) -> Iterator[str]:
    """Write range, mean and number of zeros, and the largest entries."""
    zeros = np.count_nonzero(values == 0)
    of = f", {zeros:,} of {values.size:,} are 0" if zeros else ""
    yield f"    from {values.min():.3g} to {values.max():.3g}, mean {values.mean():.3g}{of}"
    largest = []
    for entry in np.argsort(-np.abs(values).reshape(-1), kind="stable")[:LARGEST]:
        index = ",".join(str(int(part)) for part in np.unravel_index(entry, values.shape))
        largest.append(f"{values.flat[entry]:.3g}~at~[{index}]")
    for line in textwrap.wrap(f"    largest: {', '.join(largest)}", LINE, subsequent_indent=" " * 13):
        yield line.replace("~", " ")


def _inputs(explanation: Explanation, names: Sequence[str]) -> Iterator[Text]:
    """List the inputs of a table by name, with their values and scaled values."""
    width = min(40, max(5, *map(len, names)))
    yield Text(f"{'input':<{width}}{'value':>12}{'scaled':>12}", "dim")
    for name, value, x in zip(names[:LISTED], explanation.raw.tolist(), explanation["x"].flat, strict=False):
        yield Text(f"{name[:width]:<{width}}{value:>12.5g}{x:>12.3f}")
    if len(names) > LISTED:
        yield Text(f"and {len(names) - LISTED:,} more", "dim")


def _ranked(explanation: Explanation, names: Sequence[str]) -> Iterator[Text]:
    """List the inputs of a table with the largest gradients, as numbers and bars."""
    width = min(30, max(5, *map(len, names)))
    gradient = explanation.input_gradient.reshape(-1)
    largest = np.abs(gradient).max() or 1
    yield Text(f"{'input':<{width}}{'value':>12}{'dx':>12}", "dim")
    for index in np.argsort(-np.abs(gradient), kind="stable")[:RANKED]:
        bar = ("+" if gradient[index] > 0 else "-") * round(20 * abs(gradient[index]) / largest)
        yield Text(
            f"{names[index][:width]:<{width}}{explanation.raw[index]:>12.5g}{gradient[index]:>12.3g}  {bar}"
        )
    if gradient.size > RANKED:
        yield Text(f"and {gradient.size - RANKED:,} more with smaller gradients", "dim")
