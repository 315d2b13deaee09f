"""Compiled batch normalisation: what `handgrad.kernels.normalization` computes, feature by feature."""

from math import sqrt

import numpy as np
from numba import njit

from handgrad.kernels.compiled.sums import ANY_ORDER
from handgrad.kernels.types import Floats


def batch_norm(
    x: Floats, scale: Floats, shift: Floats, epsilon: float
) -> tuple[Floats, tuple[Floats, Floats]]:
    """Normalise as `handgrad.kernels.normalization.batch_norm` does."""
    y, normalised, inverse = np.empty_like(x), np.empty_like(x), np.empty_like(scale)
    normalise(x, scale, shift, epsilon, y, normalised, inverse)
    return y, (normalised, inverse)


@njit(nogil=True, cache=True, fastmath=ANY_ORDER)
def normalise(
    x: Floats, scale: Floats, shift: Floats, epsilon: float, y: Floats, normalised: Floats, inverse: Floats
) -> None:
    """Fill y and normalised (C, M) and inverse (C,) from x (C, M)."""
    number = x.dtype.type
    for c in range(len(x)):
        row, kept, out = x[c], normalised[c], y[c]
        total = number(0)
        for m in range(len(row)):
            total += row[m]
        mean = total / number(len(row))
        squares = number(0)
        for m in range(len(row)):
            squares += (row[m] - mean) * (row[m] - mean)
        inverse[c] = number(1) / number(sqrt(squares / number(len(row)) + number(epsilon)))
        for m in range(len(row)):
            kept[m] = (row[m] - mean) * inverse[c]
            out[m] = kept[m] * scale[c] + shift[c]


def batch_norm_backward(
    dy: Floats, normalised: tuple[Floats, Floats], scale: Floats, dscale: Floats, dshift: Floats
) -> Floats:
    """Pass back as `handgrad.kernels.normalization.batch_norm_backward` does."""
    dx = np.empty_like(dy)
    pass_back(dy, *normalised, scale, dscale, dshift, dx)
    return dx


@njit(nogil=True, cache=True, fastmath=ANY_ORDER)
def pass_back(
    dy: Floats, normalised: Floats, inverse: Floats, scale: Floats, dscale: Floats, dshift: Floats, dx: Floats
) -> None:
    """Fill dx (C, M) from dy (C, M), and add to dscale and dshift (C,)."""
    number = dy.dtype.type
    for c in range(len(dy)):
        given, kept, out = dy[c], normalised[c], dx[c]
        along, total = number(0), number(0)
        for m in range(len(given)):
            along += given[m] * kept[m]
            total += given[m]
        dscale[c] += along
        dshift[c] += total
        slope = scale[c] * inverse[c]
        turn, mean = along / number(len(given)), total / number(len(given))
        for m in range(len(given)):
            out[m] = slope * (given[m] - mean - kept[m] * turn)
