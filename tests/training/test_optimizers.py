"""Each optimizer is its formula, in place; its state belongs to the training."""

from dataclasses import dataclass, replace
from math import inf, nan, sqrt
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError
from handgrad.kernels.optimizers import orthogonalize
from handgrad.kernels.threads import WORTH_A_THREAD, Workers
from handgrad.model.layers import Conv2D, Dense, Flatten
from handgrad.model.network import Network
from handgrad.training.optimizers import (
    SGD,
    Adam,
    AdamW,
    Moments,
    Momentum,
    Muon,
    Nesterov,
    Optimizer,
    RMSProp,
)
from handgrad.training.state import TrainingState
from handgrad.training.train import train


def parameters(vector: Any) -> Any:
    """Return what an optimizer needs of a network, with a vector of parameters and no matrices."""
    return SimpleNamespace(flat_parameters=vector, views=lambda vector: [SimpleNamespace(biases=vector)])


# Two steps from w = 1 with gradients 0.5 and −0.25 at η = 0.1, worked by hand from the formulas.
HAND_WORKED = [
    (SGD(), 1 - 0.05 + 0.025),
    (Momentum(), 1 - 0.1 * 0.5 - 0.1 * (0.9 * 0.5 - 0.25)),
    (Nesterov(), 1 - 0.1 * (0.5 + 0.9 * 0.5) - 0.1 * (-0.25 + 0.9 * 0.2)),
    (RMSProp(epsilon=1e-12), 1 - 0.05 / sqrt(0.1 * 0.25) + 0.025 / sqrt(0.9 * 0.025 + 0.1 * 0.0625)),
    (
        Adam(beta2=0.99, epsilon=1e-12),
        1 - 0.1 - 0.1 * ((0.9 * 0.05 - 0.025) / 0.19) / sqrt((0.99 * 0.0025 + 0.000625) / 0.0199),
    ),
    (
        AdamW(beta2=0.99, epsilon=1e-12, weight_decay=0.5),
        0.95 * (0.95 - 0.1) - 0.1 * ((0.9 * 0.05 - 0.025) / 0.19) / sqrt((0.99 * 0.0025 + 0.000625) / 0.0199),
    ),
    (SGD(weight_decay=0.5), 0.95 * (0.95 - 0.05) + 0.025),
    (Momentum(clip_norm=0.1), 1 - 0.1 * 0.1 - 0.1 * (0.9 * 0.1 - 0.1)),
]
every = pytest.mark.parametrize("optimizer", [optimizer for optimizer, _ in HAND_WORKED], ids=str)


@pytest.mark.parametrize(("optimizer", "expected"), HAND_WORKED, ids=str)
def test_two_steps_agree_with_those_worked_by_hand(optimizer: Optimizer, expected: float) -> None:
    w, moments = np.array([1.0]), Moments()
    for step, gradient in enumerate((0.5, -0.25), 1):
        optimizer.step(parameters(w), np.array([gradient]), moments, step, 0.1)
    assert w[0] == pytest.approx(expected, rel=1e-9)


@every
def test_convergence_on_a_quadratic_function(optimizer: Optimizer) -> None:
    curvature, w, moments = np.array([1, 10], np.float32), np.array([3, -2], np.float32), Moments()
    for step in range(2000):
        optimizer.step(parameters(w), curvature * w, moments, step + 1, 0.05 * 0.998**step)
    assert {array.dtype for array in (w, *moments.values())} == {np.dtype(np.float32)}
    assert set(moments) == set(optimizer.moment_names)
    np.testing.assert_allclose(w, 0, atol=0.01)


@every
def test_threads_that_share_a_long_vector_take_the_same_steps(optimizer: Optimizer) -> None:
    start = np.random.default_rng(0).normal(size=3 * WORTH_A_THREAD + 1).astype(np.float32)
    vectors = []
    for count in (1, 2, 3):
        w, moments = start.copy(), Moments()
        with Workers(count) as workers:
            for step in (1, 2, 3):
                gradient = np.random.default_rng(step).normal(size=w.shape).astype(np.float32)
                optimizer.step(parameters(w), gradient, moments, step, 0.1, workers)
        vectors.append(w)
    np.testing.assert_array_equal(vectors[1], vectors[0])
    np.testing.assert_array_equal(vectors[2], vectors[0])
    assert (vectors[0] != start).any()


@every
def test_configurations_round_trip(optimizer: Optimizer) -> None:
    assert Optimizer.from_config(optimizer.to_config()) == optimizer


@pytest.mark.parametrize(
    ("kind", "rate"),
    [(SGD, 0.1), (Momentum, 0.01), (Nesterov, 0.01), (RMSProp, 0.001), (Adam, 0.001), (AdamW, 0.001)],
)
def test_the_learning_rate_is_the_only_positional_parameter(kind: Any, rate: float) -> None:
    assert kind().learning_rate == rate
    assert kind(0.5) == replace(kind(), learning_rate=0.5)
    assert type(kind(np.float32(0.5)).learning_rate) is float
    with pytest.raises(TypeError, match="positional"):
        kind(0.5, 0.9)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        *((SGD, {"learning_rate": value}) for value in (0.0, -1.0, nan, inf, 1e30, "0.1", True)),
        (SGD, {"clip_norm": inf}),
        (SGD, {"max_norm": -1.0}),
        (Muon, {"momentum": 1.0}),
        (Momentum, {"momentum": 1.0}),
        (Nesterov, {"momentum": -0.1}),
        (RMSProp, {"decay": 1.5}),
        (RMSProp, {"epsilon": 0.0}),
        (Adam, {"beta2": nan}),
        (Adam, {"epsilon": inf}),
        (AdamW, {"weight_decay": -1.0}),
    ],
)
def test_invalid_values_are_refused(kind: Any, fields: dict[str, Any]) -> None:
    with pytest.raises(HandgradError, match=f"{kind.__name__} {next(iter(fields))} must be a number"):
        kind(**fields)


