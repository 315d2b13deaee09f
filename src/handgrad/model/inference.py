"""From values as the data set has them to logits, in whichever way is fastest for so many."""

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import HandgradError
from handgrad.kernels.choice import chosen
from handgrad.kernels.threads import Workers, choose_threads, one_blas_thread
from handgrad.kernels.types import Floats
from handgrad.model.layers.dense import Dense
from handgrad.model.layers.relu import ReLU

if TYPE_CHECKING:
    from handgrad.model.network import Network

PERCEPTRON = [Dense, ReLU, Dense]
"""One hidden layer, for which there are kernels of the whole."""

FEW = 32
"""Examples that are computed sooner than threads are told."""


def is_perceptron(network: "Network", raw: NDArray[Any]) -> bool:
    """Tell whether a network has one hidden layer with ReLU and is given bytes, for which there are kernels."""
    scaling = network.scaling
    return raw.dtype == np.uint8 and scaling is not None and scaling.for_bytes and network.types == PERCEPTRON


def compute_logits(network: "Network", raw: NDArray[Any]) -> Floats:
    """Give the score of each class, before softmax; see `Network.logits`."""
    raw = np.asarray(raw)
    inputs = network.inputs
    if raw.ndim != 2 or raw.shape[1] != inputs:
        if raw.ndim < 2 or prod(raw.shape[1:]) != inputs:
            raise HandgradError(f"the model takes (N, {inputs}) inputs; got an array of shape {raw.shape}")
        raw = raw.reshape(len(raw), inputs)
    if raw.dtype.kind not in "uifb" or (raw.dtype.kind == "f" and not np.isfinite(raw).all()):
        raise HandgradError("the inputs hold values that are not finite numbers; remove or replace them")
    if len(raw) > min(FEW, network.chunk):
        return _shared_out(network, raw)
    if is_perceptron(network, raw):
        kernels = chosen("perceptron")
        if kernels.suits_few(len(raw), inputs, network.dtype):
            hidden, _, last = network.parameters
            return kernels.score(raw, 255.0, hidden.weights, hidden.biases, last.weights, last.biases)
    return network.forward(network.lazily_scaled(raw))[0]


def _shared_out(network: "Network", raw: NDArray[Any]) -> Floats:
    """Compute chunk by chunk, on all threads."""
    logits = np.empty((len(raw), len(network.classes)), network.dtype)

    def compute(part: slice) -> None:
        logits[part] = network.forward(network.lazily_scaled(raw[part]))[0]

    threads = choose_threads()
    size = network.chunk_size(len(raw), threads)
    parts = [slice(start, start + size) for start in range(0, len(raw), size)]
    with one_blas_thread(), Workers(threads) as workers:
        workers.map(compute, parts)
    return logits
