"""A network with one hidden layer, relu(x W₁ᵀ + b₁) W₂ᵀ + b₂, in one call of C.

These functions compute several kernels at once, and so have no definition in NumPy. Calls may be short, so the
addresses of parameters and gradients are taken once. Where C cannot take arrays, or is slower than the kernels of the
layers one by one, the result is None.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from handgrad.kernels.backend import kernels
from handgrad.kernels.memory import address, aligned
from handgrad.kernels.native import fits, is_written
from handgrad.kernels.native.dense import NARROW, TILE, scratch_size
from handgrad.kernels.sparse_rows import is_sparse
from handgrad.kernels.types import Floats, Integers

Classify: TypeAlias = Callable[[NDArray[Any]], tuple[Floats, Integers] | None]
Learn: TypeAlias = Callable[[NDArray[Any], Integers, float, int], tuple[float, int] | None]

FEW_EXAMPLES, FEW_INPUTS = 512, 512
"""Examples and real inputs up to which one call computes faster than calls for each layer, which may use BLAS."""


def mlp(hidden: SimpleNamespace, output: SimpleNamespace) -> Classify | None:
    """Return a function of inputs (N, I) that computes logits (N, C) and the classes with the largest ones (N,).

    The namespaces hold ``weights`` (H, I) and ``biases`` (H,), and ``weights`` (C, H) and ``biases`` (C,).
    """
    arrays = _arrays(hidden, output)
    if arrays is None:
        return None
    (inputs, units), classes, dtype = arrays[0].shape, len(output.biases), arrays[0].dtype
    function, (w1, b1, w2, b2) = kernels.compiled[dtype.char].mlp, map(address, arrays)
    length = TILE * units + scratch_size(max(inputs, units))
    shape, few_inputs = (inputs,), inputs <= FEW_INPUTS
    kept: list[Floats] = []  # scratch memory, one array for each concurrent call

    def classify(x: NDArray[Any]) -> tuple[Floats, Integers] | None:
        as_bytes = x.dtype == np.uint8
        usable = as_bytes or (few_inputs and x.dtype == dtype)
        if not usable or x.shape[1:] != shape or is_sparse(x) or not x.flags.c_contiguous:
            return None
        n = len(x)
        logits, predicted = np.empty((n, classes), dtype), np.empty(n, np.int64)
        scratch = kept.pop() if kept else aligned((length,), dtype)
        out, best, memory = address(logits), address(predicted), address(scratch)
        function(n, inputs, units, classes, as_bytes, address(x), w1, b1, w2, b2, out, best, memory)
        kept.append(scratch)
        return logits, predicted

    classify.arrays = arrays  # type: ignore[attr-defined]  # keeps the memory of the addresses
    return classify


def mlp_gradient(
    hidden: SimpleNamespace, output: SimpleNamespace, dhidden: SimpleNamespace, doutput: SimpleNamespace
) -> Learn | None:
    """Return a function that adds to the gradients of the cross-entropy, and returns loss and correct predictions.

    The function takes inputs (N, I), labels (N,), the label smoothing, and the number by which the sum of the losses
    is divided. It is not for several threads at once. With labels that are not classes it does nothing.
    """
    arrays = _arrays(hidden, output, dhidden, doutput)
    if arrays is None or not is_written(*arrays[4:]):
        return None
    (inputs, units), classes, dtype = arrays[0].shape, len(output.biases), arrays[0].dtype
    size = TILE * (3 * units + 2 * classes + 1) + scratch_size(max(inputs, units))
    loss, scratch = np.zeros(1), np.empty(size, dtype)
    function, addresses = kernels.compiled[dtype.char].mlp_gradient, [*map(address, arrays)]
    last = address(loss), address(scratch)

    def learn(x: NDArray[Any], labels: Integers, label_smoothing: float, total: int) -> Any:
        n, as_bytes = len(x), x.dtype == np.uint8
        usable = as_bytes or (inputs <= FEW_INPUTS and x.dtype == dtype)
        labelled = labels.shape == (n,) and labels.dtype.kind in "iu"
        if not (usable and labelled) or n > FEW_EXAMPLES or x.shape[1:] != (inputs,) or is_sparse(x):
            return None
        x, labels = np.ascontiguousarray(x), np.ascontiguousarray(labels, np.int64)
        loss[0] = 0
        correct = function(
            *(n, inputs, units, classes, as_bytes, address(x), address(labels), *addresses),
            *(label_smoothing, 1 / total, *last),
        )
        return (float(loss[0]), correct) if correct >= 0 else None

    learn.arrays = (*arrays, scratch)  # type: ignore[attr-defined]  # keeps the memory of the addresses
    return learn


def _arrays(*layers: SimpleNamespace) -> list[NDArray[Any]] | None:
    """Return weights (I, H), biases (H,), weights (H, C), biases (C,), and so on; None where C cannot take them."""
    arrays = [array for layer in layers for array in (layer.weights.T, layer.biases)]
    pattern = "IH H HC C " * (len(layers) // 2)
    usable = fits(pattern, *arrays) and all(array.flags.c_contiguous for array in arrays)
    return arrays if usable and 1 <= len(arrays[3]) <= NARROW else None
