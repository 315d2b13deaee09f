"""Every layer of the library in the page, against the library: forward, and back to the inputs."""

import numpy as np
import pytest

from handgrad.model import layers as all_layers
from handgrad.model.layers import AvgPool2D, Conv2D, Layer, Maxout
from layer_table import EDGES, LAYERS, network_of
from page_models import Models

ROWS: list[tuple[Layer, tuple[int, ...]]] = [
    *LAYERS,
    *EDGES,
    (Conv2D(5, 3, 3, 2), (3, 7, 11)),
    (AvgPool2D(4, 3), (2, 9, 7)),
    (Maxout(4), (8, 3, 1)),
]


@pytest.mark.parametrize(("layer", "shape"), ROWS, ids=[f"{layer}{shape}" for layer, shape in ROWS])
def test_every_layer_computes_the_same_and_passes_back_the_same(
    models: Models, layer: Layer, shape: tuple[int, ...]
) -> None:
    rng = np.random.default_rng(1)
    network = network_of(layer, shape)
    raw = rng.normal(size=(9, *shape)).astype(np.float32).reshape(9, -1)
    np.testing.assert_allclose(models.predict_proba(network, raw), network.predict_proba(raw), atol=1e-6)
    dlogits = rng.normal(size=(9, 3)).astype(np.float32)
    _, backward = network.forward(raw)
    dx = backward(dlogits, np.zeros_like(network.flat_parameters)).reshape(raw.shape)
    np.testing.assert_allclose(models.input_gradients(network, raw, dlogits), dx, atol=1e-5)


def test_the_page_knows_every_layer_of_the_library(models: Models) -> None:
    known = models.run('return Object.keys((await import("handgrad/model/layers/layers.js")).LAYERS);')
    assert set(known) == set(all_layers.__all__) - {"Layer"}
