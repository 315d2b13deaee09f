"""An explanation as text: the example, each array under its layer, and what each input contributes."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from handgrad.cli.output import LINE, significant, table
from handgrad.data.columns import IS
from handgrad.kernels.types import Floats
from handgrad.model.explain import input_effects
from handgrad.model.explanation import Explanation, Step
from handgrad.model.network import Network

WHOLE = 40
"""Numbers up to which an array is written whole."""
GREYS = np.array(["  ", "░░", "▒▒", "▓▓", "██"])  # from dark to light


def as_text(network: Network, explanation: Explanation, title: str, features: Sequence[str] = ()) -> str:
    """Return the text for a person, in which images are characters."""
    label, predicted = explanation.classes[explanation.label], explanation.classes[explanation.predicted]
    image = None
    if len(explanation.example_shape) == 3:
        grey = explanation["x"].reshape(explanation.example_shape).mean(axis=0)
        image = (grey - grey.min()) / (np.ptp(grey) or 1)
    if explanation.task == "regression":
        lines = [f"{title}: {predicted} is predicted as {significant(explanation.value, 6)}\n"]
    else:
        noun = "class" if explanation.task == "classification" else "label"
        lines = [f"{title}: predicted as {predicted}, with probability {explanation.value:.4f}"]
        lines.append(
            f"the loss is that of {label}{f', the predicted {noun}' if label == predicted else ''}\n"
        )
    if image is not None:
        # the empty rows above and below are left out
        lines.append(_join(GREYS[np.rint(4 * image).astype(int)]).strip("\n"))
    for (layer, direction), steps in groupby(explanation.steps, lambda step: (step.layer, step.direction)):
        lines.append(f"\n{'↓' if direction == 'forward' else '↑'} {layer} {'─' * (LINE - len(layer) - 3)}")
        lines += [_step(step, explanation.classes if layer == "loss" else ()) for step in steps]
    of = label if explanation.task == "regression" else f"the loss of {label}"
    lines.append(f"\nAttribution: dx, the gradient of {of} with respect to each input\n")
    if image is None:
        lines += [_inputs(explanation, features), _effects(network, explanation, features)]
    else:
        lines.append(_signed_image(explanation.input_gradient.sum(axis=0), image))
        lines.append(f"\n  -   a lighter pixel would lower the loss: evidence for {label}")
        lines.append(f"  +   a lighter pixel would raise the loss: evidence against {label}")
        lines.append("━━ ╋╋ the same, at least half as large as the largest gradient")
        lines.append("  ░   the light part of the image")
    return "\n".join(lines)


def _step(step: Step, classes: Sequence[str]) -> str:
    """Describe an array, and list its numbers if they are few, e.g. one for each class."""
    values = step.values
    shape = "×".join(map(str, values.shape)) or "a number"
    if values.size == len(classes) <= LINE // 8:
        rows = table(classes, [[f"{value:.3f}" for value in values.flat]], left=0).split("\n")
        numbers = "\n".join(f"  {row}" for row in rows)
    elif values.size <= WHOLE:
        listed = np.array2string(values, LINE, prefix=" " * 8, formatter={"float_kind": "{:.3g}".format})
        numbers = f"    {listed}"
    else:
        zeros = f"{np.count_nonzero(values == 0):,} of {values.size:,} are 0"
        numbers = f"    from {values.min():.3g} to {values.max():.3g}, mean {values.mean():.3g}, {zeros}"
    return f"{step.name:<15} {shape:<14} {step.formula}\n{numbers}"


def _inputs(explanation: Explanation, features: Sequence[str]) -> str:
    """List the inputs of a table, those with the largest gradients first, with their values and scaled values."""
    names = features or [f"input {index}" for index in range(explanation.raw.size)]
    gradient = explanation.input_gradient.reshape(-1)
    columns = (explanation.raw, explanation["x"].reshape(-1), gradient)
    rows = [
        [names[index], *(significant(column[index]) for column in columns)]
        for index in np.argsort(-np.abs(gradient), kind="stable").tolist()
    ]
    return table(["input", "value", "scaled", "dx"], rows)


def _effects(network: Network, explanation: Explanation, features: Sequence[str]) -> str:
    """List the columns of a table by what their values change of the prediction, the largest effects first."""
    raw, output = explanation.raw, explanation.predicted
    groups: dict[str, list[int]] = {}  # the inputs of each column: a number, or one for each name
    for index in range(raw.size):
        groups.setdefault(features[index].partition(IS)[0] if features else f"input {index}", []).append(
            index
        )
    effects = input_effects(network, raw, output, list(groups.values()))
    means = np.broadcast_to(network.scaling.shift if network.scaling else np.array(0.0), raw.shape)
    rows, name = [], explanation.classes[output]
    for place in np.argsort(-np.abs(effects), kind="stable").tolist():
        column, inputs = [*groups.items()][place]
        numbers = [index for index in inputs if not (features and IS in features[index])]
        names = [features[index].partition(IS)[2] for index in inputs if index not in numbers and raw[index]]
        value, mean = names[0] if names else "", ""
        if numbers:
            value = "missing" if names else significant(raw[numbers[0]])
            mean = significant(means[numbers[0]])
        effect = effects[place] * (1 if explanation.task == "regression" else 100)
        rows.append([column, value, mean, significant(effect, sign="+")])
    unit = name if explanation.task == "regression" else f"the probability of {name}, in percentage points"
    title = f"\nEffect: the change of {unit},\nagainst the mean of the training data in one column\n"
    return f"{title}\n{table(['column', 'value', 'mean', 'effect'], rows)}"


def _signed_image(numbers: Floats, ink: Floats) -> str:
    """Draw numbers by sign and size, and the light part of an image behind them."""
    fractions = numbers / (np.abs(numbers).max() or 1)
    background = np.where(ink > 0.5, "░", " ")
    signs = np.select([fractions >= 0.2, fractions <= -0.2], ["+", "-"], background)
    pixels = np.strings.add(signs, background)
    return _join(np.select([fractions >= 0.5, fractions <= -0.5], ["╋╋", "━━"], pixels))


def _join(pixels: NDArray[np.str_]) -> str:
    """Join pixels of two characters; rows and columns of an image that is wider than a line are left out."""
    step = -(-2 * pixels.shape[1] // LINE)
    return "\n".join("".join(row).rstrip() for row in pixels[::step, ::step].tolist())
