"""Every layer of the library, with the shape of an input: one row serves the tests of a whole family."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from handgrad.model.initializers import Uniform
from handgrad.model.layers import (
    GELU,
    AvgPool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    LeakyReLU,
    Maxout,
    MaxPool2D,
    ReLU,
    Sigmoid,
    Tanh,
)
from handgrad.model.network import Network

LAYERS: list[tuple[Layer, tuple[int, ...]]] = [
    (Dense(3), (4,)),
    (Dense(1, Uniform(), Uniform()), (2,)),
    (ReLU(), (5,)),
    (ReLU(), (2, 3, 4)),
    (LeakyReLU(), (5,)),
    (LeakyReLU(0.2), (2, 3)),
    (Tanh(), (5,)),
    (Sigmoid(), (5,)),
    (GELU(), (5,)),
    (BatchNorm(), (5,)),
    (BatchNorm(0.01), (3, 2, 4)),
    (Maxout(), (6,)),
    (Maxout(3), (6, 2, 3)),
    (Dropout(0.4), (50,)),
    (Dropout(0.0), (2, 2)),
    (Flatten(), (2, 3, 4)),
    (Conv2D(2), (1, 5, 6)),
    (Conv2D(3, 2, 2, 1), (2, 5, 4)),
    (Conv2D(1, 1), (3, 2, 2)),
    (MaxPool2D(), (2, 4, 6)),
    (MaxPool2D(3, 2), (1, 6, 7)),
    (AvgPool2D(), (2, 5, 4)),
    (AvgPool2D(3, 1), (1, 4, 5)),
]

EDGES: list[tuple[Layer, tuple[int, ...]]] = [
    (Conv2D(2, 3, 2, 3), (2, 3, 4)),  # windows that lie beside the image altogether
    (Conv2D(2, 4, 3, 0), (1, 9, 6)),
    (MaxPool2D(2, 5), (3, 8, 13)),
    (MaxPool2D(3, 1), (2, 5, 4)),
    (MaxPool2D(1, 1), (2, 3, 3)),
]


def parameters_of(layer: Layer, shape: tuple[int, ...], rng: np.random.Generator) -> dict[str, Any]:
    return {name: rng.normal(size=size) for name, size in layer.parameter_shapes(shape).items()}


def arrays_of(layer: Layer, shape: tuple[int, ...], rng: np.random.Generator) -> SimpleNamespace:
    """Draw parameters and statistics, as inference takes them."""
    statistics = {name: rng.uniform(0.5, 2, size) for name, size in layer.statistic_shapes(shape).items()}
    return SimpleNamespace(**parameters_of(layer, shape, rng), **statistics)


def network_of(layer: Layer, shape: tuple[int, ...]) -> Network:
    """Return a network of three classes with one layer and random parameters, in float64."""
    rng = np.random.default_rng(0)
    network = Network([layer, Flatten(), Dense(3)], shape, rng, np.float64)
    for name, array in vars(arrays_of(layer, shape, rng)).items():
        getattr(network.arrays[0], name)[...] = array
    return network
