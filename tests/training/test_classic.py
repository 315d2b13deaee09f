"""The Rust program's results: the same formulas, the same curve."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import handgrad as hg

# Accuracy of the recipe at seed 0 on MNIST, every 50 iterations, as this library measured it.
GOLDEN = [0.14773, 0.45617, 0.64248, 0.71943, 0.76325, 0.79013, 0.80923, 0.82335, 0.8332, 0.84083, 0.84685]


def classic(seed: int) -> hg.Network:
    return replace(hg.load_recipe("classic"), seed=seed).build_network()


def run(network: hg.Network, data: hg.Splits | hg.Dataset, steps: int) -> list[float]:
    """Train, and return the accuracies."""
    records = hg.fit(network, data, optimizer=hg.SGD(0.1), batch_size="all", steps=steps, record_every=50)
    return [record.train_accuracy or 0 for record in records]


def independent(
    parameters: list[NDArray[Any]], x: NDArray[Any], labels: NDArray[Any], iterations: int
) -> list[NDArray[Any]]:
    """Compute the Rust program's formulas in float64, examples in columns as it has them."""
    w1, b1, w2, b2 = (array.astype(np.float64) for array in parameters)
    b1, b2, x, wanted = b1[:, None], b2[:, None], x.T / 255.0, np.eye(10)[labels].T
    m = len(labels)
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


def arrays(network: hg.Network) -> list[NDArray[Any]]:
    first, _, last = network.parameters
    return [first.weights, first.biases, last.weights, last.biases]


@pytest.mark.parametrize(
    ("fixture", "seed"), [("digits", 3), pytest.param("mnist", 1, marks=pytest.mark.slow)]
)
def test_twenty_iterations_agree_with_an_independent_computation(
    request: pytest.FixtureRequest, fixture: str, seed: int
) -> None:
    network, data = classic(seed), request.getfixturevalue(fixture).train
    expected = independent(arrays(network), data.inputs, data.labels, 20)
    run(network, data, 20)
    for got, wanted in zip(arrays(network), expected, strict=True):
        assert np.linalg.norm(got - wanted) <= 1e-5 * np.linalg.norm(wanted)
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5 * np.abs(wanted).max())


def test_the_curve_of_classic_on_mnist(mnist: hg.Splits) -> None:
    np.testing.assert_allclose(run(classic(0), mnist, 51), GOLDEN[:2], atol=0.002)


@pytest.mark.slow
def test_the_whole_curve_and_three_seeds_end_where_the_original_does(mnist: hg.Splits) -> None:
    curves = np.array([run(classic(seed), mnist, 501) for seed in range(3)])
    np.testing.assert_allclose(curves[0], GOLDEN, atol=0.002)
    assert 0.82 <= curves[:, -1].mean() <= 0.87
    assert (np.diff(curves, axis=1) > 0).all()
