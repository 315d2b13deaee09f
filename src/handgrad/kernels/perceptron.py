"""A whole network with one hidden layer in one kernel: what its layers compute one after the other."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from handgrad.kernels import bytes as on_bytes
from handgrad.kernels.dense import dense, dense_backward
from handgrad.kernels.logits import count_correct, softmax_cross_entropy
from handgrad.kernels.reference import relu, relu_backward
from handgrad.kernels.types import Floats, Integers


class Perceptron(NamedTuple):
    """Parameters, or gradients, of a hidden layer (H, I), (H,) and of the outputs (C, H), (C,)."""

    hidden_weights: Floats
    hidden_biases: Floats
    weights: Floats
    biases: Floats


def suits(inputs: int, hidden: int, classes: int, dtype: np.dtype[Any]) -> bool:
    """Tell whether this is faster than layer by layer; in plain NumPy it is the same."""
    return False


def learn(
    x: NDArray[np.uint8],
    divisor: float,
    labels: Integers,
    parameters: Perceptron,
    gradients: Perceptron,
    label_smoothing: float,
    total: int,
) -> tuple[float, int]:
    """Compute loss and gradients of softmax(W₂ relu(W₁ x / divisor + b₁) + b₂), by the kernels of its layers.

    Parameters
    ----------
    x : (N, I) of uint8
    divisor : float
    labels : (N,), whole numbers from 0 to C − 1
    parameters, gradients : Perceptron
        The gradients are added to.
    label_smoothing : float
        From 0 to below 1.
    total : int
        What the sum of the losses is divided by.

    Returns
    -------
    loss : float
    correct : int
        Examples whose own class has the largest score.
    """
    z = on_bytes.dense(x, divisor, parameters.hidden_weights, parameters.hidden_biases)
    y = relu(z)
    logits = dense(y, parameters.weights, parameters.biases)
    losses, dlogits = softmax_cross_entropy(logits, labels, label_smoothing)
    dlogits = dlogits / total
    dy = dense_backward(dlogits, y, parameters.weights, gradients.weights, gradients.biases)
    dz = relu_backward(np.asarray(dy), z)
    on_bytes.dense_backward(dz, x, divisor, gradients.hidden_weights, gradients.hidden_biases)
    return float(losses.sum(dtype=np.float64)) / total, count_correct(logits, labels)


def suits_few(examples: int, inputs: int, dtype: np.dtype[Any]) -> bool:
    """Tell whether so few examples are scored faster than layer by layer; in plain NumPy it is the same."""
    return False


def score(
    x: NDArray[np.uint8],
    divisor: float,
    hidden_weights: Floats,
    hidden_biases: Floats,
    weights: Floats,
    biases: Floats,
) -> Floats:
    """Compute W₂ relu(W₁ x / divisor + b₁) + b₂, by the kernels of its layers.

    Parameters
    ----------
    x : (N, I) of uint8
    divisor : float
    hidden_weights : (H, I)
    hidden_biases : (H,)
    weights : (C, H)
    biases : (C,)

    Returns
    -------
    logits : (N, C)
    """
    return dense(relu(on_bytes.dense(x, divisor, hidden_weights, hidden_biases)), weights, biases)
