"""Images: sampling at displaced positions, displacement fields, and drawing with a round pen.

Row y and column x are counted in pixels, between the centres of pixels. Around an image lies a background of 0.
"""

from math import ceil, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from handgrad.kernels.memory import aligned
from handgrad.kernels.types import Floats


def warp(images: Floats, displacements: NDArray[np.float32]) -> Floats:
    """Sample images (N, C, H, W) at displaced positions, between pixels bilinearly.

    Pixel (y, x) of the result is the image's value at (y + Δy, x + Δx). There, v below the upper and u right of
    the left of four pixels, with the upper two a and b and the lower two c and d, it is
    ``top + v (bottom − top)``, where ``top = a + u (b − a)`` and ``bottom = c + u (d − c)``. Where Δ is 0, the
    value does not change at all. The displacements (N, 2, H, W), float32, are Δy and Δx in pixels, the same for all
    channels of an image.
    """
    n, _, height, width = images.shape
    padded = np.pad(images, ((0, 0), (0, 0), (1, 2), (1, 2)))
    # beyond one pixel outside there is only background
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


def affine_displacements(
    turn: NDArray[np.float64],
    slant: NDArray[np.float64],
    stretch: NDArray[np.float64],
    shift: NDArray[np.float64],
    height: int,
    width: int,
) -> NDArray[np.float32]:
    """Return displacements that stretch, then slant, then turn images about their middle, then shift them.

    With positions (x, y) from the middle of the image, y downwards, a point of the image goes to
    ``A (x, y) + shift``, where A is the product of turning, slanting and stretching::

        A = ( cos  −sin ) ( 1  −tan slant ) ( stretch_x   0         )
            ( sin   cos ) ( 0   1         ) (     0       stretch_y )

    A pixel p of the result is therefore found in the original at ``A⁻¹ (p − shift)``. `turn` and `slant` (N,) are
    angles in radians: clockwise, and by which upright lines lean to the right, between −π/2 and π/2. `stretch` and
    `shift` (2, N) are factors above 0 and pixels, first downwards (y), then to the right (x). Returns (N, 2, H, W).
    """
    cos, sin, tan = np.cos(turn), np.sin(turn), np.tan(slant)
    inverse = np.array([[cos, -sin], [sin + tan * cos, cos - tan * sin]]) / stretch[:, None]
    terms = np.array([-(inverse * shift).sum(axis=1), inverse[:, 0] - [[1], [0]], inverse[:, 1] - [[0], [1]]])
    constant, by_y, by_x = terms.transpose(0, 2, 1)[..., None, None].astype(np.float32)
    y = (np.arange(height, dtype=np.float32) - (height - 1) / 2)[:, None]
    x = np.arange(width, dtype=np.float32) - (width - 1) / 2
    field = aligned((len(turn), 2, height, width), np.float32)
    return np.add(by_y * y, by_x * x + constant, out=field)


def gaussian_weights(size: int, std: float) -> NDArray[np.float32]:
    """Return weights (size, nodes) of random nodes, whose sums along a row are like noise smoothed with a Gaussian.

    Noise in every pixel, smoothed with a Gaussian g of standard deviation σ = `std` ≥ 1 pixel, is so smooth that
    noise in nodes σ apart suffices: with the weights ``√σ g(distance)``, variance and correlation differ from those
    of ``Σ g(distance) noise`` over all pixels by a share of ``2 exp(−π²)``, one in ten thousand. The nodes extend
    3 σ beyond both ends, so that the sums vary at the edges of an image as in its middle.
    """
    nodes = ceil((size - 1) / std) + 7
    node = std * (np.arange(nodes) - (nodes - 1) / 2)
    pixel = np.arange(size) - (size - 1) / 2
    distance = (pixel[:, None] - node) / std
    return (np.exp(-(distance**2) / 2) / sqrt(2 * pi * std)).astype(np.float32)


def draw_strokes(
    points: NDArray[np.float64],
    radii: NDArray[np.float64],
    pen_down: NDArray[np.bool_],
    softness: NDArray[np.float64],
    size: int,
) -> NDArray[np.uint8]:
    """Draw N images of strokes, light on black, with soft edges.

    A pixel whose centre lies `d` from a segment of radius `r` has the lightness
    ``clip(1/2 + (r - d) / softness, 0, 1)``: the ink fades evenly over an edge as wide as `softness`.

    `points` (N, P, 2) are the path of the pen, x to the right and y down, in pixels from the upper left corner of the
    image, with its `radii` (N, P) there; `pen_down` (N, P − 1) is whether it joins a point with the next; `softness`
    (N,) is the width of the edge in pixels, above 0. Images are (N, size, size).
    """
    centres = np.arange(size) + 0.5
    pixels = np.stack(np.meshgrid(centres, centres), axis=-1)  # (size, size, 2), x before y
    images = np.zeros((len(points), size, size))
    for n, s in np.argwhere(pen_down):
        start, way = points[n, s], points[n, s + 1] - points[n, s]
        length2 = max(way @ way, 1e-12)  # two points in one place are a dot
        t = np.clip((pixels - start) @ way / length2, 0, 1)
        distance = np.linalg.norm(pixels - start - t[..., None] * way, axis=-1)
        radius = radii[n, s] + t * (radii[n, s + 1] - radii[n, s])
        lightness = np.clip(0.5 + (radius - distance) / softness[n], 0, 1)
        np.maximum(images[n], lightness, out=images[n])
    return np.rint(255 * images).astype(np.uint8)
