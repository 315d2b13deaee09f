"""The dense layer: in C for few outputs and for bytes, else by BLAS; see `handgrad.kernels.dense`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.kernels import dense as numpy_kernels
from handgrad.kernels.backend import kernels
from handgrad.kernels.memory import aligned, fits, is_real, pointer
from handgrad.kernels.types import Floats, as_floats

NARROW, TILE = 16, 64
"""As in dense.c: outputs up to which C is faster than BLAS for hundreds of examples; examples worked on at a time."""


def dense(x: Floats | NDArray[np.uint8], weights: Floats, biases: Floats) -> Floats:
    """Compute `handgrad.kernels.dense.dense`, also of bytes x (N, I), which stand for x / 255."""
    if not _fit(x, weights, biases):
        return numpy_kernels.dense(as_floats(x, weights.dtype), weights, biases)
    by_input, (n, inputs), outputs, dtype = weights.T, x.shape, len(biases), weights.dtype
    y = aligned((n, outputs), dtype)
    as_bytes = x.dtype == np.uint8
    if not as_bytes and (outputs > NARROW or not x.flags.c_contiguous):
        np.matmul(x, by_input, out=y)
        y += biases
        return y
    functions = kernels.compiled[dtype.char]
    function = functions.dense_bytes if as_bytes else functions.dense
    arrays = (np.ascontiguousarray(x), by_input, biases, y, aligned((scratch_size(inputs),), dtype))
    function(n, inputs, outputs, *map(pointer, arrays))
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
    """Compute `handgrad.kernels.dense.dense_backward`, also of bytes x (N, I), which stand for x / 255."""
    by_input, dby_input, dtype = weights.T, dweights.T, weights.dtype
    if not (
        _fit(x, weights, dbiases)
        and dy.dtype == dtype
        and dy.shape == (len(x), len(dbiases))
        and fits(dby_input, dtype, by_input.shape, written=True)
        and dbiases.flags.carray
    ):
        floats = as_floats(x, dtype)
        return numpy_kernels.dense_backward(
            dy, floats, weights, dweights, dbiases, input_gradient=input_gradient
        )
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
    read: Any = (np.ascontiguousarray(dy), np.ascontiguousarray(x))
    if as_bytes:
        arrays = (*read, dby_input, dbiases, scratch)
        functions.dense_bytes_backward(n, inputs, outputs, *map(pointer, arrays))
        return dy @ weights if input_gradient else None
    dx = aligned((n, inputs), dtype) if input_gradient else None
    addresses = map(pointer, (*read, by_input, dby_input, dbiases))
    functions.dense_backward(
        *(n, inputs, outputs, *addresses, None if dx is None else pointer(dx), pointer(scratch))
    )
    return dx


def scratch_size(inputs: int) -> int:
    """Return the number of floats that any of the C functions needs."""
    return 2 * (inputs + TILE + 1) * NARROW + (inputs + 15) * TILE // 4


def _fit(x: NDArray[Any], weights: Floats, biases: Floats) -> bool:
    """Whether the C functions and BLAS can take these; NumPy takes the others, or raises the error."""
    dtype, (outputs, inputs) = weights.dtype, weights.shape
    return (
        is_real(weights)
        and fits(weights.T, dtype, (inputs, outputs))
        and fits(biases, dtype, (outputs,))
        and (x.dtype == np.uint8 or x.dtype == dtype)
        and x.shape[1:] == (inputs,)
    )
