"""Update rules in C, in one pass over memory; see `handgrad.kernels.optimizers`."""

from functools import wraps
from inspect import signature
from typing import Any

import numpy as np

from handgrad.kernels import optimizers as numpy_kernels
from handgrad.kernels.backend import kernels
from handgrad.kernels.memory import fits, is_real, pointer
from handgrad.kernels.types import Floats


def _compiled(rule: Any, count: int) -> Any:
    """Return a rule that takes `count` vectors, then numbers, as the C function of the same name computes it."""

    @wraps(rule)
    def update(*arguments: Any, **named: Any) -> None:
        if named:
            arguments = signature(rule).bind(*arguments, **named).args
        vectors = arguments[:count]
        if _fit(vectors):
            function = getattr(kernels.compiled[vectors[0].dtype.char], rule.__name__)
            function(vectors[0].size, *map(pointer, vectors), *arguments[count:])
        else:
            rule(*arguments)

    update.__module__ = __name__
    return update


sgd = _compiled(numpy_kernels.sgd, 2)
momentum = _compiled(numpy_kernels.momentum, 3)
nesterov = _compiled(numpy_kernels.nesterov, 3)
rmsprop = _compiled(numpy_kernels.rmsprop, 3)
move_average = _compiled(numpy_kernels.move_average, 2)


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
    kernels.compiled[w.dtype.char].adam(
        *(w.size, *map(pointer, vectors), beta1, beta2, epsilon),
        *(learning_rate / (1 - beta1**step), 1 / (1 - beta2**step)),
    )


def _fit(vectors: tuple[Floats, ...]) -> bool:
    """Whether C can take these; all but the gradient, the second of them, are written."""
    w = vectors[0]
    usable = (fits(v, w.dtype, w.shape, written=k != 1) for k, v in enumerate(vectors))
    return is_real(w) and all(usable) and not np.may_share_memory(w, vectors[1])
