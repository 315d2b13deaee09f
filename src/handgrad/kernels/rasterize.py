"""Drawing with a round pen, in plain NumPy: what is drawn, pixel by pixel.

A stroke is a chain of points. Between two neighbouring points the pen lays a segment with round ends, whose
radius runs evenly from that of the first point to that of the second. A pixel is as light as the lightest
segment above its centre makes it.
"""

import numpy as np
from numpy.typing import NDArray


def draw_strokes(
    points: NDArray[np.float64],
    radii: NDArray[np.float64],
    pen_down: NDArray[np.bool_],
    softness: NDArray[np.float64],
    size: int,
) -> NDArray[np.uint8]:
    """Draw N pictures of strokes, light on black, with soft edges.

    A pixel whose centre lies `d` from a segment of radius `r` has the lightness
    ``clip(1/2 + (r - d) / softness, 0, 1)``: the ink fades evenly over an edge as wide as `softness`.

    Parameters
    ----------
    points : ndarray of float64, shape (N, P, 2)
        Way of the pen, ``x`` to the right and ``y`` down, in pixels from the upper left corner of the picture.
    radii : ndarray of float64, shape (N, P)
        Radius of the pen at every point, in pixels.
    pen_down : ndarray of bool, shape (N, P - 1)
        Whether a segment joins a point with the next, or the pen was lifted between them.
    softness : ndarray of float64, shape (N,)
        Width of the edge in pixels, above 0.
    size : int
        Height and width of a picture in pixels.

    Returns
    -------
    ndarray of uint8, shape (N, size, size)
        Lightness of the pixels, 0 to 255.
    """
    centres = np.arange(size) + 0.5
    pixels = np.stack(np.meshgrid(centres, centres), axis=-1)  # (size, size, 2), x before y
    pictures = np.zeros((len(points), size, size))
    for n, s in np.argwhere(pen_down):
        start, way = points[n, s], points[n, s + 1] - points[n, s]
        length2 = max(way @ way, 1e-12)  # two points in one place are a dot
        t = np.clip((pixels - start) @ way / length2, 0, 1)
        distance = np.linalg.norm(pixels - start - t[..., None] * way, axis=-1)
        radius = radii[n, s] + t * (radii[n, s + 1] - radii[n, s])
        lightness = np.clip(0.5 + (radius - distance) / softness[n], 0, 1)
        np.maximum(pictures[n], lightness, out=pictures[n])
    return np.rint(255 * pictures).astype(np.uint8)
