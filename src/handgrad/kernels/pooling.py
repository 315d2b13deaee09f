"""Pooling of images in plain NumPy: every function, and under it its derivative; letters as in `convolution.py`."""

from itertools import product

import numpy as np

from handgrad.kernels.convolution import windows, windows_backward
from handgrad.kernels.types import Floats, Integers


def max_pool(x: Floats, window: int, stride: int) -> tuple[Floats, Integers]:
    """Compute the largest value of each window: (N, C, H, W) to y (N, C, H', W') and argmax (N, C, H', W').

    The latter is the offset of each maximum in its window, row by row; of equal values the first.
    """
    views = windows(x, window, stride)
    y, argmax = views[..., 0, 0].copy(), np.zeros(views.shape[:4], np.uint8)
    for offset, (row, column) in enumerate(product(range(window), repeat=2)):
        larger = views[..., row, column] > y
        np.copyto(y, views[..., row, column], where=larger)
        argmax[larger] = offset
    return y, argmax


def max_pool_backward(
    dy: Floats, argmax: Integers, image: tuple[int, int], window: int, stride: int
) -> Floats:
    """Compute dx += dy · [offset = argmax] for each pixel of a window; (N, C, H', W') to (N, C, H, W)."""
    dx = np.zeros((*dy.shape[:2], *image), dy.dtype)
    offsets = np.arange(window**2).reshape(window, window)
    dwindows = dy[..., None, None] * (argmax[..., None, None] == offsets)
    windows_backward(dwindows, dx, stride)
    return dx


def average_pool(x: Floats, window: int, stride: int) -> Floats:
    """Compute the average of each window: (N, C, H, W) to (N, C, H', W')."""
    return windows(x, window, stride).mean(axis=(4, 5))


def average_pool_backward(dy: Floats, image: tuple[int, int], window: int, stride: int) -> Floats:
    """Compute dx += dy / K² for all pixels of a window; (N, C, H', W') to (N, C, H, W)."""
    dx = np.zeros((*dy.shape[:2], *image), dy.dtype)
    shares = np.broadcast_to((dy / window**2)[..., None, None], (*dy.shape, window, window))
    windows_backward(shares, dx, stride)
    return dx
