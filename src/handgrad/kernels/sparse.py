"""The dense layer on sparse rows, and under it its derivative; letters as in `activations.py`.

A number that is zero costs nothing, and only rows of Wᵀ whose input is not zero are read, or get a gradient.
"""

import numpy as np

from handgrad.kernels.sparse_rows import SparseRows
from handgrad.kernels.types import Floats


def sparse_dense(x: SparseRows, weights: Floats, biases: Floats) -> Floats:
    """Compute y = x Wᵀ + b, with sparse x (N, I), weights (O, I), biases (O,) and y (N, O)."""
    y = np.empty((len(x), len(biases)), weights.dtype)
    for row, (columns, values) in zip(y, x.entries(), strict=True):
        row[:] = values @ weights.T[columns] + biases
    return y


def sparse_dense_backward(
    dy: Floats,
    x: SparseRows,
    weights: Floats,
    dweights: Floats,
    dbiases: Floats,
    *,
    input_gradient: bool = True,
) -> Floats | None:
    """Compute dW += dyᵀ x, db += Σₙ dy and dx = dy W, which is not sparse.

    Without `input_gradient` the result is None: in training, the first layer of a network needs no dx.
    """
    for row, (columns, values) in zip(dy, x.entries(), strict=True):
        dweights.T[columns] += np.outer(values, row)
    dbiases += dy.sum(axis=0)
    return dy @ weights if input_gradient else None
