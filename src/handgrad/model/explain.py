"""One example step by step: every array on its way forward to the loss, or to a target, and back to the inputs.

The layers compute in float64, so that an example that is predicted with a probability of almost 1 has a gradient.
"""

import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handgrad.config import check_integer, field_names
from handgrad.kernels.backend import kernels
from handgrad.kernels.types import Floats
from handgrad.model.derivation import EntryFormula
from handgrad.model.explanation import Explanation, Step
from handgrad.model.layers import Layer
from handgrad.model.losses import BinaryCrossEntropy, CrossEntropy
from handgrad.model.network import Network
from handgrad.model.step_formulas import INPUTS, RESULTS


def explain(network: Network, raw: ArrayLike, label: int | np.integer | None = None) -> Explanation:
    """Compute every array of one example on its way through a network and back.

    Parameters
    ----------
    network : Network
        The network, which is used as in inference. The arithmetic is in float64.
    raw : array-like of I numbers
        One example as the data set has it, e.g. 0–255 for images.
    label : int, optional
        Number of the class whose loss is explained. Default: the predicted one. For several labels, the label whose
        presence is explained; default: the most probable one. For a regression, the target; default: the first.

    Returns
    -------
    Explanation
        The arrays by name, with their formulas.

    Raises
    ------
    HandgradError
        If the example or the label does not fit the network.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> layers = [hg.Dense(3), hg.ReLU(), hg.Dense(2)]
    >>> network = hg.Network(layers, input_shape=4, rng=0)
    >>> explanation = hg.explain(network, np.ones(4))
    >>> print(*(step.name for step in explanation.steps[:10]))
    x weights1 biases1 z1 a1 weights2 biases2 z2 probabilities loss
    >>> explanation.input_gradient.shape
    (4,)
    """
    raw = np.asarray(raw).reshape(-1)
    classes, task = network.classes, network.task or "classification"
    score = network.predict if task == "regression" else network.predict_proba
    outputs = score(raw[np.newaxis])[0]  # checks the example
    predicted = 0 if task == "regression" else int(outputs.argmax())
    chosen = check_integer("label", predicted if label is None else label, 0, len(classes) - 1)
    predicted = chosen if task == "regression" else predicted
    steps = tuple(_steps(network, raw, chosen))
    return Explanation(steps, raw, network.example_shape, classes, chosen, predicted, task)


def input_effects(
    network: Network, raw: NDArray[np.number], output: int, groups: Sequence[Sequence[int]]
) -> NDArray[np.float64]:
    """Compute how much the prediction of one example changes by each of G groups of its inputs, (G,).

    It is the prediction minus that with the mean of the training data in place of the group's values: of a
    probability, or of a target in its units. `raw` is one example (I,), `groups` have the indices of their inputs.
    """
    mean = network.scaling.shift if network.scaling else np.array(0.0)
    rows = np.repeat(raw[np.newaxis].astype(np.float64), len(groups) + 1, axis=0)
    for row, group in zip(rows[1:], groups, strict=True):
        row[list(group)] = np.broadcast_to(mean, raw.shape)[list(group)]
    predict = network.predict if network.task == "regression" else network.predict_proba
    values = predict(rows)[:, output].astype(np.float64)
    return values[0] - values[1:]


def _steps(network: Network, raw: NDArray[np.number], label: int) -> Iterator[Step]:
    first = _input(network, raw)
    yield first
    y = first.values
    name, number, taken, passed = "x", 0, {"x", "loss", "probabilities"}, []
    for index, (layer, stored) in enumerate(zip(network.layers, network.arrays, strict=True)):
        number += layer.symbol == "z"
        names = _names(layer, name, str(number), vars(stored), taken)
        place, statistics = f"{index} {names['kind']}", vars(network.statistics[index])
        parameters = {key: array.astype(np.float64) for key, array in vars(stored).items()}
        for key, values in parameters.items():
            given = "measured on training data" if key in statistics else "learned"
            yield Step(key + names["n"], place, "forward", given, values)
        arrays: dict[str, Any] = {**names, **layer.trace_arrays(y), **parameters, "x": y}
        y, backward = layer.forward(SimpleNamespace(**parameters), y)
        y, name = np.asarray(y, np.float64), names["y"]
        arrays["y"] = y
        shown = {key: key + names["n"] for key in parameters} | {"x": names["x"], "y": name, "dy": f"d{name}"}
        formula = f"{name} = {_fill(layer.formulas.get('y', '{kind}({x})'), names)}"
        yield Step(name, place, "forward", formula, y, _entry(layer, "y", name, arrays, shown))
        gradients = {key: np.zeros_like(array) for key, array in parameters.items() if key not in statistics}
        passed.append((layer, names, place, backward, gradients, arrays, shown))
    dy = yield from _behind(network, name, y, label)
    for layer, names, place, backward, gradients, arrays, shown in reversed(passed):
        arrays["dy"] = dy
        dy = np.asarray(backward(dy, SimpleNamespace(**gradients)), np.float64)
        for key, values in (gradients | {"x": dy}).items():
            name = f"d{names['x'] if key == 'x' else key + names['n']}"
            formula = f"{name} = {_fill(layer.formulas.get(key, 'backward of {kind}({x})'), names)}"
            yield Step(name, place, "backward", formula, values, _entry(layer, key, name, arrays, shown))


