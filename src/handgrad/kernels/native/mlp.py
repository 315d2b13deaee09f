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
from handgrad.kernels.memory import LINE, address, aligned, is_real
from handgrad.kernels.native import fits, is_written
from handgrad.kernels.native.dense import NARROW, TILE, scratch_size
from handgrad.kernels.native.vectors import adam_constants
from handgrad.kernels.sparse_rows import is_sparse
from handgrad.kernels.types import Floats, Integers

Classify: TypeAlias = Callable[[NDArray[Any]], tuple[Floats, Integers] | None]
Learn: TypeAlias = Callable[[NDArray[Any], NDArray[Any], Floats | None, int], tuple[float, int] | None]
Steps: TypeAlias = Callable[[Integers, str, list[Floats], list[tuple[float, ...]]], list[tuple[float, int]]]

LOSSES = ("softmax_cross_entropy", "binary_cross_entropy", "squared_error", "huber")
"""In the order of losses.c."""

RULES = {"sgd": 0, "momentum": 1, "nesterov": 1, "rmsprop": 1, "adam": 2}
"""The update rules, with the number of their moments, in the order of mlp.c."""

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
    hidden: SimpleNamespace,
    output: SimpleNamespace,
    dhidden: SimpleNamespace,
    doutput: SimpleNamespace,
    loss: str = "softmax_cross_entropy",
    number: float = 0.0,
) -> Learn | None:
    """Return a function that adds to the gradients of a loss, and returns loss and correct predictions.

    `loss` is one of `LOSSES`, and `number` its label smoothing or δ. The function takes inputs (N, I), targets, (N,)
    labels or (N, C), weights (N,) or None, and the number by which the sum of the losses is divided. It is not for
    several threads at once. With labels that are not classes it does nothing.
    """
    arrays = _arrays(hidden, output, dhidden, doutput)
    if arrays is None or not is_written(*arrays[4:]):
        return None
    (inputs, units), classes, dtype = arrays[0].shape, len(output.biases), arrays[0].dtype
    sum_of_losses, scratch = np.zeros(1), np.empty(_scratch_size(inputs, units, classes), dtype)
    function, addresses = kernels.compiled[dtype.char].mlp_gradient, [*map(address, arrays)]
    kind, last = LOSSES.index(loss), (address(sum_of_losses), address(scratch))

    def learn(x: NDArray[Any], targets: NDArray[Any], weights: Floats | None, total: int) -> Any:
        if len(x) > FEW_EXAMPLES or not _are_examples(x, targets, weights, (inputs, classes), dtype, loss):
            return None
        x, targets = np.ascontiguousarray(x), np.ascontiguousarray(targets, np.int64 if kind == 0 else dtype)
        weights = None if weights is None else np.ascontiguousarray(weights)
        sum_of_losses[0] = 0
        correct = function(
            *(
                len(x),
                inputs,
                units,
                classes,
                x.dtype == np.uint8,
                address(x),
                kind,
                number,
                address(targets),
            ),
            *(address(weights), *addresses, 1 / total, *last),
        )
        return (float(sum_of_losses[0]), correct) if correct >= 0 else None

    learn.arrays = (*arrays, sum_of_losses, scratch)  # type: ignore[attr-defined]  # keeps the memory of the addresses
    return learn


