"""Common parts of the formats: the layers that one supports, and parameters in float32."""

from collections.abc import Mapping
from typing import TypeVar

import numpy as np

from handgrad.errors import HandgradError
from handgrad.model.files import Recipe, Tensors, model_tensors
from handgrad.model.layers import Layer
from handgrad.model.network import Network

Writer = TypeVar("Writer")


def layer_writers(network: Network, writers: Mapping[type[Layer], Writer], format: str) -> list[Writer]:
    """Return the writer of each layer.

    A subclass of a supported class is not supported: it may compute something else.

    Raises
    ------
    HandgradError
        If the format does not support a layer, e.g. a user-defined one, or parameters are too large for float32.
    """
    with np.errstate(over="ignore"):
        arrays = network.named_arrays().values()
        if not all(np.isfinite(array.astype(np.float32)).all() for array in arrays):
            raise HandgradError(f"{format} holds float32, and parameters exceed its range; train again")
    for index, layer in enumerate(network.layers):
        if type(layer) not in writers:
            raise HandgradError(
                f"layer {index}, {type(layer).__name__}, cannot be written as {format}; it supports "
                f"{', '.join(sorted(kind.__name__ for kind in writers))}"
            )
    return [writers[type(layer)] for layer in network.layers]


def float32_tensors(network: Network, recipe: Recipe | None = None) -> tuple[Tensors, dict[str, str]]:
    """Return the content of a model file with parameters in float32; scaling stays in float64."""
    tensors, metadata = model_tensors(network, recipe)
    converted = {
        name: array if name.startswith("scaling.") else array.astype(np.float32)
        for name, array in tensors.items()
    }
    return converted, metadata | {"dtype": '"float32"'}
