"""Batch normalisation in C; see `handgrad.kernels.normalization`."""

import numpy as np

from handgrad.kernels import normalization as numpy_kernels
from handgrad.kernels.memory import aligned, is_real
from handgrad.kernels.native.library import LIBRARY, pointer
from handgrad.kernels.types import Floats


def batch_norm(
    x: Floats, gamma: Floats, beta: Floats, epsilon: float
) -> tuple[Floats, tuple[Floats, Floats]]:
    """Compute `handgrad.kernels.normalization.batch_norm` in C."""
    if not _fit((x,), (gamma, beta)):
        return numpy_kernels.batch_norm(x, gamma, beta, epsilon)
    x, gamma, beta = (np.ascontiguousarray(array) for array in (x, gamma, beta))
    y, normalised, inverse = (aligned(array.shape, x.dtype) for array in (x, x, gamma))
    arrays = (x, gamma, beta, y, normalised, inverse)
    LIBRARY.functions[x.dtype.char].batch_norm(*x.shape, epsilon, *map(pointer, arrays))
    return y, (normalised, inverse)


def batch_norm_backward(
    dy: Floats, normalised: tuple[Floats, Floats], gamma: Floats, dgamma: Floats, dbeta: Floats
) -> Floats:
    """Compute `handgrad.kernels.normalization.batch_norm_backward` in C."""
    sums = (dgamma, dbeta)
    if not _fit((dy, normalised[0]), (normalised[1], gamma, *sums)):
        return numpy_kernels.batch_norm_backward(dy, normalised, gamma, *sums)
    dx = aligned(dy.shape, dy.dtype)
    added = [array if array.flags.carray else np.zeros(array.shape, array.dtype) for array in sums]
    read = (np.ascontiguousarray(array) for array in (dy, *normalised, gamma))
    arrays = (*read, *added, dx)
    LIBRARY.functions[dy.dtype.char].batch_norm_backward(*dy.shape, *map(pointer, arrays))
    for array, more in zip(sums, added, strict=True):
        if array is not more:
            array += more
    return dx


def _fit(batches: tuple[Floats, ...], features: tuple[Floats, ...]) -> bool:
    """Whether the C functions can take these; NumPy takes the others, or raises the error."""
    x = batches[0]
    return (
        is_real(x)
        and x.ndim == 2
        and x.size > 0
        and all(array.dtype == x.dtype for array in (*batches, *features))
        and all(array.shape == x.shape for array in batches)
        and all(array.shape == x.shape[:1] for array in features)
    )
