"""Bending pictures, in plain NumPy: every pixel of the result looks up its value elsewhere in the original.

Row y and column x are counted in pixels, from middle to middle. Around a picture lies an endless background of 0.
"""

import numpy as np
from numpy.typing import NDArray

from handgrad.kernels.types import Floats


def warp(images: Floats, displacements: NDArray[np.float32]) -> Floats:
    """Sample images at displaced positions, between pixels bilinearly.

    Pixel (y, x) of the result is the image's value at (y + Δy, x + Δx). There, v below the upper and u right of
    the left of four pixels, with the upper two a and b and the lower two c and d, it is
    ``top + v (bottom − top)``, where ``top = a + u (b − a)`` and ``bottom = c + u (d − c)``. Where Δ is 0, the
    value is left exactly as it is.

    Parameters
    ----------
    images : ndarray of float32 or float64, shape (N, C, H, W)
        Values of any range; 0 is what lies around.
    displacements : ndarray of float32, shape (N, 2, H, W)
        Δy and Δx in pixels, the same for all channels of an image.

    Returns
    -------
    ndarray, shape (N, C, H, W)
        Of the type of `images`.
    """
    n, _, height, width = images.shape
    padded = np.pad(images, ((0, 0), (0, 0), (1, 2), (1, 2)))
    # Beyond one pixel outside there is only background, so farther positions may as well lie there.
    y = np.clip(np.arange(1, height + 1, dtype=np.float32)[:, None] + displacements[:, 0], 0, height + 1)
    x = np.clip(np.arange(1, width + 1, dtype=np.float32) + displacements[:, 1], 0, width + 1)
    row, column = y.astype(np.intp), x.astype(np.intp)
    # Indices on both sides of the slice of channels put these last.
    v, u = (y - row.astype(y.dtype))[..., None], (x - column.astype(x.dtype))[..., None]
    example = np.arange(n)[:, None, None]
    a, b = padded[example, :, row, column], padded[example, :, row, column + 1]
    c, d = padded[example, :, row + 1, column], padded[example, :, row + 1, column + 1]
    top, bottom = a + u * (b - a), c + u * (d - c)
    return np.ascontiguousarray(np.moveaxis(top + v * (bottom - top), -1, 1))