@pytest.mark.parametrize("value", ["adam", "Adam", "ADAM", Adam, Adam()])
def test_optimizers_may_be_names_and_classes(value: Any) -> None:
    assert Optimizer.resolve(value, "optimizer") == Adam()


@pytest.mark.parametrize("value", ["adm", 3, Dense, Optimizer, None, {"type": "Adam"}])
def test_other_optimizers_are_refused(value: Any) -> None:
    with pytest.raises(HandgradError, match=r"^optimizer(:| must).*"):
        Optimizer.resolve(value, "optimizer")


def test_moments_start_as_zeros_and_are_kept() -> None:
    @dataclass(frozen=True)
    class Accumulating(Optimizer):
        moment_names: ClassVar[tuple[str, ...]] = ("total",)

        def update(self, w: Any, g: Any, moments: Moments, step: int, learning_rate: float) -> None:
            moments["total"] += g
            w -= learning_rate * moments["total"]

    w, moments = np.zeros(2), Moments()
    for step in (1, 2, 3):
        Accumulating().step(parameters(w), np.ones(2), moments, step, 1.0)
    assert w.tolist() == [-6, -6]
    assert moments["total"].tolist() == [3, 3]


def test_a_second_training_with_the_same_optimizer_starts_fresh(table: Dataset) -> None:
    optimizer, networks = Adam(), [Network([Dense(2)], (4,), np.random.default_rng(0)) for _ in range(2)]
    for network in networks:
        list(
            train(
                network, table, optimizer=optimizer, epochs=2, state=TrainingState(np.random.default_rng(1))
            )
        )
    np.testing.assert_array_equal(networks[0].flat_parameters, networks[1].flat_parameters)


def small_network() -> Network:
    return Network([Conv2D(4, 3), Flatten(), Dense(6)], (2, 5, 5), np.random.default_rng(0), np.float64)


@pytest.mark.parametrize(("gradient", "moved"), [([3.0, 4.0], [0.6, 0.8]), ([0.3, 0.4], [0.3, 0.4])])
def test_gradient_clipping(gradient: list[float], moved: list[float]) -> None:
    w, given = np.zeros(2), np.array(gradient)
    SGD(clip_norm=1.0).step(parameters(w), given, {}, 1, 1.0)
    np.testing.assert_allclose(-w, moved)
    assert given.tolist() == gradient


def test_max_norm_limits_the_weights_of_each_unit_and_no_biases() -> None:
    network = small_network()
    network.flat_parameters[:] *= 100
    network.parameters[0].biases[:] = network.parameters[2].biases[:] = 50
    network.parameters[2].weights[0] = 0.01
    before = network.flat_parameters.copy()
    SGD(max_norm=2.0).step(network, np.zeros_like(before), {}, 1, 0.1)
    for index, units in ((0, 4), (2, 6)):
        norms = np.linalg.norm(network.parameters[index].weights.reshape(units, -1), axis=1)
        np.testing.assert_allclose(norms[1:], 2.0)
        assert (network.parameters[index].biases == 50).all()
    np.testing.assert_array_equal(network.parameters[2].weights[0], 0.01)
    assert (network.flat_parameters / before >= 0).all()


@pytest.mark.parametrize("weight_decay", [0.0, 0.5])
def test_muon_steps_by_orthogonal_matrices_and_biases_by_adam(weight_decay: float) -> None:
    network, by_adam, rng = small_network(), small_network(), np.random.default_rng(1)
    before = network.flat_parameters.copy()
    gradient = rng.normal(size=before.shape)
    Muon(weight_decay=weight_decay).step(network, gradient, {}, 1, 0.1)
    Adam(weight_decay=weight_decay).step(by_adam, gradient, {}, 1, 0.1)
    moved = network.views(((1 - 0.1 * weight_decay) * before - network.flat_parameters) / 0.1)
    for index, (units, inputs) in ((0, (4, 18)), (2, (6, 36))):
        scale = 0.2 * max(units, inputs) ** 0.5
        values = np.linalg.svd(moved[index].weights.reshape(units, inputs) / scale, compute_uv=False)
        assert (values > 0.6).all()
        assert (values < 1.3).all()
        np.testing.assert_allclose(network.parameters[index].biases, by_adam.parameters[index].biases)


@pytest.mark.parametrize("shape", [(3, 7), (7, 3), (5, 5), (1, 4)])
def test_orthogonalization_keeps_directions(shape: tuple[int, int]) -> None:
    matrix = np.random.default_rng(2).normal(size=shape)
    u, _, v = np.linalg.svd(matrix, full_matrices=False)
    values = np.diag(u.T @ orthogonalize(matrix) @ v.T)
    assert (values > 0.6).all()
    assert (values < 1.3).all()
    assert not orthogonalize(np.zeros(shape)).any()
