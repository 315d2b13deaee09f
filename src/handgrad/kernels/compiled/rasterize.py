"""The compiled pen."""

from math import ceil, floor, sqrt

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(nogil=True, cache=True)
def draw_strokes(
    points: NDArray[np.float64],
    radii: NDArray[np.float64],
    pen_down: NDArray[np.bool_],
    softness: NDArray[np.float64],
    size: int,
) -> NDArray[np.uint8]:
    """Draw what `handgrad.kernels.rasterize.draw_strokes` draws, visiting only the pixels near a segment."""
    pictures = np.zeros((len(points), size, size), np.uint8)
    for n in range(len(points)):
        half_edge = softness[n] / 2
        scale = 255 / softness[n]
        for s in range(points.shape[1] - 1):
            if not pen_down[n, s]:
                continue
            x, y, r = points[n, s, 0], points[n, s, 1], radii[n, s]
            dx, dy, dr = points[n, s + 1, 0] - x, points[n, s + 1, 1] - y, radii[n, s + 1] - r
            length2 = max(dx * dx + dy * dy, 1e-12)
            reach = max(r, r + dr) + half_edge
            left, right = min(x, x + dx) - reach, max(x, x + dx) + reach
            top, bottom = min(y, y + dy) - reach, max(y, y + dy) + reach
            for row in range(max(0, floor(top)), min(size, ceil(bottom))):
                v = row + 0.5 - y
                for column in range(max(0, floor(left)), min(size, ceil(right))):
                    u = column + 0.5 - x
                    t = min(max((u * dx + v * dy) / length2, 0.0), 1.0)
                    distance = sqrt((u - t * dx) ** 2 + (v - t * dy) ** 2)
                    lightness = round(min(scale * (half_edge + r + t * dr - distance), 255.0))
                    if lightness > pictures[n, row, column]:
                        pictures[n, row, column] = lightness
    return pictures
