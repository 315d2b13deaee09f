"""From raw values to logits and classes: few examples at once, many chunk by chunk on threads."""

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.threads import Workers, choose_threads, one_blas_thread
from handgrad.kernels.types import Floats, Integers

if TYPE_CHECKING:
    from handgrad.model.network import Network

FEW = 32
"""Examples up to which starting threads takes longer than computing."""


def predict(network: "Network", raw: NDArray[Any]) -> Integers:
    """Compute the most probable class of each example (N,); see `Network.predict`."""
    raw = _checked(network, raw)
    if len(raw) > FEW:
        return _on_threads(network, raw).argmax(axis=1)
    return _classify(network)(network.prepare(raw))[1]


def compute_logits(network: "Network", raw: NDArray[Any]) -> Floats:
    """Compute the score of each class, before softmax, (N, C); see `Network.logits`."""
    raw = _checked(network, raw)
    return _on_threads(network, raw) if len(raw) > FEW else _classify(network)(network.prepare(raw))[0]


def _checked(network: "Network", raw: NDArray[Any]) -> NDArray[Any]:
    """Return inputs (N, I), or raise HandgradError."""
    raw = np.asarray(raw)
    inputs = network.inputs
    if raw.ndim != 2 or raw.shape[1] != inputs:
        if raw.ndim < 2 or prod(raw.shape[1:]) != inputs:
            raise HandgradError(f"the model takes (N, {inputs}) inputs; got an array of shape {raw.shape}")
        raw = raw.reshape(len(raw), inputs)
    kind = raw.dtype.kind
    if kind != "u" and (kind not in "ifb" or (kind == "f" and not np.isfinite(raw).all())):
        raise HandgradError("the inputs hold values that are not finite numbers; remove or replace them")
    return raw


def _classify(network: "Network") -> Any:
    """Return the function from prepared inputs to logits and classes, which is made once for the kernels in use."""
    found = vars(network).get("_classify")
    first, last = network.parameters[0], network.parameters[-1]
    if (
        found is None
        or found[0] is not kernels.version
        or (network.is_mlp and (found[2] is not first.weights or found[3] is not last.weights))
    ):
        function = kernels.mlp(first, last) if network.is_mlp else _layer_by_layer(network)
        arrays = (first.weights, last.weights) if network.is_mlp else (None, None)
        found = vars(network)["_classify"] = (kernels.version, function, *arrays)
    return found[1]


def _layer_by_layer(network: "Network") -> Any:
    def classify(x: Any) -> tuple[Floats, Integers]:
        logits = network.forward(x)[0]
        return logits, logits.argmax(axis=1)

    return classify


def _on_threads(network: "Network", raw: NDArray[Any]) -> Floats:
    logits, classify = np.empty((len(raw), len(network.classes)), network.dtype), _classify(network)

    def compute(part: slice) -> None:
        logits[part] = classify(network.prepare(raw[part]))[0]

    threads = choose_threads()
    size = network.chunk_size(len(raw), threads)
    parts = [slice(start, start + size) for start in range(0, len(raw), size)]
    with one_blas_thread(), Workers(threads) as workers:
        workers.map(compute, parts)
    return logits
