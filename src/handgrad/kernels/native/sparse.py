"""The dense layer on sparse rows in C."""

from typing import Any

import numpy as np

from handgrad.kernels.backend import kernels
from handgrad.kernels.memory import aligned
from handgrad.kernels.native import fits, is_written, or_numpy
from handgrad.kernels.sparse_rows import SparseRows
from handgrad.kernels.types import Floats


@or_numpy
def sparse_dense(x: SparseRows, weights: Floats, biases: Floats) -> Any:
    by_input = weights.T
    if not (fits("IO O K", by_input, biases, x.values) and len(by_input) == x.width):
        return NotImplemented
    if not (by_input.flags.c_contiguous and biases.flags.c_contiguous):
        return NotImplemented
    y = aligned((len(x), len(biases)), weights.dtype)
    function = kernels.compiled[weights.dtype.char].sparse_dense
    function(len(x), len(biases), *_arrays(x), by_input, biases, y)
    return y


@or_numpy
def sparse_dense_backward(
    dy: Floats,
    x: SparseRows,
    weights: Floats,
    dweights: Floats,
    dbiases: Floats,
    *,
    input_gradient: bool = True,
) -> Any:
    dby_input = dweights.T
    usable = fits("NO IO IO O K", dy, weights.T, dby_input, dbiases, x.values) and x.shape == (
        len(dy),
        len(dby_input),
    )
    if not (usable and is_written(dby_input, dbiases)):
        return NotImplemented
    function = kernels.compiled[dy.dtype.char].sparse_dense_backward
    function(len(x), len(dbiases), np.ascontiguousarray(dy), *_arrays(x), dby_input, dbiases)
    return dy @ weights if input_gradient else None


def _arrays(x: SparseRows) -> Any:
    columns, starts = np.ascontiguousarray(x.columns, np.int32), np.ascontiguousarray(x.starts, np.int64)
    return np.ascontiguousarray(x.values), columns, starts