def _input(network: Network, raw: NDArray[np.number]) -> Step:
    """Return the input of the first layer: the example, scaled."""
    shape, scaling = (1, *network.input_shape), network.scaling
    arrays: dict[str, Any] = {"raw": raw.astype(np.float64).reshape(shape)}
    kind, x = "unscaled", arrays["raw"]
    if scaling is not None:
        kind, x = "bytes" if scaling.for_bytes else "standardized", scaling(raw, np.float64).reshape(shape)
        for name in ("shift", "divisor"):
            arrays[name] = np.broadcast_to(getattr(scaling, name), raw.shape).reshape(shape)
    text, entry = INPUTS[kind]
    return Step("x", "input", "forward", text, x, EntryFormula("x", entry, arrays))


def _entry(
    layer: Layer, key: str, name: str, arrays: Mapping[str, Any], shown: Mapping[str, str]
) -> EntryFormula | None:
    """Return the index formula of an output or a gradient of a layer, if it declares one."""
    return EntryFormula(name, layer.entries[key], arrays, shown) if key in layer.entries else None


Results: TypeAlias = tuple[dict[str, Floats], dict[str, Any]]
"""Arrays behind the last layer, of which the last is the gradient of its outputs; further ones for formulas."""


def _class_loss(network: Network, logits: Floats, label: int) -> Results:
    losses, dlogits = CrossEntropy().per_example(logits, np.array([label]))
    arrays = {"probabilities": kernels.softmax(logits), "loss": losses.reshape(()), "dz": dlogits}
    return arrays, {"largest": logits.max(), "label": label}


def _label_loss(network: Network, logits: Floats, label: int) -> Results:
    """Compute the loss of the presence of one of several labels."""
    losses, dlogit = BinaryCrossEntropy().per_example(logits[:, [label]], np.ones((1, 1)))
    dlogits = np.zeros_like(logits)
    dlogits[:, [label]] = dlogit
    arrays = {"probabilities": kernels.sigmoid(logits), "loss": losses.reshape(()), "dz": dlogits}
    return arrays, {"label": label}


def _target(network: Network, outputs: Floats, label: int) -> Results:
    """Compute the gradient of a target of a regression, without a loss."""
    scaling, dy = network.target_scaling, np.zeros_like(outputs)
    divisor, shift = (scaling.divisor, scaling.shift) if scaling else (1.0, 0.0)
    further: dict[str, Any] = {
        "divisor": np.broadcast_to(divisor, outputs.shape[1:]),
        "shift": np.broadcast_to(shift, outputs.shape[1:]),
        "target": label,
    }
    dy[:, label] = further["divisor"][label]
    return {"predictions": network.decide(outputs), "dz": dy}, further


_RESULTS = {"classification": _class_loss, "multilabel": _label_loss, "regression": _target}


def _behind(network: Network, z: str, outputs: Floats, label: int) -> Generator[Step, None, Floats]:
    """Yield the steps behind the last layer, and return the gradient of the loss with respect to its outputs."""
    task = network.task or "classification"
    values, further = _RESULTS[task](network, outputs, label)
    place = "prediction" if task == "regression" else "loss"
    formulas = RESULTS["scaled regression" if task == "regression" and network.target_scaling else task]
    arrays = {"z": outputs, **values, **further}
    for key, array in values.items():
        name = f"d{z}" if key == "dz" else key
        text = _fill(formulas[key].text, {"z": z, "target": network.classes[label]})
        entry = EntryFormula(name, formulas[key].entry, arrays, {"z": z})
        yield Step(name, place, "backward" if key == "dz" else "forward", text, array, entry)
    return values["dz"]


def _names(layer: Layer, x: str, number: str, parameters: Iterable[str], taken: set[str]) -> dict[str, Any]:
    """Return what stands for the words in braces of a layer's formulas; a name that is taken gets a prime."""
    kind = type(layer).__name__
    symbol = layer.symbol or kind.lower()
    while not taken.isdisjoint(name + number for name in (symbol, *parameters)):
        number += "′"
    taken.update(name + number for name in (symbol, *parameters))
    fields = {name: getattr(layer, name) for name in field_names(layer)}
    return {**fields, "kind": kind, "x": x, "y": symbol + number, "n": number}


def _fill(formula: str, names: dict[str, Any]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: str(names.get(match[1], match[0])), formula)
