"""One example worked step by step: every array on its way forward to the loss, and back to the inputs.

The steps are data; ``handgrad explain`` shows them. They are computed by the network's own layers, in float64, so
that even an example of which the network is all but certain has a gradient.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from handgrad.config import field_names
from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.types import Floats
from handgrad.model.layers import Layer
from handgrad.model.losses import CrossEntropy
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling

Direction = Literal["forward", "backward"]


@dataclass(frozen=True, eq=False)
class Step:
    """One array.

    Attributes
    ----------
    name : str
        Such as "z1", "weights1", "probabilities", or "dz1" for the gradient of the loss with respect to z1.
    layer : str
        What it belongs to: its number and class, such as "0 Dense"; "input" or "loss".
    direction : str
        "forward" or "backward".
    formula : str
        How it came about, in the names of other steps; "learned" for parameters. A layer that brings no formula is
        told by its class and the first line of its description.
    values : array
        With a first axis of one example, except parameters and their gradients; the loss is a single number, ().
    """

    name: str
    layer: str
    direction: Direction
    formula: str
    values: Floats


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """What `explain` gives: the walk of one example through a network, and back.

    Attributes
    ----------
    steps : tuple of Step
        In the order in which they are computed; the last one is "dx".
    raw : (I,)
        The example as the data set has it.
    example_shape : tuple of int
        Such as (1, 28, 28) for a picture.
    classes : tuple of str
    label : int
        The class whose loss it is.
    given : bool
        Whether the label was given; else it is the predicted class.
    predicted : int
        The most probable class.
    """

    steps: tuple[Step, ...]
    raw: NDArray[Any]
    example_shape: tuple[int, ...]
    classes: tuple[str, ...]
    label: int
    given: bool
    predicted: int

    def __getitem__(self, name: str) -> Floats:
        """Give the values of the step of that name."""
        for step in self.steps:
            if step.name == name:
                return step.values
        raise KeyError(name)

    def __repr__(self) -> str:
        return (
            f"Explanation({self.classes[self.predicted]!r} at {self.probability:.1%}, "
            f"loss {self.loss:.4g} for {self.classes[self.label]!r}: "
            f"{' → '.join(step.name for step in self.steps)})"
        )

    @property
    def loss(self) -> float:
        """The cross-entropy of the label, in nats."""
        return float(self["loss"])

    @property
    def probability(self) -> float:
        """That of the predicted class, from 0 to 1."""
        return float(self["probabilities"].max())

    @property
    def influence(self) -> Floats:
        """What each input did, in the shape of the example: the gradient of the loss with respect to it, scaled.

        Where it is negative, more there lowers the loss and speaks for the label; where positive, against it.
        """
        return self["dx"].reshape(self.example_shape)


def explain(network: Network, raw: NDArray[Any], label: int | np.integer[Any] | None = None) -> Explanation:
    """Walk one example through a network and back, and keep every array on the way.

    Parameters
    ----------
    network : Network
        Used as in inference: nothing is dropped, normalisation takes what was measured.
    raw : (I,) or (*example_shape)
        One example as the data set has it: 0–255 for images.
    label : int, optional
        The class whose loss is explained, from 0 to C − 1; the predicted one unless given.

    Returns
    -------
    Explanation

    Raises
    ------
    HandgradError
        If the example does not fit the network, or there is no such class.

    Examples
    --------
    >>> walk = hg.explain(network, digits.test.inputs[0], digits.test.labels[0])  # doctest: +SKIP
    >>> walk["dz1"]  # doctest: +SKIP
    """
    raw = np.asarray(raw).reshape(-1)
    predicted = int(network.predict(raw[np.newaxis])[0])
    given, label = label is not None, predicted if label is None else label
    if not isinstance(label, int | np.integer) or not 0 <= label < len(network.classes):
        raise HandgradError(f"label must be a class from 0 to {len(network.classes) - 1}; got {label!r}")
    steps = tuple(_walk(network, raw, int(label)))
    shape = network.example_shape
    return Explanation(steps, raw, shape, network.classes, int(label), given, predicted)


def _walk(network: Network, raw: NDArray[Any], label: int) -> Iterator[Step]:
    x = network.scaling(raw, np.float64) if network.scaling else raw.astype(np.float64)
    y, name = x.reshape(1, *network.input_shape), "x"
    yield Step(name, "input", "forward", _scaling(network.scaling), y)
    taken, number, passed = {"x", "loss", "probabilities"}, 0, []
    for index, (layer, held) in enumerate(zip(network.layers, network.arrays, strict=True)):
        number += layer.symbol == "z"
        names = _Names(layer, name, str(number), vars(held), taken)
        where = f"{index} {type(layer).__name__}"
        parameters = {key: array.astype(np.float64) for key, array in vars(held).items()}
        measured = vars(network.statistics[index])
        for key, values in parameters.items():
            told = "measured on training data" if key in measured else "learned"
            yield Step(names.of(key), where, "forward", told, values)
        y, backward = layer.forward(SimpleNamespace(**parameters), y)
        y = np.asarray(y, np.float64)
        yield Step(names.y, where, "forward", names.forward(), y)
        gradients = {key: np.zeros_like(array) for key, array in parameters.items() if key not in measured}
        passed.append((names, where, backward, gradients))
        name = names.y
    formula = f"softmax({name}) = exp {name} / Σ exp {name}"
    yield Step("probabilities", "loss", "forward", formula, kernels.softmax(y))
    losses, dy = CrossEntropy().per_example(y, np.array([label]))
    told = network.classes[label]
    yield Step("loss", "loss", "forward", f"loss = −log probabilities[{told}]", losses.reshape(()))
    yield Step(f"d{name}", "loss", "backward", f"d{name} = probabilities − one_hot({told})", dy)
    for names, where, backward, gradients in reversed(passed):
        dy = np.asarray(backward(dy, SimpleNamespace(**gradients)), np.float64)
        for key, values in gradients.items():
            yield Step(f"d{names.of(key)}", where, "backward", names.backward(key), values)
        yield Step(f"d{names.x}", where, "backward", names.backward("x"), dy)


class _Names:
    """What a layer's arrays are called: "z1", "weights1"; with a prime where a name is taken already."""

    def __init__(
        self, layer: Layer, x: str, number: str, parameters: Mapping[str, Floats], taken: set[str]
    ) -> None:
        self.layer, self.x = layer, x
        symbol = layer.symbol or type(layer).__name__.lower()
        while not taken.isdisjoint({symbol + number, *(key + number for key in parameters)}):
            number += "′"
        self.number, self.y = number, symbol + number
        taken.update({self.y, *map(self.of, parameters)})

    def of(self, parameter: str) -> str:
        return parameter + self.number

    def forward(self) -> str:
        formula = self.layer.formula
        return self._filled(formula) if formula else f"{self.y} = {self._described()}"

    def backward(self, key: str) -> str:
        name = f"d{self.x if key == 'x' else self.of(key)}"
        formula = self.layer.backward_formulas.get(key)
        return f"{name} = {self._filled(formula) if formula else f'{self._described()}, backward'}"

    def _filled(self, formula: str) -> str:
        values = {"x": self.x, "y": self.y, "n": self.number}
        for field in field_names(self.layer):
            values.setdefault(field, str(getattr(self.layer, field)))
        for key, value in values.items():
            formula = formula.replace(f"{{{key}}}", value)
        return formula

    def _described(self) -> str:
        """Tell a layer of one's own by its class and the first line of its description."""
        kind = type(self.layer)
        first = (kind.__doc__ or "").strip().partition("\n")[0].rstrip(".")
        if not first or first.startswith(f"{kind.__name__}("):  # what dataclass writes where there is none
            return f"{kind.__name__}({self.x})"
        return f"{kind.__name__}({self.x}): {first}"


def _scaling(scaling: Scaling | None) -> str:
    if scaling is None:
        return "x = the inputs as they are"
    return "x = raw / 255" if scaling.for_bytes else "x = (raw − shift) / divisor"
