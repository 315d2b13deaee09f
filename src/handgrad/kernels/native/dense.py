"""The dense layer: in C for few outputs and for bytes, which stand for x / 255; else by BLAS."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.kernels import dense as numpy_kernels
from handgrad.kernels.backend import kernels
from handgrad.kernels.memory import aligned, is_real
from handgrad.kernels.native import is_written
from handgrad.kernels.types import Floats, as_floats

NARROW, TILE = 16, 64
"""As in dense.c: outputs up to which C is faster than BLAS for hundreds of examples; examples worked on at a time."""


def dense(x: Floats | NDArray[np.uint8], weights: Floats, biases: Floats) -> Floats:
    """Compute `handgrad.kernels.dense.dense`."""
    by_input, dtype = weights.T, weights.dtype
    if not _fit(x, by_input, biases):
        return numpy_kernels.dense(as_floats(x, dtype), weights, biases)
    (n, inputs), outputs, as_bytes = x.shape, len(biases), x.dtype == np.uint8
    y = aligned((n, outputs), dtype)
    if not as_bytes and (outputs > NARROW or not x.flags.c_contiguous):
        np.matmul(x, by_input, out=y)
        y += biases
        return y
    functions, scratch = kernels.compiled[dtype.char], aligned((scratch_size(inputs),), dtype)
    function = functions.dense_bytes if as_bytes else functions.dense
    function(n, inputs, outputs, np.ascontiguousarray(x), by_input, biases, y, scratch)
    return y


def dense_backward(
    dy: Floats,
    x: Floats | NDArray[np.uint8],
    weights: Floats,
    dweights: Floats,
    dbiases: Floats,
    *,
    input_gradient: bool = True,
) -> Floats | None:
    """Compute `handgrad.kernels.dense.dense_backward`."""
    by_input, dby_input, dtype = weights.T, dweights.T, weights.dtype
    if not (
        _fit(x, by_input, dbiases)
        and dtype == dy.dtype == dweights.dtype
        and dweights.shape == weights.shape
        and dy.shape == (len(x), len(dbiases))
        and is_written(dby_input, dbiases)
    ):
        x = as_floats(x, dtype)
        return numpy_kernels.dense_backward(dy, x, weights, dweights, dbiases, input_gradient=input_gradient)
    (n, inputs), outputs = x.shape, len(dbiases)
    as_bytes, other_order = x.dtype == np.uint8, not x.flags.c_contiguous
    if not as_bytes and (outputs > NARROW or other_order):
        dby_input += np.matmul(x.T, dy, out=aligned(dby_input.shape, dtype))
        dbiases += dy.sum(axis=0)
        if not input_gradient:
            return None
        if other_order:  # dx in the memory order of x
            return np.matmul(by_input, dy.T, out=aligned((inputs, n), dtype)).T
        return np.matmul(dy, weights, out=aligned((n, inputs), dtype))
    functions, scratch = kernels.compiled[dtype.char], aligned((scratch_size(inputs),), dtype)
    read = np.ascontiguousarray(dy), np.ascontiguousarray(x)
    if as_bytes:
        functions.dense_bytes_backward(n, inputs, outputs, *read, dby_input, dbiases, scratch)
        return dy @ weights if input_gradient else None
    dx = aligned((n, inputs), dtype) if input_gradient else None
    functions.dense_backward(n, inputs, outputs, *read, by_input, dby_input, dbiases, dx, scratch)
    return dx


def scratch_size(inputs: int) -> int:
    """Return the number of floats that any of the C functions needs."""
    return 2 * (inputs + TILE + 1) * NARROW + (inputs + 15) * TILE // 4


def _fit(x: NDArray[Any], by_input: Floats, biases: Floats) -> bool:
    """Whether the C functions and BLAS can take these; NumPy takes the others, or raises the error."""
    return (
        is_real(biases)
        and by_input.dtype == biases.dtype
        and by_input.shape == x.shape[1:] + biases.shape
        and by_input.flags.c_contiguous
        and biases.flags.c_contiguous
        and x.ndim == 2
        and (x.dtype == np.uint8 or x.dtype == biases.dtype)
    )
