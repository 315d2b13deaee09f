"""The compiled warp."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from handgrad.kernels.types import Floats


@njit(nogil=True, cache=True)
def warp(images: Floats, displacements: NDArray[np.float32]) -> Floats:
    """Sample as `handgrad.kernels.warp.warp` does, one pixel after another."""
    n, channels, height, width = images.shape
    warped = np.empty_like(images)
    padded = np.zeros((height + 3, width + 3), images.dtype)
    # Numbers of these very types keep the arithmetic in float32, and spare indices a test for being negative.
    zero, lowest, rightmost, one = np.float32(0), np.float32(height + 1), np.float32(width + 1), np.uintp(1)
    for example in range(n):
        for channel in range(channels):
            padded[1 : height + 1, 1 : width + 1] = images[example, channel]
            for i in range(height):
                for j in range(width):
                    y = min(max(np.float32(i + 1) + displacements[example, 0, i, j], zero), lowest)
                    x = min(max(np.float32(j + 1) + displacements[example, 1, i, j], zero), rightmost)
                    row, column = np.uintp(y), np.uintp(x)
                    v, u = y - np.float32(row), x - np.float32(column)
                    a, b = padded[row, column], padded[row, column + one]
                    c, d = padded[row + one, column], padded[row + one, column + one]
                    top, bottom = a + u * (b - a), c + u * (d - c)
                    warped[example, channel, i, j] = top + v * (bottom - top)
    return warped
