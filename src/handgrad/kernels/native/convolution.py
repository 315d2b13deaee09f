"""Convolution in C, with the batch last in memory; see `handgrad.kernels.convolution`."""

import numpy as np

from handgrad.kernels import convolution as numpy_kernels
from handgrad.kernels.backend import kernels
from handgrad.kernels.convolution import output_size
from handgrad.kernels.memory import aligned, batch_first, batch_last, fits, is_real, pointer
from handgrad.kernels.types import Floats

LANES, FEW = 16, 4
"""Examples in the longest vector, and below which NumPy is faster.

The C functions take any number of examples, but are slow where vectors are not full.
"""


def convolution(x: Floats, weights: Floats, biases: Floats, stride: int = 1, padding: int = 0) -> Floats:
    """Compute `handgrad.kernels.convolution.convolution` in C."""
    shape = _output_shape(x, weights, biases, stride, padding)
    if shape is None:
        return numpy_kernels.convolution(x, weights, biases, stride, padding)
    if 0 < len(x) < LANES:
        return convolution(_whole_vectors(x), weights, biases, stride, padding)[: len(x)]
    y, scratch = aligned((*shape[1:], len(x)), x.dtype), _scratch(x, weights)
    arrays = batch_last(x), np.ascontiguousarray(weights), np.ascontiguousarray(biases), y, scratch
    sizes = (*x.shape, len(weights), weights.shape[2], stride, padding)
    kernels.compiled[x.dtype.char].convolution(*sizes, *map(pointer, arrays))
    return batch_first(y)


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
) -> Floats | None:
    """Compute `handgrad.kernels.convolution.convolution_backward` in C."""
    gradients = (dweights, dbiases)
    if not (
        _output_shape(x, weights, dbiases, stride, padding) == dy.shape
        and dy.dtype == x.dtype
        and fits(dweights, x.dtype, weights.shape, written=True)
        and dbiases.flags.carray
    ):
        return numpy_kernels.convolution_backward(
            dy, x, weights, *gradients, stride, padding, input_gradient=input_gradient
        )
    if len(x) % LANES:
        dy, whole = _whole_vectors(dy), _whole_vectors(x)
        dx = convolution_backward(
            dy, whole, weights, *gradients, stride, padding, input_gradient=input_gradient
        )
        return None if dx is None else dx[: len(x)]
    dx = aligned((*x.shape[1:], len(x)), x.dtype) if input_gradient else None
    arrays = batch_last(dy), batch_last(x), np.ascontiguousarray(weights), *gradients
    scratch, sizes = _scratch(x, weights), (*x.shape, len(weights), weights.shape[2], stride, padding)
    kernels.compiled[x.dtype.char].convolution_backward(
        *(*sizes, *map(pointer, arrays), None if dx is None else pointer(dx), pointer(scratch))
    )
    return None if dx is None else batch_first(dx)


def _output_shape(
    x: Floats, weights: Floats, biases: Floats, stride: int, padding: int
) -> tuple[int, ...] | None:
    """Return the shape of y; None where C cannot take these or is slow: NumPy computes, or raises the error."""
    outputs, channels, window = weights.shape[:3]
    if not (
        (len(x) >= FEW or not len(x))
        and is_real(x)
        and x.ndim == 4
        and x.dtype == weights.dtype == biases.dtype
        and x.shape[1] == channels
        and weights.shape[3] == window
        and biases.shape == (outputs,)
        and stride > 0
        and padding >= 0
        and min(x.shape[2:]) + 2 * padding >= window
    ):
        return None
    return (len(x), outputs, *(output_size(side, window, stride, padding) for side in x.shape[2:]))


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
