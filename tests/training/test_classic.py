"""The Rust program's results: the same formulas, the same curve."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from handgrad.data.dataset import Splits
from handgrad.model.network import Network
from handgrad.recipes.loading import load_recipe
from handgrad.training.optimizers import SGD
from handgrad.training.records import Record
from handgrad.training.state import TrainingState
from handgrad.training.train import train

# Accuracy of the recipe at seed 0 on MNIST, every 50 iterations, as this library measured it.
GOLDEN = [0.14773, 0.45617, 0.64248, 0.71943, 0.76325, 0.79013, 0.80923, 0.82335, 0.8332, 0.84083, 0.84685]


def classic(seed: int) -> Network:
    return load_recipe("classic").model_copy(update={"seed": seed}).build_network()


def run(network: Network, splits: Splits, steps: int) -> list[Record]:
    return list(
        train(
            network,
            splits,
            optimizer=SGD(0.1),
            batch_size="all",
            steps=steps,
            record_every=50,
            state=TrainingState(np.random.default_rng(0)),
        )
    )


def independent(
    parameters: list[NDArray[Any]], x: NDArray[Any], labels: NDArray[Any], iterations: int
) -> list[NDArray[Any]]:
    """Compute the Rust program's formulas in float64, examples in columns as it has them."""
    w1, b1, w2, b2 = (array.astype(np.float64) for array in parameters)
    b1, b2 = b1[:, None], b2[:, None]
    x = x.T / 255.0
    m = x.shape[1]
    wanted = np.eye(10)[labels].T
    for _ in range(iterations):
        z1 = w1 @ x + b1
        a1 = np.where(z1 > 0, z1, 0)
        z2 = w2 @ a1 + b2
        powers = np.exp(z2 - z2.max(axis=0))
        dz2 = powers / powers.sum(axis=0) - wanted
        dz1 = (w2.T @ dz2) * (z1 > 0)
        w2, b2 = w2 - 0.1 * (dz2 @ a1.T) / m, b2 - 0.1 * dz2.sum(axis=1, keepdims=True) / m
        w1, b1 = w1 - 0.1 * (dz1 @ x.T) / m, b1 - 0.1 * dz1.sum(axis=1, keepdims=True) / m
    return [w1, b1[:, 0], w2, b2[:, 0]]


def arrays(network: Network) -> list[NDArray[Any]]:
    first, _, last = network.parameters
    return [first.weights, first.biases, last.weights, last.biases]


def agree(network: Network, splits: Splits, examples: int) -> None:
    train_split = splits.train.take(slice(0, examples))
    expected = independent(arrays(network), train_split.inputs, train_split.labels, 20)
    run(network, Splits(train_split), 20)
    for got, wanted in zip(arrays(network), expected, strict=True):
        assert np.linalg.norm(got - wanted) <= 1e-5 * np.linalg.norm(wanted)
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5 * np.abs(wanted).max())


def test_twenty_iterations_agree_with_an_independent_computation(digits: Splits) -> None:
    agree(classic(3), digits, 600)


def test_twenty_iterations_agree_on_mnist(mnist: Splits) -> None:
    agree(classic(1), mnist, 60_000)


def test_the_curve_of_classic_on_mnist(mnist: Splits) -> None:
    records = run(classic(0), mnist, 151)
    accuracies = [record.train_accuracy for record in records]
    np.testing.assert_allclose(accuracies, GOLDEN[:4], atol=0.002)


@pytest.mark.slow
def test_the_whole_curve_and_ten_seeds_end_where_the_original_does(mnist: Splits) -> None:
    curves = np.array([[r.train_accuracy for r in run(classic(seed), mnist, 501)] for seed in range(10)])
    np.testing.assert_allclose(curves[0], GOLDEN, atol=0.002)
    assert 0.82 <= curves[:, -1].mean() <= 0.87
    assert (np.diff(curves, axis=1) > 0).all()
