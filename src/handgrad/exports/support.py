"""Common parts of the formats: the layers that they support, and parameters in float32."""

import numpy as np

from handgrad.errors import HandgradError
from handgrad.model import layers
from handgrad.model.files import Recipe, Tensors, model_tensors
from handgrad.model.network import Network

LAYERS = {getattr(layers, name) for name in layers.__all__} - {layers.Layer}
"""All layers of the library, which every format but CSV supports."""


def check_supported(network: Network, format: str) -> None:
    """Raise HandgradError if a layer is user-defined, or parameters are too large for float32.

    A subclass of a layer is refused: it may compute something else.
    """
    for index, layer in enumerate(network.layers):
        if type(layer) not in LAYERS:
            raise HandgradError(
                f"{format} supports layers of the library only, and not {index}, {layer!r:.60}"
            )
    with np.errstate(over="ignore"):
        for array in network.named_arrays().values():
            if not np.isfinite(array.astype(np.float32)).all():
                raise HandgradError(f"{format} holds float32, and parameters exceed its range; train again")


def float32_tensors(network: Network, recipe: Recipe | None = None) -> tuple[Tensors, dict[str, str]]:
    """Return the content of a model file with parameters in float32; scaling stays in float64."""
    tensors, metadata = model_tensors(network, recipe)
    tensors |= {name: array.astype(np.float32) for name, array in network.named_arrays().items()}
    return tensors, metadata | {"dtype": '"float32"'}
