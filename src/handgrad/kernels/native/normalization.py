"""Batch normalisation in C; see `handgrad.kernels.normalization`."""

import numpy as np

from handgrad.kernels import normalization as numpy_kernels
from handgrad.kernels.backend import kernels
from handgrad.kernels.memory import aligned, fits, is_real, pointer
from handgrad.kernels.types import Floats


def batch_norm(
    x: Floats, gamma: Floats, beta: Floats, epsilon: float
) -> tuple[Floats, tuple[Floats, Floats]]:
    """Compute `handgrad.kernels.normalization.batch_norm` in C."""
    if not _fit((x,), (gamma, beta)):
        return numpy_kernels.batch_norm(x, gamma, beta, epsilon)
    read = tuple(np.ascontiguousarray(array) for array in (x, gamma, beta))
    y, normalised, inverse = (aligned(array.shape, x.dtype) for array in (x, x, gamma))
    addresses = map(pointer, (*read, y, normalised, inverse))
    kernels.compiled[x.dtype.char].batch_norm(*x.shape, epsilon, *addresses)
    return y, (normalised, inverse)


def batch_norm_backward(
    dy: Floats, normalised: tuple[Floats, Floats], gamma: Floats, dgamma: Floats, dbeta: Floats
) -> Floats:
    """Compute `handgrad.kernels.normalization.batch_norm_backward` in C."""
    x, inverse = normalised
    added = all(fits(array, dy.dtype, dy.shape[:1], written=True) for array in (dgamma, dbeta))
    if not (added and _fit((dy, x), (inverse, gamma))):
        return numpy_kernels.batch_norm_backward(dy, normalised, gamma, dgamma, dbeta)
    dx = aligned(dy.shape, dy.dtype)
    read = tuple(np.ascontiguousarray(array) for array in (dy, x, inverse, gamma))
    addresses = map(pointer, (*read, dgamma, dbeta, dx))
    kernels.compiled[dy.dtype.char].batch_norm_backward(*dy.shape, *addresses)
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
