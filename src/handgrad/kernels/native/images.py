"""Convolution and pooling, with the batch last in memory, and the kernels of images in C."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.kernels.backend import kernels
from handgrad.kernels.convolution import output_size
from handgrad.kernels.memory import aligned, batch_first, batch_last, is_real
from handgrad.kernels.native import fits, is_written, or_numpy
from handgrad.kernels.types import Floats, Integers

LANES, FEW = 16, 4
"""Examples in the longest vector, and below which NumPy is faster.

The C functions take any number of examples, but are slow where vectors are not full.
"""


@or_numpy
def convolution(x: Floats, weights: Floats, biases: Floats, stride: int = 1, padding: int = 0) -> Any:
    shape = _output_shape(x, weights, biases, stride, padding)
    if shape is None:
        return NotImplemented
    if 0 < len(x) < LANES:
        return convolution(_whole_vectors(x), weights, biases, stride, padding)[: len(x)]
    y = aligned((*shape[1:], len(x)), x.dtype)
    sizes = (*x.shape, len(weights), weights.shape[2], stride, padding)
    read = batch_last(x), np.ascontiguousarray(weights), np.ascontiguousarray(biases)
    kernels.compiled[x.dtype.char].convolution(*sizes, *read, y, _scratch(x, weights))
    return batch_first(y)


@or_numpy
def convolution_backward(
    dy: Floats,
    x: Floats,
    weights: Floats,
    dweights: Floats,
    dbiases: Floats,
    stride: int = 1,
    padding: int = 0,
    *,
    input_gradient: bool = True,
) -> Any:
    if not (
        _output_shape(x, weights, dbiases, stride, padding) == dy.shape
        and dweights.shape == weights.shape
        and x.dtype == dy.dtype == dweights.dtype
        and is_written(dweights, dbiases)
    ):
        return NotImplemented
    n = len(x)
    if n % LANES:
        dy, x = _whole_vectors(dy), _whole_vectors(x)
    dx = aligned((*x.shape[1:], len(x)), x.dtype) if input_gradient else None
    sizes = (*x.shape, len(weights), weights.shape[2], stride, padding)
    arrays = batch_last(dy), batch_last(x), np.ascontiguousarray(weights), dweights, dbiases, dx
    kernels.compiled[x.dtype.char].convolution_backward(*sizes, *arrays, _scratch(x, weights))
    return None if dx is None else batch_first(dx)[:n]


def _output_shape(
    x: Floats, weights: Floats, biases: Floats, stride: int, padding: int
) -> tuple[int, ...] | None:
    """Return the shape of y; None where C cannot take these, or is slow."""
    if (
        not fits("NCHW OCKK O", x, weights, biases)
        or 0 < len(x) < FEW
        or stride < 1
        or padding < 0
        or min(x.shape[2:]) + 2 * padding < weights.shape[2]
    ):
        return None
    sides = (output_size(side, weights.shape[2], stride, padding) for side in x.shape[2:])
    return (len(x), len(weights), *sides)


def _whole_vectors(x: Floats) -> Floats:
    """Return x (N, …) with zeros as further examples, so that N is a multiple of `LANES`."""
    longer = np.zeros((*x.shape[1:], len(x) + -len(x) % LANES), x.dtype)
    longer[..., : len(x)] = x.transpose(*range(1, x.ndim), 0)
    return batch_first(longer)


def _scratch(x: Floats, weights: Floats) -> Floats:
    """Return memory for packed weights of either pass, or for the sums of the weight gradient.

    As in convolution.c, with the largest blocks and vectors: 8 outputs, or 4 outputs × 5 offsets × 64 bytes.
    """
    (outputs, channels), offsets = weights.shape[:2], weights[0, 0].size
    forward = (outputs + 7) * (channels * offsets + 1)
    backward = (channels + 7) * (outputs * offsets + 1)
    sums = x[:, 0, 0].size + 4 * (channels * offsets + 4) * (64 // x.itemsize)
    return aligned((max(forward, backward, sums),), x.dtype)


@or_numpy
def max_pool(x: Floats, window: int, stride: int) -> Any:
    pooled = _pooled(x, x.shape[2:], window, stride)
    if pooled is None:
        return NotImplemented
    y = aligned((x.shape[1], *pooled, len(x)), x.dtype)
    argmax = np.empty(y.shape, np.uint8)
    kernels.compiled[x.dtype.char].max_pool(*x.shape, window, stride, batch_last(x), y, argmax)
    return batch_first(y), batch_first(argmax)


@or_numpy
def max_pool_backward(dy: Floats, argmax: Integers, image: tuple[int, int], window: int, stride: int) -> Any:
    same = argmax.dtype == np.uint8 and argmax.shape == dy.shape
    if not same or _pooled(dy, image, window, stride) != dy.shape[2:]:
        return NotImplemented
    dx = aligned((dy.shape[1], *image, len(dy)), dy.dtype)
    sizes = (*dy.shape[:2], *image, window, stride)
    kernels.compiled[dy.dtype.char].max_pool_backward(*sizes, batch_last(dy), batch_last(argmax), dx)
    return batch_first(dx)


@or_numpy
def average_pool(x: Floats, window: int, stride: int) -> Any:
    pooled = _pooled(x, x.shape[2:], window, stride)
    if pooled is None:
        return NotImplemented
    y = aligned((x.shape[1], *pooled, len(x)), x.dtype)
    kernels.compiled[x.dtype.char].average_pool(*x.shape, window, stride, batch_last(x), y)
    return batch_first(y)


@or_numpy
def average_pool_backward(dy: Floats, image: tuple[int, int], window: int, stride: int) -> Any:
    if _pooled(dy, image, window, stride) != dy.shape[2:]:
        return NotImplemented
    dx = aligned((dy.shape[1], *image, len(dy)), dy.dtype)
    sizes = (*dy.shape[:2], *image, window, stride)
    kernels.compiled[dy.dtype.char].average_pool_backward(*sizes, batch_last(dy), dx)
    return batch_first(dx)


def _pooled(array: Floats, image: tuple[int, ...], window: int, stride: int) -> tuple[int, ...] | None:
    """Return (H', W'), or None where C cannot take the array."""
    if not (is_real(array) and array.ndim == 4 and 1 <= window <= min(*image, 16) and stride >= 1):
        return None  # positions in a larger window do not fit into a byte
    return tuple(output_size(side, window, stride) for side in image)


@or_numpy
def warp(images: Floats, displacements: NDArray[np.float32]) -> Any:
    n, _, height, width = images.shape
    if not is_real(images) or displacements.shape != (n, 2, height, width):
        return NotImplemented
    read = np.ascontiguousarray(images), np.ascontiguousarray(displacements, np.float32)
    warped, padded = aligned(images.shape, images.dtype), aligned((height + 3, width + 3), images.dtype)
    kernels.compiled[images.dtype.char].warp(*images.shape, *read, warped, padded)
    return warped


@or_numpy
def draw_strokes(
    points: NDArray[np.float64],
    radii: NDArray[np.float64],
    pen_down: NDArray[np.bool_],
    softness: NDArray[np.float64],
    size: int,
) -> Any:
    n, count = radii.shape
    segments = (n, max(0, count - 1))
    if not fits("NPX NP N", points, radii, softness) or (points.shape[2], pen_down.shape) != (2, segments):
        return NotImplemented
    points, radii, softness = (np.ascontiguousarray(array, np.float64) for array in (points, radii, softness))
    images = np.empty((n, size, size), np.uint8)
    pens = np.ascontiguousarray(pen_down, np.bool_)
    kernels.compiled["d"].draw_strokes(n, count, size, points, radii, pens, softness, images)
    return images
