"""What formats have in common: the layers that they can write, the library's own, each by its class; float32."""

from collections.abc import Mapping
from typing import TypeVar

import numpy as np

from handgrad.errors import HandgradError
from handgrad.model.files import Recipe, Tensors, model_tensors
from handgrad.model.layers import Layer
from handgrad.model.network import Network

Writer = TypeVar("Writer")


def writers_of(network: Network, known: Mapping[type[Layer], Writer], form: str) -> list[Writer]:
    """Find for each layer what writes it.

    Parameters
    ----------
    network : Network
    known : mapping from class of layer to its writer
        A class that inherits from one of these is not known: it may compute something else.
    form : str
        The format's name, for the complaint.

    Raises
    ------
    HandgradError
        If a layer is none of those that the format knows, such as one of one's own, or parameters are too large for
        float32.
    """
    with np.errstate(over="ignore"):
        if not np.isfinite(network.flat_parameters.astype(np.float32)).all():
            raise HandgradError(
                f"{form} holds float32, and some parameters are no finite numbers in it; train anew"
            )
    for number, layer in enumerate(network.layers):
        if type(layer) not in known:
            raise HandgradError(
                f"layer {number}, {type(layer).__name__}, cannot be written as {form}; "
                f"it holds {', '.join(sorted(kind.__name__ for kind in known))}"
            )
    return [known[type(layer)] for layer in network.layers]


def in_float32(network: Network, recipe: Recipe | None = None) -> tuple[Tensors, dict[str, str]]:
    """Give what a model file holds, its parameters in float32; scaling stays in float64."""
    tensors, metadata = model_tensors(network, recipe)
    parameters = {
        name: array if name.startswith("scaling.") else array.astype(np.float32)
        for name, array in tensors.items()
    }
    return parameters, metadata | {"dtype": '"float32"'}
