"""Networks that are learned as a whole, forward and back in one kernel, instead of layer by layer."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from handgrad.kernels.choice import chosen
from handgrad.kernels.perceptron import Perceptron
from handgrad.kernels.types import Integers
from handgrad.model.inference import is_perceptron
from handgrad.model.losses import CrossEntropy, Loss
from handgrad.model.network import Network

WholeStep: TypeAlias = Callable[[NDArray[np.uint8], Integers, NDArray[Any], int], tuple[float, int]]
"""Takes bytes (N, I), labels, a gradient (P,) to add to, and the batch's size; gives loss and right answers."""


def whole_step(network: Network, raw: NDArray[Any], loss: Loss) -> WholeStep | None:
    """Give the kernel for a network as a whole, where there is one and it is faster.

    That is for one hidden layer with ReLU, on bytes, and cross-entropy in which all examples count alike.

    Parameters
    ----------
    network : Network
    raw : (N, I)
        The data as they are.
    loss : Loss
    """
    if not (type(loss) is CrossEntropy and not loss.class_weights):
        return None
    if not is_perceptron(network, raw):
        return None
    kernels = chosen("perceptron")
    hidden, inputs = network.shapes[0]["weights"]
    if not kernels.suits(inputs, hidden, len(network.classes), network.dtype):
        return None
    return partial(_learn, kernels.learn, network, loss.label_smoothing)


def _learn(
    learn: Callable[..., tuple[float, int]],
    network: Network,
    label_smoothing: float,
    raw: NDArray[np.uint8],
    labels: Integers,
    gradient: NDArray[Any],
    total: int,
) -> tuple[float, int]:
    parameters, gradients = (
        Perceptron(first.weights, first.biases, last.weights, last.biases)
        for first, _, last in (network.parameters, network.views(gradient))
    )
    return learn(raw, 255.0, labels, parameters, gradients, label_smoothing, total)
