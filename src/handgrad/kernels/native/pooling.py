"""Pooling in C, with the batch last in memory; see `handgrad.kernels.pooling`."""

import numpy as np

from handgrad.kernels import pooling as numpy_kernels
from handgrad.kernels.convolution import output_size
from handgrad.kernels.memory import aligned, batch_first, batch_last, is_real
from handgrad.kernels.native.library import LIBRARY, pointer
from handgrad.kernels.types import Floats, Integers

# The arrays whose addresses are taken have names, so that they are not freed before the call.

LARGEST_WINDOW = 16
"""The largest window whose positions fit into a byte."""


def max_pool(x: Floats, window: int, stride: int) -> tuple[Floats, Integers]:
    """Compute `handgrad.kernels.pooling.max_pool` in C."""
    if not _fit(x, (x.shape[2], x.shape[3]), window, stride):
        return numpy_kernels.max_pool(x, window, stride)
    y = _pooled(x, window, stride)
    argmax = np.empty(y.shape, np.uint8)
    arrays = (batch_last(x), y, argmax)
    LIBRARY.functions[x.dtype.char].max_pool(*x.shape, window, stride, *map(pointer, arrays))
    return batch_first(y), batch_first(argmax)


def max_pool_backward(
    dy: Floats, argmax: Integers, image: tuple[int, int], window: int, stride: int
) -> Floats:
    """Compute `handgrad.kernels.pooling.max_pool_backward` in C."""
    same = argmax.dtype == np.uint8 and argmax.shape == dy.shape
    if not (same and _fit(dy, image, window, stride) and _match(dy, image, window, stride)):
        return numpy_kernels.max_pool_backward(dy, argmax, image, window, stride)
    n, channels = dy.shape[:2]
    dx = aligned((channels, *image, n), dy.dtype)
    arrays = (batch_last(dy), batch_last(argmax), dx)
    LIBRARY.functions[dy.dtype.char].max_pool_backward(
        *(n, channels, *image, window, stride), *map(pointer, arrays)
    )
    return batch_first(dx)


def average_pool(x: Floats, window: int, stride: int) -> Floats:
    """Compute `handgrad.kernels.pooling.average_pool` in C."""
    if not _fit(x, (x.shape[2], x.shape[3]), window, stride):
        return numpy_kernels.average_pool(x, window, stride)
    y = _pooled(x, window, stride)
    arrays = (batch_last(x), y)
    LIBRARY.functions[x.dtype.char].average_pool(*x.shape, window, stride, *map(pointer, arrays))
    return batch_first(y)


def average_pool_backward(dy: Floats, image: tuple[int, int], window: int, stride: int) -> Floats:
    """Compute `handgrad.kernels.pooling.average_pool_backward` in C."""
    if not (_fit(dy, image, window, stride) and _match(dy, image, window, stride)):
        return numpy_kernels.average_pool_backward(dy, image, window, stride)
    n, channels = dy.shape[:2]
    dx = aligned((channels, *image, n), dy.dtype)
    arrays = (batch_last(dy), dx)
    LIBRARY.functions[dy.dtype.char].average_pool_backward(
        *(n, channels, *image, window, stride), *map(pointer, arrays)
    )
    return batch_first(dx)


def _fit(array: Floats, image: tuple[int, int], window: int, stride: int) -> bool:
    """Whether the C functions can take these; NumPy takes the others, or raises the error."""
    return is_real(array) and array.ndim == 4 and 1 <= window <= min(*image, LARGEST_WINDOW) and stride >= 1


def _match(dy: Floats, image: tuple[int, int], window: int, stride: int) -> bool:
    return dy.shape[2:] == tuple(output_size(side, window, stride) for side in image)


def _pooled(x: Floats, window: int, stride: int) -> Floats:
    n, channels, height, width = x.shape
    sides = (output_size(side, window, stride) for side in (height, width))
    return aligned((channels, *sides, n), x.dtype)
