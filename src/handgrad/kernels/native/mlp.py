"""A network with one hidden layer in one call of C; see `handgrad.kernels.mlp`.

The addresses of parameters and gradients are taken once.
"""

from types import SimpleNamespace
from typing import Any

import numpy as np

from handgrad.kernels import mlp as composed
from handgrad.kernels.memory import aligned, fits, is_real
from handgrad.kernels.mlp import Classify, Inputs, Learn
from handgrad.kernels.native.dense import NARROW, TILE, scratch_size
from handgrad.kernels.native.library import LIBRARY, pointer
from handgrad.kernels.types import Floats, Integers

FEW_EXAMPLES = 512
"""Examples up to which one call computes gradients faster than a call for each layer."""

FEW_INPUTS = 512
"""Numbers of an example up to which the C kernel for real inputs is as fast as BLAS."""


def mlp(hidden: SimpleNamespace, output: SimpleNamespace) -> Classify:
    """Compute `handgrad.kernels.mlp.mlp` in C."""
    layer_by_layer = composed.mlp(hidden, output)
    arrays = (hidden.weights.T, hidden.biases, output.weights.T, output.biases)
    if not _fit(arrays, hidden, output):
        return layer_by_layer
    (inputs, units), classes = arrays[0].shape, len(output.biases)
    dtype = hidden.weights.dtype
    function, addresses = LIBRARY.functions[dtype.char].mlp, tuple(map(pointer, arrays))
    w1, b1, w2, b2 = addresses
    rest, shape, few_inputs = _rest(inputs, units), (inputs,), inputs <= FEW_INPUTS
    kept: list[Floats] = []  # scratch memory, one array for each concurrent call

    def classify(x: Inputs) -> tuple[Floats, Integers]:
        as_bytes = x.dtype == np.uint8
        fits = x.shape[1:] == shape and (as_bytes or (few_inputs and x.dtype == dtype))
        if not (fits and x.flags.c_contiguous):
            return layer_by_layer(x)
        n = len(x)
        logits, predicted = np.empty((n, classes), dtype), np.empty(n, np.int64)
        scratch = kept.pop() if kept else aligned((TILE * units + rest,), dtype)
        out, best, memory = pointer(logits), pointer(predicted), pointer(scratch)
        function(n, inputs, units, classes, as_bytes, pointer(x), w1, b1, w2, b2, out, best, memory)
        kept.append(scratch)
        return logits, predicted

    classify.arrays = arrays  # type: ignore[attr-defined]  # keeps the memory of the addresses
    return classify


def mlp_gradient(
    hidden: SimpleNamespace, output: SimpleNamespace, dhidden: SimpleNamespace, doutput: SimpleNamespace
) -> Learn:
    """Compute `handgrad.kernels.mlp.mlp_gradient` in C."""
    layer_by_layer = composed.mlp_gradient(hidden, output, dhidden, doutput)
    arrays = (hidden.weights.T, hidden.biases, output.weights.T, output.biases)
    gradients = (dhidden.weights.T, dhidden.biases, doutput.weights.T, doutput.biases)
    if not (_fit(arrays, hidden, output) and _fit(gradients, hidden, output, written=True)):
        return layer_by_layer
    (inputs, units), classes = arrays[0].shape, len(output.biases)
    dtype = hidden.weights.dtype
    function, addresses = LIBRARY.functions[dtype.char].mlp_gradient, tuple(map(pointer, arrays + gradients))
    scratch = np.empty(TILE * (3 * units + 2 * classes + 1) + _rest(inputs, units), dtype)
    loss = np.zeros(1)
    last = (pointer(loss), pointer(scratch))

    def learn(x: Inputs, labels: Integers, label_smoothing: float, total: int) -> tuple[float, int]:
        as_bytes = x.dtype == np.uint8
        few = len(x) <= FEW_EXAMPLES and _takes(x, as_bytes, inputs, dtype)
        if not (few and labels.shape == (len(x),) and labels.dtype.kind in "iu"):
            return layer_by_layer(x, labels, label_smoothing, total)
        x, labels = np.ascontiguousarray(x), np.ascontiguousarray(labels, np.int64)
        loss[0] = 0
        correct = function(
            *(len(x), inputs, units, classes, as_bytes, pointer(x), pointer(labels), *addresses),
            *(label_smoothing, 1 / total, *last),
        )
        if correct < 0:
            raise IndexError(f"{-1 - correct} labels are not classes from 0 to {classes - 1}")
        return float(loss[0]), correct

    learn.arrays = (*arrays, *gradients, scratch)  # type: ignore[attr-defined]  # keeps the memory of the addresses
    return learn


def _fit(
    arrays: tuple[Any, ...], hidden: SimpleNamespace, output: SimpleNamespace, written: bool = False
) -> bool:
    """Whether C can take weights (I, H), biases (H,), weights (H, C) and biases (C,)."""
    (units, inputs), classes, dtype = hidden.weights.shape, len(output.biases), hidden.weights.dtype
    shapes = (inputs, units), (units,), (units, classes), (classes,)
    usable = (fits(a, dtype, shape, written=written) for a, shape in zip(arrays, shapes, strict=True))
    return is_real(hidden.weights) and 1 <= classes <= NARROW and all(usable)


def _takes(x: Inputs, as_bytes: bool, inputs: int, dtype: np.dtype[Any]) -> bool:
    return x.ndim == 2 and x.shape[1] == inputs and (as_bytes or (x.dtype == dtype and inputs <= FEW_INPUTS))


def _rest(inputs: int, units: int) -> int:
    """Return what the kernels of the layers take of scratch memory."""
    return max(scratch_size(inputs), scratch_size(units))
