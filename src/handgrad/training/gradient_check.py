"""Every handwritten gradient against a numerical one, in float64, on the code that trains.

Central differences: df/dw ≈ (f(w + h) − f(w − h)) / 2h, whose error shrinks with h² (Press et al., *Numerical
Recipes*, 3rd edition, section 5.7). Layers get a random upstream gradient, so that no error cancels.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError
from handgrad.kernels.threads import one_blas_thread
from handgrad.model.layers.layer import Layer
from handgrad.model.losses import Loss, default_loss
from handgrad.model.network import Network
from handgrad.training.gradients import BatchGradient

TOLERANCE = 1e-6
STEPS = (1e-5, 1e-6, 1e-7)
MOST = 300  # entries that are compared of an array
MOST_OF_NETWORK = 100  # there, each entry costs passes through all layers
EXAMPLES, WORST = 4, 5
Function: TypeAlias = Callable[[], float]


@dataclass(frozen=True)
class Entry:
    """One entry of an array, and its handwritten (analytic) and numerical gradient."""

    index: tuple[int, ...]
    analytic: float
    numerical: float


@dataclass(frozen=True)
class Check:
    """Comparison of the gradient of one array with a numerical one; `check_gradients` yields it.

    Parameters
    ----------
    layer : str
        Layer, e.g. ``"0 Dense"``, or ``"network"`` for the whole.
    parameter : str
        Name of the array, e.g. ``"weights"``; ``"x"`` for the input of a layer.
    shape : tuple of int
        Shape of the array.
    entries : int
        Number of entries that were compared; of a large array a random part.
    error : float
        Largest difference, relative to the larger gradient and the typical size of the array.
    worst : tuple
        Entries with the largest errors, the largest first, with `index`, `analytic` and `numerical` gradient.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> network = hg.Network([hg.Dense(2)], input_shape=3, dtype=np.float64)
    >>> check = next(hg.check_gradients(network))
    >>> check.layer, check.parameter, check.entries
    ('0 Dense', 'weights', 6)
    """

    layer: str
    parameter: str
    shape: tuple[int, ...]
    entries: int
    error: float
    worst: tuple[Entry, ...]

    @property
    def passed(self) -> bool:
        """Whether the error is at most 10⁻⁶; NaN is not."""
        return self.error <= TOLERANCE


def check_gradients(network: Network, seed: int = 0, loss: Loss | None = None) -> Iterator[Check]:
    """Compare every handwritten gradient with a numerical one.

    Each layer, the loss, and the whole network as training computes it are checked.

    Parameters
    ----------
    network : Network
        A network in float64.
    seed : int
        Seed of the random examples, upstream gradients and parts of large arrays.
    loss : Loss, optional
        The loss. Default: that of the task of the network.

    Yields
    ------
    Check
        Comparison of one array.

    Raises
    ------
    HandgradError
        If the network is not in float64, or a layer fails or returns an array of the wrong shape.

    Notes
    -----
    Numerical gradients are central differences, ``(f(w + h) − f(w − h)) / 2h``, whose error shrinks with h². A check
    passes if the relative error is at most 10⁻⁶.

    References
    ----------
    Press, Teukolsky, Vetterling and Flannery, "Numerical recipes", 3rd edition, 2007, section 5.7.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> layers = [hg.Dense(3), hg.Tanh(), hg.Dense(2)]
    >>> network = hg.Network(layers, input_shape=4, dtype=np.float64)
    >>> checks = list(hg.check_gradients(network))
    >>> for check in checks[:4]:
    ...     print(check.layer, check.parameter, check.shape, check.passed)
    0 Dense weights (3, 4) True
    0 Dense biases (3,) True
    0 Dense x (4, 4) True
    1 Tanh x (4, 3) True
    """
    if network.dtype != np.float64:
        raise HandgradError("gradients are checked in float64; make the network with dtype=np.float64")
    rng, classes = np.random.default_rng(seed), len(network.classes)
    loss = (loss or default_loss(network.task or "classification")).fitted(np.arange(classes), classes)
    shape = network.input_shape
    for index, (layer, parameters) in enumerate(zip(network.layers, network.parameters, strict=True)):
        yield from _check_layer(f"{index} {type(layer).__name__}", layer, vars(parameters), shape, rng)
        shape = layer.output_shape(shape)
    yield check_loss(loss, classes, seed)
    yield from _check_network(network, loss, rng)


def check_loss(loss: Loss, classes: int = 10, seed: int = 0) -> Check:
    """Check the gradient of a loss with respect to random logits."""
    rng, name = np.random.default_rng(seed), f"loss {type(loss).__name__}"
    logits, labels = rng.normal(size=(EXAMPLES, classes)), _random_labels(loss.task, classes, rng)
    with _naming(name):
        _, dlogits = loss(logits, labels)
        return _compare(name, "logits", logits, dlogits, lambda: loss(logits, labels)[0], rng)


def _random_labels(task: str, outputs: int, rng: np.random.Generator) -> NDArray[Any]:
    if task == "regression":
        return rng.normal(size=(EXAMPLES, outputs))
    return (
        rng.integers(outputs, size=EXAMPLES)
        if task == "classification"
        else rng.integers(2, size=(EXAMPLES, outputs))
    )


def _check_layer(name: str, layer: Layer, parameters: Any, shape: Any, rng: Any) -> Iterator[Check]:
    """Check the gradients of Σ y · dy for a random dy."""
    copies = SimpleNamespace(**{key: array.copy(order="K") for key, array in parameters.items()})
    gradients = SimpleNamespace(**{key: np.zeros_like(array) for key, array in parameters.items()})
    x, dy = (rng.normal(size=(EXAMPLES, *size)) for size in (shape, layer.output_shape(shape)))
    seed = int(rng.integers(2**63))  # the layer draws the same numbers every time

    def function() -> float:
        return float((layer.forward(copies, x, np.random.default_rng(seed))[0] * dy).sum())

    with _naming(f"layer {name}"):
        y, backward = layer.forward(copies, x, np.random.default_rng(seed))
        dx = np.asarray(backward(dy, gradients))
        for what, array, expected in (("output", y, dy), ("input gradient", dx, x)):
            if np.shape(array) != expected.shape:
                raise ValueError(f"the {what} has shape {np.shape(array)}, not {expected.shape}")
        for key, array in (vars(copies) | {"x": x}).items():
            yield _compare(name, key, array, (vars(gradients) | {"x": dx})[key], function, rng)


def _check_network(network: Network, loss: Loss, rng: np.random.Generator) -> Iterator[Check]:
    """Compare the gradient of a training step, with its chunks, threads and scaling."""
    shape = (EXAMPLES, *network.input_shape)
    inputs = rng.integers(256, size=shape, dtype=np.uint8) if network.scaling else rng.normal(size=shape)
    labels = _random_labels(loss.task, len(network.classes), rng)
    data = Dataset(inputs, labels, network.classes, task=loss.task)
    seed, x, targets = (
        int(rng.integers(2**63)),
        network.scale(data.inputs),
        network.scale_targets(data.labels),
    )

    def function() -> float:
        return loss(network.forward(x, np.random.default_rng((seed, 0)))[0], targets)[0]

    with one_blas_thread(), BatchGradient(network, data, loss, threads=1) as batch_gradient:
        gradients = network.views(batch_gradient(slice(0, EXAMPLES), seed).gradient)
    for index, (parameters, gradient) in enumerate(zip(network.parameters, gradients, strict=True)):
        for name, array in vars(parameters).items():
            values = getattr(gradient, name)
            yield _compare("network", f"{index}.{name}", array, values, function, rng, MOST_OF_NETWORK)


@contextmanager
def _naming(where: str) -> Iterator[None]:
    """Name the layer or loss in which an error occurs."""
    try:
        yield
    except Exception as error:
        reason = str(error) if isinstance(error, HandgradError) else f"{type(error).__name__}: {error}"
        raise HandgradError(f"{where}: {' '.join(reason.split())}") from error


def _compare(
    layer: str, parameter: str, array: Any, gradient: Any, function: Function, rng: Any, most: int = MOST
) -> Check:
    """Change entries of `array` one by one, in place, and observe `function`.

    A step may cross the kink of a ReLU or a max-pool, where there is no derivative to compare with; a smaller step
    seldom does, and a wrong gradient is wrong for every step. Differences that rounding alone can make are not
    counted: a bias before a normalization, for example, has no gradient at all.
    """
    chosen = rng.choice(array.size, most, replace=False) if array.size > most else np.arange(array.size)
    analytic, numerical = gradient.ravel()[chosen].astype(np.float64), np.zeros(len(chosen))
    errors, typical = np.full(len(chosen), np.nan), 0.0
    rounding = 10 * np.finfo(np.float64).eps * abs(function())
    for step in STEPS:
        wrong = ~(errors <= TOLERANCE)
        numerical[wrong] = [_difference(array, place, step, function) for place in chosen[wrong]]
        typical = typical or np.sqrt(np.mean(np.square(numerical))) + 1e-12
        least = max(typical, rounding / step / TOLERANCE)
        largest = np.maximum(np.maximum(abs(analytic), abs(numerical)), least)
        errors[wrong] = (abs(analytic - numerical) / largest)[wrong]
    order = np.argsort(errors)[::-1][:WORST]  # NaN is the first
    places = np.transpose(np.unravel_index(chosen[order], array.shape)).tolist()
    entries = zip(map(tuple, places), analytic[order].tolist(), numerical[order].tolist(), strict=True)
    worst = tuple(Entry(*entry) for entry in entries)
    return Check(layer, parameter, array.shape, len(chosen), float(errors[order[0]]), worst)


def _difference(array: NDArray[Any], place: int, step: float, function: Function) -> float:
    value, results = array.flat[place], []
    for changed in (value + step, value - step):
        array.flat[place] = changed
        results.append(function())
    array.flat[place] = value
    return (results[0] - results[1]) / (2 * step)
