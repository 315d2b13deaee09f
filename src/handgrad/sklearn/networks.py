"""The network of an estimator, and its examples as data sets."""

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError
from handgrad.kernels.sparse_rows import SparseRows
from handgrad.model.architecture import check_shape
from handgrad.model.network import Network
from handgrad.model.scaling import InputStatistics, Scaling
from handgrad.sklearn.parameters import build_layers
from handgrad.sklearn.targets import Targets

FEW = 100
"""Fewer examples than this are computed in float64 by default, which costs little time."""


def build_network(
    estimator: Any,
    inputs: NDArray[Any] | SparseRows,
    scaling: Scaling,
    seed: int,
    features: tuple[str, ...],
    targets: Targets,
) -> Network:
    """Create the network, with random numbers drawn as for a recipe."""
    columns, dtype = inputs.shape[1], estimator.dtype
    if dtype is None:
        dtype = "float64" if inputs.dtype == np.float64 and len(inputs) < FEW else "float32"
    shape = check_shape(columns if estimator.input_shape is None else estimator.input_shape, "input_shape")
    if prod(shape) != columns:
        raise HandgradError(f"input_shape {shape} has {prod(shape)} inputs; X has {columns}")
    return Network(
        build_layers(estimator, len(targets.names)),
        columns if estimator.layers is None else shape,
        np.random.default_rng([seed, 0]),
        dtype,
        scaling=scaling,
        classes=targets.names,
        example_shape=shape,
        framing="plain" if estimator.input_shape is None else estimator.framing,
        features=features,
        task=targets.task,
    )


def rescale_targets(network: Network, scaling: Scaling | None, known: InputStatistics | None) -> None:
    """Set another scaling of the targets, and change the last layer so that the network predicts the same.

    `known` are the statistics of the targets before. Those that were constant had no scale, and only their shift is
    changed. Van Hasselt, Guez, Hessel, Mnih and Silver, "Learning values across many orders of magnitude", NIPS 2016,
    proposition 1.
    """
    before, network.target_scaling = network.target_scaling, scaling
    if before is None or scaling is None or known is None:
        return
    last = network.parameters[-1]
    ratio = np.where(known.constant, 1, before.divisor / scaling.divisor)
    last.weights *= ratio[:, np.newaxis].astype(network.dtype)
    last.biases[:] = last.biases * ratio + (before.shift - scaling.shift) / scaling.divisor


def in_form(inputs: NDArray[Any] | SparseRows, sparse: bool) -> NDArray[Any] | SparseRows:
    """Return validation inputs in the form of those to train with."""
    if sparse and not isinstance(inputs, SparseRows):
        return SparseRows.of(inputs)
    return inputs.toarray() if isinstance(inputs, SparseRows) and not sparse else inputs


def scaled_dataset(
    network: Network, scaling: Scaling, inputs: NDArray[Any] | SparseRows, labels: NDArray[Any]
) -> Dataset:
    """Return a data set of scaled inputs; bytes and sparse rows stay as they are, for training scales them faster."""
    if not (scaling.for_bytes or isinstance(inputs, SparseRows)):
        with np.errstate(over="ignore", invalid="ignore"):
            inputs = scaling(inputs, np.float32)
        if not np.isfinite(inputs).all():
            raise HandgradError("X holds numbers that are too large for float32, even scaled; divide them")
    shape, framing, features = network.example_shape, network.framing, network.features
    return Dataset(inputs, labels, network.classes, shape, framing, features, str(network.task))
