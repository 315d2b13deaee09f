"""Pooling in C, with the batch last in memory; see `handgrad.kernels.pooling`."""

import numpy as np

from handgrad.kernels import pooling as numpy_kernels
from handgrad.kernels.backend import kernels
from handgrad.kernels.convolution import output_size
from handgrad.kernels.memory import aligned, batch_first, batch_last, is_real, pointer
from handgrad.kernels.types import Floats, Integers

# The arrays whose addresses are taken have names, so that they are not freed before the call.


def max_pool(x: Floats, window: int, stride: int) -> tuple[Floats, Integers]:
    """Compute `handgrad.kernels.pooling.max_pool` in C."""
    pooled = _pooled(x, x.shape[2:], window, stride)
    if pooled is None:
        return numpy_kernels.max_pool(x, window, stride)
    shape = (x.shape[1], *pooled, len(x))
    arrays = (batch_last(x), aligned(shape, x.dtype), np.empty(shape, np.uint8))
    kernels.compiled[x.dtype.char].max_pool(*x.shape, window, stride, *map(pointer, arrays))
    return batch_first(arrays[1]), batch_first(arrays[2])


def max_pool_backward(
    dy: Floats, argmax: Integers, image: tuple[int, int], window: int, stride: int
) -> Floats:
    """Compute `handgrad.kernels.pooling.max_pool_backward` in C."""
    same = argmax.dtype == np.uint8 and argmax.shape == dy.shape
    if not same or _pooled(dy, image, window, stride) != dy.shape[2:]:
        return numpy_kernels.max_pool_backward(dy, argmax, image, window, stride)
    sizes = (*dy.shape[:2], *image, window, stride)
    arrays = (batch_last(dy), batch_last(argmax), aligned((dy.shape[1], *image, len(dy)), dy.dtype))
    kernels.compiled[dy.dtype.char].max_pool_backward(*sizes, *map(pointer, arrays))
    return batch_first(arrays[2])


def average_pool(x: Floats, window: int, stride: int) -> Floats:
    """Compute `handgrad.kernels.pooling.average_pool` in C."""
    pooled = _pooled(x, x.shape[2:], window, stride)
    if pooled is None:
        return numpy_kernels.average_pool(x, window, stride)
    arrays = (batch_last(x), aligned((x.shape[1], *pooled, len(x)), x.dtype))
    kernels.compiled[x.dtype.char].average_pool(*x.shape, window, stride, *map(pointer, arrays))
    return batch_first(arrays[1])


def average_pool_backward(dy: Floats, image: tuple[int, int], window: int, stride: int) -> Floats:
    """Compute `handgrad.kernels.pooling.average_pool_backward` in C."""
    if _pooled(dy, image, window, stride) != dy.shape[2:]:
        return numpy_kernels.average_pool_backward(dy, image, window, stride)
    sizes = (*dy.shape[:2], *image, window, stride)
    arrays = (batch_last(dy), aligned((dy.shape[1], *image, len(dy)), dy.dtype))
    kernels.compiled[dy.dtype.char].average_pool_backward(*sizes, *map(pointer, arrays))
    return batch_first(arrays[1])


def _pooled(array: Floats, image: tuple[int, ...], window: int, stride: int) -> tuple[int, ...] | None:
    """Return (H', W'); None where the C functions cannot take the array, and NumPy computes or raises the error."""
    if not (is_real(array) and array.ndim == 4 and 1 <= window <= min(*image, 16) and stride >= 1):
        return None  # positions in a larger window do not fit into a byte
    return tuple(output_size(side, window, stride) for side in image)
