"""Every layer of the library, with the shape of an input: one row serves the tests of a whole family."""

from types import SimpleNamespace

import numpy as np

import handgrad as hg

LAYERS: list[tuple[hg.Layer, tuple[int, ...]]] = [
    (hg.Dense(3), (4,)),
    (hg.Dense(1, hg.Uniform(), hg.Uniform()), (2,)),
    (hg.ReLU(), (5,)),
    (hg.ReLU(), (2, 3, 4)),
    (hg.LeakyReLU(), (5,)),
    (hg.LeakyReLU(0.2), (2, 3)),
    (hg.Tanh(), (5,)),
    (hg.Sigmoid(), (5,)),
    (hg.GELU(), (5,)),
    (hg.BatchNorm(), (5,)),
    (hg.BatchNorm(0.01), (3, 2, 4)),
    (hg.Maxout(), (6,)),
    (hg.Maxout(3), (6, 2, 3)),
    (hg.Dropout(0.4), (50,)),
    (hg.Dropout(0.0), (2, 2)),
    (hg.Flatten(), (2, 3, 4)),
    (hg.Conv2D(2), (1, 5, 6)),
    (hg.Conv2D(3, 2, 2, 1), (2, 5, 4)),
    (hg.Conv2D(1, 1), (3, 2, 2)),
    (hg.MaxPool2D(), (2, 4, 6)),
    (hg.MaxPool2D(3, 2), (1, 6, 7)),
    (hg.AvgPool2D(), (2, 5, 4)),
    (hg.AvgPool2D(3, 1), (1, 4, 5)),
]

EDGES: list[tuple[hg.Layer, tuple[int, ...]]] = [
    (hg.Conv2D(2, 3, 2, 3), (2, 3, 4)),  # windows that lie beside the image altogether
    (hg.Conv2D(2, 4, 3, 0), (1, 9, 6)),
    (hg.MaxPool2D(2, 5), (3, 8, 13)),
    (hg.MaxPool2D(3, 1), (2, 5, 4)),
    (hg.MaxPool2D(1, 1), (2, 3, 3)),
]


def arrays_of(layer: hg.Layer, shape: tuple[int, ...], rng: np.random.Generator) -> SimpleNamespace:
    """Draw parameters and statistics, as inference takes them."""
    parameters = {name: rng.normal(size=size) for name, size in layer.parameter_shapes(shape).items()}
    statistics = {name: rng.uniform(0.5, 2, size) for name, size in layer.statistic_shapes(shape).items()}
    return SimpleNamespace(**parameters, **statistics)


def network_of(layer: hg.Layer, shape: tuple[int, ...]) -> hg.Network:
    """Return a network of three classes with one layer and random parameters, in float64."""
    rng = np.random.default_rng(0)
    network = hg.Network([layer, hg.Flatten(), hg.Dense(3)], shape, rng, np.float64)
    for name, array in vars(arrays_of(layer, shape, rng)).items():
        getattr(network.arrays[0], name)[...] = array
    return network
