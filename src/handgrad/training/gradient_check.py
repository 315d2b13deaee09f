"""Every hand-written gradient against a numerical one, in float64, on the code that trains.

Central differences: df/dw ≈ (f(w + h) − f(w − h)) / 2h, whose error shrinks with h² (Press et al., *Numerical
Recipes*, 3rd edition, section 5.7). Layers face a random upstream gradient, so that no error cancels.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError
from handgrad.kernels.threads import one_blas_thread
from handgrad.kernels.types import Floats
from handgrad.model.layers.layer import Backward, Layer
from handgrad.model.losses import CrossEntropy, Loss
from handgrad.model.network import Network
from handgrad.training.gradients import BatchGradient

Arrays: TypeAlias = dict[str, NDArray[Any]]

TOLERANCE = 1e-6
STEPS = (1e-5, 1e-6, 1e-7)
MOST_ENTRIES = 300
MOST_OF_NETWORK = 100  # there, a nudge costs a pass through all layers
EXAMPLES = 4


@dataclass(frozen=True)
class Check:
    """One array's verdict.

    Attributes
    ----------
    layer : str
        Such as ``"0 Dense"``, ``"loss CrossEntropy"`` or ``"network"``.
    parameter : str
        ``"weights"``, …, or ``"x"`` for the gradient with respect to the input.
    shape : tuple of int
    entries : int
        How many entries were compared; of a large array a random part.
    error : float
        The largest difference, relative to the larger of the two gradients and the array's typical size.
    """

    layer: str
    parameter: str
    shape: tuple[int, ...]
    entries: int
    error: float

    @property
    def passed(self) -> bool:
        """Whether the error is at most `TOLERANCE`; NaN is not."""
        return self.error <= TOLERANCE


def check_gradients(network: Network, seed: int = 0, loss: Loss | None = None) -> Iterator[Check]:
    """Check each layer on its own, the loss, and the whole network as training computes it.

    Parameters
    ----------
    network : Network
        In float64.
    seed : int
        Of the random examples, upstream gradients and parts of large arrays.
    loss : Loss, optional
        `CrossEntropy` unless given.

    Yields
    ------
    Check

    Raises
    ------
    HandgradError
        If the network is not in float64.
    """
    if network.dtype != np.float64:
        raise HandgradError("gradients are checked in float64; make the network with dtype=np.float64")
    rng = np.random.default_rng(seed)
    loss = (loss or CrossEntropy()).fitted(np.arange(len(network.classes)), len(network.classes))
    yield from _check_layers(network, rng)
    yield check_loss(loss, len(network.classes), seed)
    yield from _check_network(network, loss, rng)


def check_loss(loss: Loss, classes: int = 10, seed: int = 0) -> Check:
    """Check the gradient of a loss with respect to random logits.

    Parameters
    ----------
    loss : Loss
    classes : int
    seed : int
        Of the logits and labels.

    Returns
    -------
    Check
    """
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(EXAMPLES, classes))
    labels = rng.integers(classes, size=EXAMPLES)
    _, dlogits = loss(logits, labels)
    name = f"loss {type(loss).__name__}"
    return _compare(name, "logits", logits, dlogits, lambda: loss(logits, labels)[0], rng)


def _check_layers(network: Network, rng: np.random.Generator) -> Iterator[Check]:
    shape = network.input_shape
    for index, (layer, parameters) in enumerate(zip(network.layers, network.parameters, strict=True)):
        arrays = {name: array.copy(order="K") for name, array in vars(parameters).items()}
        arrays["x"] = rng.normal(size=(EXAMPLES, *shape))
        shape = layer.output_shape(shape)
        dy = rng.normal(size=(EXAMPLES, *shape))
        name = f"{index} {type(layer).__name__}"
        yield from _check_layer(name, partial(_forward, layer, int(rng.integers(2**63))), arrays, dy, rng)


def _forward(layer: Layer, draws: int, arrays: Arrays) -> tuple[Floats, Backward]:
    """Run a layer on its parameters and "x", which stand together in `arrays`; it draws the same every time."""
    parameters = SimpleNamespace(**{name: array for name, array in arrays.items() if name != "x"})
    return layer.forward(parameters, arrays["x"], np.random.default_rng(draws))


def _check_layer(
    layer: str,
    forward: Callable[[Arrays], tuple[Floats, Backward]],
    arrays: Arrays,
    dy: Floats,
    rng: np.random.Generator,
) -> Iterator[Check]:
    gradients = {name: np.zeros_like(array) for name, array in arrays.items() if name != "x"}
    _, backward = forward(arrays)
    gradients["x"] = backward(dy, SimpleNamespace(**gradients))
    for name, array in arrays.items():
        yield _compare(
            layer, name, array, gradients[name], lambda: float((forward(arrays)[0] * dy).sum()), rng
        )


def _check_network(network: Network, loss: Loss, rng: np.random.Generator) -> Iterator[Check]:
    """Compare what a training step would use, chunks, threads, scaling and all."""
    shape = (EXAMPLES, *network.input_shape)
    inputs = rng.integers(256, size=shape, dtype=np.uint8) if network.scaling else rng.normal(size=shape)
    labels = rng.integers(len(network.classes), size=EXAMPLES)
    draws = int(rng.integers(2**63))
    data = Dataset(inputs, labels, network.classes)
    with one_blas_thread(), BatchGradient(network, data, threads=1, loss=loss) as batch_gradient:
        everything = slice(0, EXAMPLES)
        gradients = network.views(batch_gradient(everything, draws).gradient.copy())
        for index, parameters in enumerate(network.parameters):
            for name, array in vars(parameters).items():
                yield _compare(
                    "network",
                    f"{index}.{name}",
                    array,
                    getattr(gradients[index], name),
                    lambda: batch_gradient(everything, draws, loss_only=True).loss,
                    rng,
                    MOST_OF_NETWORK,
                )


def _compare(
    layer: str,
    parameter: str,
    array: NDArray[Any],
    gradient: NDArray[Any],
    function: Callable[[], float],
    rng: np.random.Generator,
    most: int = MOST_ENTRIES,
) -> Check:
    """Nudge entries of `array` one by one, in place, and watch `function`.

    A nudge may carry some unit over the kink of a ReLU or a max-pool, where there is no derivative to compare
    with; a smaller nudge seldom does, and a wrong gradient is wrong for every nudge. Differences that rounding
    alone can make are not counted: a bias before a normalisation, say, has no gradient at all.
    """
    order: Any = (
        "C" if array.flags.c_contiguous else "F"
    )  # of weights that lie as (I, O), too, flat is a view
    flat = array.reshape(-1, order=order)
    entries = np.arange(flat.size)
    if flat.size > most:
        entries = rng.choice(flat.size, most, replace=False)
    analytical = gradient.reshape(-1, order=order)[entries]
    numerical = np.array([_difference(flat, int(entry), STEPS[0], function) for entry in entries])
    typical = np.sqrt(np.mean(numerical**2)) + 1e-12
    rounding = 10 * np.finfo(np.float64).eps * abs(function())
    step = np.full(len(entries), STEPS[0])

    def errors() -> Floats:
        sizes = np.maximum(np.maximum(np.abs(analytical), np.abs(numerical)), typical)
        return np.abs(analytical - numerical) / np.maximum(sizes, rounding / step / TOLERANCE)

    for smaller in STEPS[1:]:
        for place in np.flatnonzero(errors() > TOLERANCE):
            step[place] = smaller
            numerical[place] = _difference(flat, int(entries[place]), smaller, function)
    return Check(layer, parameter, array.shape, len(entries), float(errors().max()))


def _difference(flat: NDArray[Any], entry: int, step: float, function: Callable[[], float]) -> float:
    """Compute (f(w + h) − f(w − h)) / 2h for one entry w."""
    value = flat[entry]
    flat[entry] = value + step
    above = function()
    flat[entry] = value - step
    below = function()
    flat[entry] = value
    return (above - below) / (2 * step)
