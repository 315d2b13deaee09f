"""Images in C; see `handgrad.kernels.images`."""

import numpy as np
from numpy.typing import NDArray

from handgrad.kernels import images as numpy_kernels
from handgrad.kernels.backend import kernels
from handgrad.kernels.memory import aligned, is_real, pointer
from handgrad.kernels.types import Floats


def warp(images: Floats, displacements: NDArray[np.float32]) -> Floats:
    """Compute `handgrad.kernels.images.warp` in C."""
    n, _, height, width = images.shape
    if not is_real(images) or displacements.shape != (n, 2, height, width):
        return numpy_kernels.warp(images, displacements)
    images = np.ascontiguousarray(images)
    displacements = np.ascontiguousarray(displacements, np.float32)
    warped, padded = aligned(images.shape, images.dtype), aligned((height + 3, width + 3), images.dtype)
    kernels.compiled[images.dtype.char].warp(
        *images.shape, pointer(images), pointer(displacements), pointer(warped), pointer(padded)
    )
    return warped


def draw_strokes(
    points: NDArray[np.float64],
    radii: NDArray[np.float64],
    pen_down: NDArray[np.bool_],
    softness: NDArray[np.float64],
    size: int,
) -> NDArray[np.uint8]:
    """Compute `handgrad.kernels.images.draw_strokes` in C."""
    n, count = radii.shape
    shapes = points.shape, pen_down.shape, softness.shape
    if shapes != ((n, count, 2), (n, max(0, count - 1)), (n,)):
        raise ValueError(f"points, pen_down and softness of {n} × {count} points cannot be {shapes}")
    arrays = [np.ascontiguousarray(array, np.float64) for array in (points, radii, softness)]
    pens, images = np.ascontiguousarray(pen_down, np.bool_), np.empty((n, size, size), np.uint8)
    kernels.compiled["d"].draw_strokes(
        *(n, count, size, pointer(arrays[0]), pointer(arrays[1])),
        *(pointer(pens), pointer(arrays[2]), pointer(images)),
    )
    return images
