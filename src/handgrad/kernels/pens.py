"""A thicker or a thinner pen, in plain NumPy: grey-scale dilation and erosion, in part."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from handgrad.kernels.types import Floats


def change_pen(images: Floats, strengths: Floats) -> Floats:
    """Move every pixel towards the largest, or the smallest, of the 3 × 3 around it.

    y = x + |t| (m − x), where m is the maximum where t > 0, else the minimum (Haralick, Sternberg and Zhuang, "Image
    analysis using mathematical morphology", IEEE PAMI 9, 1987, section III). Around an image lies 0.

    Parameters
    ----------
    images : ndarray of float32 or float64, shape (N, C, H, W)
        Bright on a background of 0.
    strengths : ndarray, shape (N,)
        t of each image, from −1, all of a pixel off every edge, to 1, all of a pixel more.

    Returns
    -------
    ndarray, shape (N, C, H, W)
        Of the type of `images`.
    """
    around = sliding_window_view(np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1))), (3, 3), axis=(2, 3))
    strengths = strengths.astype(images.dtype)[:, None, None, None]
    edges = np.where(strengths > 0, around.max(axis=(4, 5)), around.min(axis=(4, 5)))
    return images + np.abs(strengths) * (edges - images)
