"""A network learned as a whole has the gradients of its layers, and only what it covers is learned so."""

from collections.abc import Sequence

import numpy as np
import pytest

from handgrad.data.dataset import Dataset
from handgrad.kernels.choice import chosen
from handgrad.learning.batch_gradient import BatchGradient
from handgrad.learning.whole_step import whole_step
from handgrad.model.layers import Dense, Layer, ReLU, Tanh
from handgrad.model.losses import CrossEntropy, Loss
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling

LAYERS = (Dense(12), ReLU(), Dense(3))

needs_kernel = pytest.mark.skipif(
    not chosen("perceptron").suits(100, 12, 3, np.dtype(np.float32)),
    reason="these kernels, or this processor, have no faster way for a network as a whole",
)


def network(layers: Sequence[Layer] = LAYERS) -> Network:
    return Network(layers, (100,), np.random.default_rng(1), scaling=Scaling.of_bytes())


@pytest.fixture
def data() -> Dataset:
    rng = np.random.default_rng(0)
    return Dataset(rng.integers(256, size=(700, 100), dtype=np.uint8), rng.integers(3, size=700), 3)


@needs_kernel
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_gradients_are_those_of_the_layers(data: Dataset, threads: int, smoothing: float) -> None:
    model, loss = network(), CrossEntropy(smoothing)
    model.chunk = 300
    rows = np.arange(700)[::-1]
    with BatchGradient(model, data, threads, loss=loss) as batch_gradient:
        assert batch_gradient.whole_step
        whole = batch_gradient(rows, 0)
        batch_gradient.whole_step = None
        layered = batch_gradient(rows, 0)
    assert whole.loss == pytest.approx(layered.loss, rel=1e-6)
    assert whole.correct == layered.correct
    np.testing.assert_allclose(whole.gradient, layered.gradient, rtol=1e-3, atol=1e-6)


@needs_kernel
def test_what_it_does_not_cover_goes_layer_by_layer(data: Dataset) -> None:
    class OwnLoss(CrossEntropy):
        """May compute anything."""

    class OwnDense(Dense):
        """May compute anything."""

    assert whole_step(network(), data.inputs, CrossEntropy())
    others: list[Loss] = [CrossEntropy(class_weights=[1, 2, 3]), OwnLoss()]
    for loss in others:
        assert whole_step(network(), data.inputs, loss) is None
    for layers in ((OwnDense(12), ReLU(), Dense(3)), (Dense(12), Tanh(), Dense(3)), (Dense(3),)):
        assert whole_step(network(layers), data.inputs, CrossEntropy()) is None
    assert whole_step(network(), data.inputs.astype(np.float32), CrossEntropy()) is None
    weighted = BatchGradient(network(), data, weights=np.ones(700, np.float32))
    assert weighted.whole_step is None
