"""Update rules in C, in one pass over memory; see `handgrad.kernels.optimizers`."""

from typing import Any

import numpy as np

from handgrad.kernels import optimizers as numpy_kernels
from handgrad.kernels.memory import fits, is_real
from handgrad.kernels.native.library import LIBRARY, pointer
from handgrad.kernels.types import Floats


def sgd(w: Floats, g: Floats, learning_rate: float) -> None:
    """Compute `handgrad.kernels.optimizers.sgd` in C."""
    _update("sgd", (w, g), learning_rate)


def momentum(w: Floats, g: Floats, velocity: Floats, momentum: float, learning_rate: float) -> None:
    """Compute `handgrad.kernels.optimizers.momentum` in C."""
    _update("momentum", (w, g, velocity), momentum, learning_rate)


def nesterov(w: Floats, g: Floats, velocity: Floats, momentum: float, learning_rate: float) -> None:
    """Compute `handgrad.kernels.optimizers.nesterov` in C."""
    _update("nesterov", (w, g, velocity), momentum, learning_rate)


def rmsprop(
    w: Floats, g: Floats, second_moment: Floats, decay: float, epsilon: float, learning_rate: float
) -> None:
    """Compute `handgrad.kernels.optimizers.rmsprop` in C."""
    _update("rmsprop", (w, g, second_moment), decay, epsilon, learning_rate)


def adam(
    w: Floats,
    g: Floats,
    first_moment: Floats,
    second_moment: Floats,
    beta1: float,
    beta2: float,
    epsilon: float,
    learning_rate: float,
    step: int,
) -> None:
    """Compute `handgrad.kernels.optimizers.adam` in C."""
    vectors = (w, g, first_moment, second_moment)
    if not _fit(vectors):
        numpy_kernels.adam(*vectors, beta1, beta2, epsilon, learning_rate, step)
        return
    LIBRARY.functions[w.dtype.char].adam(
        *(w.size, *map(pointer, vectors), beta1, beta2, epsilon),
        *(learning_rate / (1 - beta1**step), 1 / (1 - beta2**step)),
    )


def move_average(average: Floats, w: Floats, share: float) -> None:
    """Compute `handgrad.kernels.optimizers.move_average` in C."""
    _update("move_average", (average, w), share)


def _update(name: str, vectors: tuple[Floats, ...], *numbers: float) -> None:
    w = vectors[0]
    if _fit(vectors):
        getattr(LIBRARY.functions[w.dtype.char], name)(w.size, *map(pointer, vectors), *numbers)
    else:
        getattr(numpy_kernels, name)(*vectors, *numbers)


def _fit(vectors: tuple[Any, ...]) -> bool:
    """Whether C can take these; all but the gradient, the second of them, are written."""
    w = vectors[0]
    usable = (fits(v, w.dtype, w.shape, written=k != 1) for k, v in enumerate(vectors))
    return is_real(w) and all(usable) and not np.may_share_memory(w, vectors[1])
