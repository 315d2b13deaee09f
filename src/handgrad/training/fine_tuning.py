"""What a network takes over: the form of its data, or the parameters of a trained model."""

from itertools import zip_longest

import numpy as np

from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling


def adopt_data(network: Network, dataset: Dataset) -> None:
    """Store in a network what a model needs of its training data; HandgradError if it has other classes."""
    network.scaling = network.scaling or Scaling.learned(dataset.inputs)
    features = () if dataset.inputs.dtype == np.uint8 else dataset.features
    network.adopt(dataset.class_names, dataset.input_shape, dataset.framing, features)


def begin_from(network: Network, trained: Network, name: str) -> None:
    """Copy parameters and scaling from a trained network; HandgradError, with its name, if the two differ.

    Layers without parameters may have other settings, such as the rate of `Dropout`.
    """
    for what, ours, theirs in (
        ("input shape", [network.input_shape], [trained.input_shape]),
        ("class", network.classes, trained.classes),
        ("layer", _architecture(network), _architecture(trained)),
    ):
        for index, (here, there) in enumerate(zip_longest(ours, theirs, fillvalue="missing")):
            if here != there:
                raise HandgradError(
                    f"cannot start from {name}: its {what} {index} is {there}, here it is {here}; "
                    "train the recipe of the model, on data with its inputs and classes"
                )
    network.flat_parameters = trained.flat_parameters.astype(network.dtype)
    network.scaling = trained.scaling


def _architecture(network: Network) -> list[str]:
    """Describe each layer by its class and the shapes of its parameters."""
    pairs = zip(network.layers, network.shapes, strict=True)
    return [f"{type(layer).__name__}{[*shapes.values()] or ''}" for layer, shapes in pairs]
