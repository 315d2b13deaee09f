"""Where `warp` looks: displacement fields, smooth over a picture of H rows and W columns."""

from math import ceil, pi, sqrt

import numpy as np
from numpy.typing import NDArray


def affine_displacements(
    turn: NDArray[np.float64],
    slant: NDArray[np.float64],
    stretch: NDArray[np.float64],
    shift: NDArray[np.float64],
    height: int,
    width: int,
) -> NDArray[np.float32]:
    """Displace so that pictures are stretched, then slanted, then turned about their middle, then shifted.

    With positions (x, y) from the middle of the picture, y downwards, a point of the picture goes to
    ``A (x, y) + shift``, where A is the product of turning, slanting and stretching::

        A = ( cos  −sin ) ( 1  −tan slant ) ( stretch_x   0         )
            ( sin   cos ) ( 0   1         ) (     0       stretch_y )

    A pixel p of the result is therefore found in the original at ``A⁻¹ (p − shift)``.

    Parameters
    ----------
    turn : ndarray of float64, shape (N,)
        Angle in radians, clockwise.
    slant : ndarray of float64, shape (N,)
        Angle in radians by which upright lines lean to the right, between −π/2 and π/2.
    stretch, shift : ndarray of float64, shape (2, N)
        Factors above 0, and pixels: first downwards (y), then to the right (x).
    height, width : int
        H and W.

    Returns
    -------
    ndarray of float32, shape (N, 2, H, W)
        Δy and Δx in pixels.
    """
    cos, sin, tan = np.cos(turn), np.sin(turn), np.tan(slant)
    inverse = np.array([[cos, -sin], [sin + tan * cos, cos - tan * sin]]) / stretch[:, None]
    coefficients = np.array(
        [-(inverse * shift).sum(axis=1), inverse[:, 0] - [[1], [0]], inverse[:, 1] - [[0], [1]]]
    )
    constant, by_y, by_x = coefficients.transpose(0, 2, 1)[..., None, None].astype(np.float32)
    y = (np.arange(height, dtype=np.float32) - (height - 1) / 2)[:, None]
    x = np.arange(width, dtype=np.float32) - (width - 1) / 2
    return by_y * y + (by_x * x + constant)


def gaussian_weights(size: int, std: float) -> NDArray[np.float32]:
    """Weigh random nodes so that their sums, along a row of pixels, are like noise smoothed with a Gaussian.

    Noise in every pixel, smoothed with a Gaussian g of standard deviation σ, is so smooth that noise in nodes
    σ apart does as well: with the weights ``√σ g(distance)``, variance and correlation differ from those of
    ``Σ g(distance) noise`` over all pixels by a share of ``2 exp(−π²)``, one in ten thousand. The nodes go on for
    3 σ beyond both ends, so that the sums vary as much at the edges of a picture as in its middle.

    Parameters
    ----------
    size : int
        Pixels L in the row.
    std : float
        σ in pixels, 1 or above.

    Returns
    -------
    ndarray of float32, shape (L, nodes)
    """
    nodes = ceil((size - 1) / std) + 7
    node = std * (np.arange(nodes) - (nodes - 1) / 2)
    pixel = np.arange(size) - (size - 1) / 2
    distance = (pixel[:, None] - node) / std
    return (np.exp(-(distance**2) / 2) / sqrt(2 * pi * std)).astype(np.float32)
