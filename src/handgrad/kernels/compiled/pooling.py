"""Compiled pooling: what `handgrad.kernels.pooling` computes, with the batch last in memory."""

import numpy as np
from numba import njit

from handgrad.kernels.convolution import output_size
from handgrad.kernels.memory import batch_first, batch_last
from handgrad.kernels.types import Floats, Integers


def max_pool(x: Floats, window: int, stride: int) -> tuple[Floats, Integers]:
    """Keep the largest value of each window, as `handgrad.kernels.pooling.max_pool` does."""
    x = batch_last(x)
    height, width = (output_size(size, window, stride) for size in x.shape[1:3])
    y = np.empty((len(x), height, width, x.shape[3]), x.dtype)
    places = np.empty(y.shape, np.uint8)
    keep_largest(x, y, places, window, stride)
    return batch_first(y), batch_first(places)


@njit(nogil=True, cache=True)
def keep_largest(x: Floats, y: Floats, places: Integers, window: int, stride: int) -> None:
    """Write the largest value of each window of x (C, H, W, N) to y (C, H', W', N), and its place."""
    for c, i, j in np.ndindex(y.shape[:3]):
        largest, place = y[c, i, j], places[c, i, j]
        largest[:] = x[c, i * stride, j * stride]
        place[:] = 0
        for p in range(1, window * window):
            pixel = x[c, i * stride + p // window, j * stride + p % window]
            for n in range(len(pixel)):
                larger = pixel[n] > largest[n]
                largest[n] = pixel[n] if larger else largest[n]
                place[n] = p if larger else place[n]


def max_pool_backward(
    dy: Floats, places: Integers, image: tuple[int, int], window: int, stride: int
) -> Floats:
    """Pass back to the pixel that was kept, as `handgrad.kernels.pooling.max_pool_backward` does."""
    dx = np.zeros((dy.shape[1], *image, len(dy)), dy.dtype)
    give_to_largest(batch_last(dy), batch_last(places), dx, window, stride)
    return batch_first(dx)


@njit(nogil=True, cache=True)
def give_to_largest(dy: Floats, places: Integers, dx: Floats, window: int, stride: int) -> None:
    """Add dy (C, H', W', N) to the pixels of dx (C, H, W, N) that were the largest of their windows."""
    for c, i, j in np.ndindex(dy.shape[:3]):
        given, place = dy[c, i, j], places[c, i, j]
        for p in range(window * window):
            pixel = dx[c, i * stride + p // window, j * stride + p % window]
            for n in range(len(pixel)):
                pixel[n] += given[n] if place[n] == p else 0
