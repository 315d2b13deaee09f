"""A whole network with one hidden layer: relu(x W₁ᵀ + b₁) W₂ᵀ + b₂.

These functions call the kernels in use, so that they work with any backend. The compiled library computes each in one
call. Parameters are passed once, since calls may be short.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from handgrad.kernels.backend import kernels
from handgrad.kernels.types import Floats, Integers, as_floats

Inputs: TypeAlias = NDArray[Any]
"""(N, I): floats, or uint8 values, which stand for x / 255."""

Classify: TypeAlias = Callable[[Inputs], tuple[Floats, Integers]]
Learn: TypeAlias = Callable[[Inputs, Integers, float, int], tuple[float, int]]


def mlp(hidden: SimpleNamespace, output: SimpleNamespace) -> Classify:
    """Return a function of inputs that computes logits (N, C) and the classes with the largest ones (N,).

    Parameters
    ----------
    hidden, output : namespaces of arrays
        ``weights`` (H, I) and ``biases`` (H,); ``weights`` (C, H) and ``biases`` (C,).
    """

    def classify(x: Inputs) -> tuple[Floats, Integers]:
        y = kernels.relu(kernels.dense(_accepted(x, hidden), hidden.weights, hidden.biases))
        logits = kernels.dense(y, output.weights, output.biases)
        return logits, logits.argmax(axis=1)

    return classify


def mlp_gradient(
    hidden: SimpleNamespace, output: SimpleNamespace, dhidden: SimpleNamespace, doutput: SimpleNamespace
) -> Learn:
    """Return a function that adds to the gradients of the cross-entropy, and returns loss and correct predictions.

    The function takes inputs (N, I), labels (N,), the label smoothing, and the number by which the sum of the losses
    is divided. It is not for several threads at once.

    Parameters
    ----------
    hidden, output : namespaces of arrays
        As in `mlp`.
    dhidden, doutput : namespaces of arrays
        The gradients, of the same shapes.
    """

    def learn(x: Inputs, labels: Integers, label_smoothing: float, total: int) -> tuple[float, int]:
        x = _accepted(x, hidden)
        z = kernels.dense(x, hidden.weights, hidden.biases)
        y = kernels.relu(z)
        logits = kernels.dense(y, output.weights, output.biases)
        losses, dlogits = kernels.softmax_cross_entropy(logits, labels, label_smoothing)
        correct = kernels.count_correct(logits, labels)
        dlogits = dlogits / total
        dy = kernels.dense_backward(dlogits, y, output.weights, doutput.weights, doutput.biases)
        dz = kernels.relu_backward(dy, z)
        kernels.dense_backward(dz, x, hidden.weights, dhidden.weights, dhidden.biases, input_gradient=False)
        return float(losses.sum(dtype=np.float64)) / total, correct

    return learn


def _accepted(x: Inputs, hidden: SimpleNamespace) -> Inputs:
    return x if kernels.takes_bytes else as_floats(x, hidden.weights.dtype)