def mlp_steps(
    w: Floats,
    g: Floats,
    units: int,
    x: NDArray[Any],
    targets: NDArray[Any],
    weights: Floats | None,
    batch: int,
    loss: str = "softmax_cross_entropy",
    number: float = 0.0,
) -> Steps | None:
    """Return a function that takes steps of a training, each with the gradient of `mlp_gradient` and an update.

    w (P,) are the parameters, W₁ᵀ b₁ W₂ᵀ b₂; g (P,) becomes the last gradient. The function takes those of the
    examples x (N, I), targets and weights (N,) that follow, (n,), `batch` for each step; the name of an update rule
    and its moments; and for each step what w is multiplied by for its decay, and the numbers of the rule. It returns
    loss and correct predictions of the steps that it took: it ends before one whose loss is not finite.
    """
    inputs, dtype, parameters = x.shape[1], w.dtype, w.size
    classes = (parameters - (inputs + 1) * units) // (units + 1)
    sized = w.shape == g.shape == ((inputs + 1) * units + (units + 1) * classes,) and 1 <= classes <= NARROW
    writes = is_real(w) and dtype == g.dtype and is_written(w, g) and batch <= FEW_EXAMPLES
    fits_network = sized and _are_examples(x, targets, weights, (inputs, classes), dtype, loss)
    if not (fits_network and writes and x.flags.c_contiguous):
        return None
    kind = LOSSES.index(loss)
    targets = np.ascontiguousarray(targets, np.int64 if kind == 0 else dtype)
    weights = None if weights is None else np.ascontiguousarray(weights)
    size = batch * (x[:1].nbytes + targets[:1].nbytes + dtype.itemsize) + LINE
    scratch = aligned((size + _scratch_size(inputs, units, classes) * dtype.itemsize,), np.uint8)
    arrays = targets, weights, w, g, scratch
    function, as_bytes = kernels.compiled[dtype.char].mlp_steps, x.dtype == np.uint8
    *data, memory = len(x), inputs, units, classes, as_bytes, address(x), kind, number, *map(address, arrays)

    def take(
        rows: Integers, rule: str, moments: list[Floats], numbers: list[tuple[float, ...]]
    ) -> list[tuple[float, int]]:
        count = -(-len(rows) // batch)
        same = all(moment.shape == w.shape and moment.dtype == dtype for moment in moments)
        if not (same and is_written(*moments) and len(moments) == RULES[rule] and 0 < count == len(numbers)):
            return []
        if rule == "adam":
            numbers = [(decay, *adam_constants(*others)) for decay, *others in numbers]
        rows, constants = np.ascontiguousarray(rows, np.int64), np.array(numbers, np.float64)
        losses, correct = np.empty(count), np.empty(count, np.int64)
        vectors = map(address, [*moments, None, None][:2])
        which, last = list(RULES).index(rule), map(address, (constants, losses, correct))
        taken = function(
            len(rows), batch, address(rows), *data, which, *vectors, len(numbers[0]), *last, memory
        )
        return list(zip(losses[:taken].tolist(), correct[:taken].tolist(), strict=True))

    take.arrays = x, *arrays  # type: ignore[attr-defined]  # keeps the memory of the addresses
    return take


def _are_examples(
    x: NDArray[Any],
    targets: NDArray[Any],
    weights: Floats | None,
    sizes: tuple[int, int],
    dtype: np.dtype[Any],
    loss: str,
) -> bool:
    """Whether C can take inputs and targets of these sizes, and is faster than the kernels of the layers."""
    inputs, outputs = sizes
    usable = x.dtype == np.uint8 or (inputs <= FEW_INPUTS and x.dtype == dtype)
    weighted = weights is None or (weights.shape == (len(x),) and weights.dtype == dtype)
    labelled = targets.shape == (len(x),) and targets.dtype.kind in "iu"
    if loss != "softmax_cross_entropy":
        labelled = targets.shape == (len(x), outputs)
    return usable and labelled and weighted and x.shape[1:] == (inputs,) and not is_sparse(x)


def _scratch_size(inputs: int, units: int, classes: int) -> int:
    """Return how many numbers the C functions need, beyond those for examples."""
    return TILE * (2 * units + 2 * classes + 1) + scratch_size(max(inputs, units))


def _arrays(*layers: SimpleNamespace) -> list[NDArray[Any]] | None:
    """Return weights (I, H), biases (H,), weights (H, C), biases (C,), and so on; None where C cannot take them."""
    arrays = [array for layer in layers for array in (layer.weights.T, layer.biases)]
    pattern = "IH H HC C " * (len(layers) // 2)
    usable = fits(pattern, *arrays) and all(array.flags.c_contiguous for array in arrays)
    return arrays if usable and 1 <= len(arrays[3]) <= NARROW else None
