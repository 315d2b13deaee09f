"""Split the batch, add the gradients: chunks and threads change nothing but the time."""

from typing import Any

import numpy as np
import pytest

from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError
from handgrad.model.layers import Dense, ReLU
from handgrad.model.losses import cross_entropy
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling
from handgrad.training.gradients import BatchGradient

CHUNK, EXAMPLES = 64, 40 * 64 + 17


@pytest.fixture
def data() -> Dataset:
    rng = np.random.default_rng(0)
    return Dataset(rng.integers(256, size=(EXAMPLES, 400), dtype=np.uint8), rng.integers(3, size=EXAMPLES), 3)


def network(dtype: Any = np.float64) -> Network:
    layers = [Dense(6), ReLU(), Dense(3)]
    model = Network(layers, (400,), np.random.default_rng(1), dtype, scaling=Scaling.of_bytes())
    model.chunk = CHUNK  # many chunks for every thread
    return model


@pytest.mark.parametrize("threads", [1, 2, 3, 16])
@pytest.mark.parametrize("rows", [slice(0, EXAMPLES), slice(3, 40), np.arange(EXAMPLES)[::-2]], ids=str)
def test_threads_and_chunks_give_the_gradient_of_the_whole(data: Dataset, threads: int, rows: Any) -> None:
    model = network()
    logits, backward = model.forward(model.scale(data.inputs[rows]))
    loss, dlogits = cross_entropy(logits, data.labels[rows])
    gradient = np.zeros_like(model.flat_parameters)
    backward(dlogits, gradient)
    with BatchGradient(model, data, threads) as batch_gradient:
        batch = batch_gradient(rows, 0)
    np.testing.assert_allclose(batch.gradient, gradient, rtol=1e-9, atol=1e-12)
    assert batch.loss == pytest.approx(loss)
    assert batch.correct == (logits.argmax(axis=1) == data.labels[rows]).sum()


def test_the_same_threads_give_the_same_bits(data: Dataset) -> None:
    model = network(np.float32)
    everything = slice(0, EXAMPLES)
    with BatchGradient(model, data, 2) as batch_gradient:
        results = [batch_gradient(everything, 0) for _ in range(5)]
    for result in results[1:]:
        np.testing.assert_array_equal(result.gradient, results[0].gradient)
        assert result.loss == results[0].loss


@pytest.mark.parametrize("threads", [0, -1, 10_000])
def test_absurd_thread_counts_are_refused(data: Dataset, threads: int) -> None:
    with pytest.raises(HandgradError, match="threads must be"):
        BatchGradient(network(), data, threads)
