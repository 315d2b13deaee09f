"""An explanation as text or JSON: the example, each array under its layer, and the gradient of the inputs.

Images are characters that are legible without colour: grey as blocks, signed numbers as plus and minus.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from PIL import Image
from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from handgrad.cli.output import table
from handgrad.kernels.types import Floats
from handgrad.model.explain import Explanation, Step

LINE, IMAGE = 80, 76
"""Characters of a line, and at most of an image."""
WHOLE, IN_JSON, LISTED = 40, 1_000, 40
"""Numbers up to which an array is written whole, and inputs of a table that are listed."""
GREYS = " ░▒▓█"
STRONG, WEAK = 0.5, 0.2
"""Fractions of the largest number from which on thick and thin signs are drawn."""


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
            **vars(step),
            "shape": list(values.shape),
            **{name: getattr(values, name)().item() for name in ("min", "mean", "max")},
            "values": values.tolist() if values.size <= IN_JSON else None,
        }


def as_text(explanation: Explanation, title: str, features: Sequence[str] = ()) -> Iterator[RenderableType]:
    """Yield the lines and tables for a person."""
    label, predicted = explanation.classes[explanation.label], explanation.classes[explanation.predicted]
    is_image = len(explanation.example_shape) == 3
    yield f"{title}: predicted as {predicted}, with probability {explanation.probability:.4f}"
    yield f"the loss is that of {label}{'' if explanation.given else ', the predicted class'}\n"
    if is_image:
        yield from grey_image(_ink(explanation))
    for (layer, direction), steps in groupby(explanation.steps, lambda step: (step.layer, step.direction)):
        yield f"\n{'↓' if direction == 'forward' else '↑'} {layer} {'─' * (LINE - len(layer) - 3)}"
        for step in steps:
            yield from _step(step, explanation.classes if layer == "loss" else ())
    yield f"\nAttribution: dx, the gradient of the loss of {label} with respect to each input\n"
    if is_image:
        yield from signed_image(explanation.input_gradient.sum(axis=0), _ink(explanation))
    else:
        yield from _inputs(explanation, features)
    what = "a lighter pixel" if is_image else "a larger value"
    yield f"\n  -   {what} would lower the loss: evidence for {label}"
    yield f"  +   {what} would raise the loss: evidence against {label}"
    if is_image:
        yield "━━ ╋╋ the same, at least half as large as the largest gradient"
        yield "  ░   the light part of the image"


def _step(step: Step, classes: Sequence[str]) -> Iterator[RenderableType]:
    """Describe an array, and list its numbers if they are few, e.g. one for each class."""
    values = step.values
    shape = "×".join(map(str, values.shape)) or "a number"
    yield f"{step.name:<15} {shape:<14} {step.formula}"
    if values.size == len(classes) <= LINE // 8:
        numbers = table(classes, [[f"{value:.3f}" for value in values.flat]], left=0)
        yield Padding(numbers, (0, 0, 0, 2))
    elif values.size <= WHOLE:
        listed = np.array2string(
            values, max_line_width=LINE, prefix=" " * 8, formatter={"float_kind": "{:.3g}".format}
        )
        yield f"    {listed}"
    else:
        zeros = f"{np.count_nonzero(values == 0):,} of {values.size:,} are 0"
        yield f"    from {values.min():.3g} to {values.max():.3g}, mean {values.mean():.3g}, {zeros}"


def _inputs(explanation: Explanation, features: Sequence[str]) -> Iterator[RenderableType]:
    """List the inputs of a table, those with the largest gradients first, with their values and scaled values."""
    names = features or [f"input {index}" for index in range(explanation.raw.size)]
    gradient = explanation.input_gradient.reshape(-1)
    largest = np.abs(gradient).max() or 1
    rows = []
    for index in np.argsort(-np.abs(gradient), kind="stable")[:LISTED].tolist():
        numbers = (values.flat[index] for values in (explanation.raw, explanation["x"], gradient))
        bar = ("+" if gradient[index] > 0 else "-") * round(20 * abs(gradient[index]) / largest)
        rows.append([names[index], *(f"{number:.4g}" for number in numbers), bar])
    yield table(["input", "value", "scaled", "dx"], rows)
    if gradient.size > LISTED:
        yield f"and {gradient.size - LISTED:,} more with smaller gradients"


def _ink(explanation: Explanation) -> Floats:
    """Return the example as one grey image (H, W), from 0 to 1."""
    image = explanation["x"].reshape(explanation.example_shape).mean(axis=0)
    if image.min() >= 0 and image.max() <= 1:
        return image
    return (image - image.min()) / (np.ptp(image) or 1)


def grey_image(image: Floats) -> Iterator[str]:
    """Draw values from 0 to 1, dark to light, without the empty rows above and below."""
    cells, width = _cells(image)
    lines = ["".join(GREYS[round(value * 4)] * width for value in row).rstrip() for row in cells.tolist()]
    yield from "\n".join(lines).strip("\n").split("\n")


def signed_image(numbers: Floats, ink: Floats) -> Iterator[Text]:
    """Draw numbers by sign and size, and the ink of an image faintly behind them."""
    cells, width = _cells(numbers)
    for row, inked in zip(cells / (np.abs(cells).max() or 1), _cells(ink)[0] > 0.5, strict=True):
        line = Text.assemble(
            *(_sign(*cell, width) for cell in zip(row.tolist(), inked.tolist(), strict=True))
        )
        line.rstrip()
        yield line


def _sign(fraction: float, inked: bool, width: int) -> tuple[str, str]:
    colour, background = "red" if fraction > 0 else "blue", "░" if inked else " "
    if abs(fraction) >= STRONG:
        return ("╋" if fraction > 0 else "━") * width, f"bold {colour}"
    if abs(fraction) >= WEAK:
        return ("+" if fraction > 0 else "-").ljust(width, background), colour
    return background * width, "dim"


def _cells(image: Floats) -> tuple[Floats, int]:
    """Fit an image into a line: cells of two characters, or of one, of which images that are wider get fewer."""
    height, width = image.shape
    if 2 * width <= IMAGE:
        return image, 2
    size = IMAGE, max(1, round(height * IMAGE / width / 2))
    return np.asarray(Image.fromarray(image.astype(np.float32)).resize(size, Image.Resampling.BOX)), 1
