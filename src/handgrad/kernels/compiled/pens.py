"""The compiled change of pen: columns first, then rows."""

import numpy as np
from numba import njit

from handgrad.kernels.types import Floats


@njit(nogil=True, cache=True)
def change_pen(images: Floats, strengths: Floats) -> Floats:
    """Move every pixel as `handgrad.kernels.pens.change_pen` does."""
    n, channels, height, width = images.shape
    changed = np.empty_like(images)
    rows = np.zeros((height + 2, width + 2), images.dtype)
    columns = np.zeros(width + 2, images.dtype)
    for example in range(n):
        share = images.dtype.type(abs(strengths[example]))
        thicker = strengths[example] > 0
        for channel in range(channels):
            rows[1 : height + 1, 1 : width + 1] = images[example, channel]
            for i in range(height):
                above, here, below = rows[i], rows[i + 1], rows[i + 2]
                for j in range(width + 2):
                    if thicker:
                        columns[j] = max(above[j], here[j], below[j])
                    else:
                        columns[j] = min(above[j], here[j], below[j])
                for j in range(width):
                    if thicker:
                        edge = max(columns[j], columns[j + 1], columns[j + 2])
                    else:
                        edge = min(columns[j], columns[j + 1], columns[j + 2])
                    changed[example, channel, i, j] = here[j + 1] + share * (edge - here[j + 1])
    return changed
