"""Each optimizer is its formula, in place, and keeps its books."""

import copy
from math import sqrt

import numpy as np
import pytest

from handgrad.errors import HandgradError
from handgrad.kernels.optimizers import orthogonalize
from handgrad.kernels.threads import WORTH_A_THREAD, Workers
from handgrad.model.layers import Conv2D, Dense, Flatten
from handgrad.model.network import Network
from handgrad.training.optimizers import SGD, Adam, AdamW, Momentum, Muon, Nesterov, Optimizer, RMSProp


def test_sgd_steps_down_the_gradient_in_place() -> None:
    vector = np.array([1.0, -2.0], np.float32)
    view = vector[:1]
    optimizer = SGD()
    optimizer.step(vector, np.array([0.5, 0.5], np.float32), 0.1)
    np.testing.assert_allclose(vector, [0.95, -2.05], rtol=1e-6)
    assert view[0] == vector[0]
    assert vector.dtype == np.float32
    assert optimizer.steps == 1


# Two steps from w = 1 with gradients 0.5 and −0.25 at η = 0.1, worked by hand from the formulas.
HAND_WORKED = [
    (SGD(), 1 - 0.05 + 0.025),
    (Momentum(0.9), 1 - 0.1 * 0.5 - 0.1 * (0.9 * 0.5 - 0.25)),
    (Nesterov(0.9), 1 - 0.1 * (0.5 + 0.9 * 0.5) - 0.1 * (-0.25 + 0.9 * 0.2)),
    (
        RMSProp(0.9, 1e-12),
        1 - 0.1 * 0.5 / sqrt(0.1 * 0.25) + 0.1 * 0.25 / sqrt(0.9 * 0.025 + 0.1 * 0.0625),
    ),
    (
        Adam(0.9, 0.99, 1e-12),
        1 - 0.1 - 0.1 * ((0.9 * 0.05 - 0.025) / 0.19) / sqrt((0.99 * 0.0025 + 0.000625) / 0.0199),
    ),
    (
        AdamW(0.9, 0.99, 1e-12, weight_decay=0.5),
        0.95 * (0.95 - 0.1) - 0.1 * ((0.9 * 0.05 - 0.025) / 0.19) / sqrt((0.99 * 0.0025 + 0.000625) / 0.0199),
    ),
]
HAND_WORKED += [
    (SGD(weight_decay=0.5), 0.95 * (0.95 - 0.05) + 0.025),
    (Momentum(0.9, clip_norm=0.1), 1 - 0.1 * 0.1 - 0.1 * (0.9 * 0.1 - 0.1)),
]
every = pytest.mark.parametrize(
    ("optimizer", "expected"), HAND_WORKED, ids=[str(optimizer) for optimizer, _ in HAND_WORKED]
)


@every
def test_two_steps_agree_with_those_worked_by_hand(optimizer: Optimizer, expected: float) -> None:
    optimizer, vector = copy.deepcopy(optimizer), np.array([1.0])
    for gradient in (0.5, -0.25):
        optimizer.step(vector, np.array([gradient]), 0.1)
    assert vector[0] == pytest.approx(expected, rel=1e-9)


@every
def test_it_finds_the_bottom_of_a_valley(optimizer: Optimizer, expected: float) -> None:
    optimizer, curvature = copy.deepcopy(optimizer), np.array([1.0, 10.0], np.float32)
    vector = np.array([3.0, -2.0], np.float32)
    for step in range(2000):
        optimizer.step(vector, curvature * vector, 0.05 * 0.998**step)
    assert vector.dtype == np.float32
    np.testing.assert_allclose(vector, 0, atol=0.01)


@every
def test_state_belongs_to_the_parameters_dtype(optimizer: Optimizer, expected: float) -> None:
    optimizer = copy.deepcopy(optimizer)
    optimizer.step(np.ones(3, np.float32), np.ones(3, np.float32), 0.1)
    assert set(optimizer.state) == set(optimizer.state_names)
    assert {array.dtype for array in optimizer.state.values()} <= {np.dtype(np.float32)}
    again = Optimizer.from_config(optimizer.describe())
    assert again == optimizer


@every
def test_threads_that_share_a_long_vector_take_the_same_steps(optimizer: Optimizer, expected: float) -> None:
    rng = np.random.default_rng(0)
    start = rng.normal(size=3 * WORTH_A_THREAD + 1).astype(np.float32)
    vectors = []
    for count in (1, 2, 3):
        alone, vector = copy.deepcopy(optimizer), start.copy()
        with Workers(count) as workers:
            for seed in range(3):
                gradient = np.random.default_rng(seed).normal(size=vector.shape).astype(np.float32)
                alone.step(vector, gradient, 0.1, workers)
        vectors.append(vector)
    np.testing.assert_array_equal(vectors[1], vectors[0])
    np.testing.assert_array_equal(vectors[2], vectors[0])
    assert (vectors[0] != start).any()


def test_a_formula_of_matrices_is_not_shared_out() -> None:
    assert not Muon.elementwise
    assert not Optimizer.elementwise  # nor are those of others, unless they say that they may be


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (SGD, {"clip_norm": float("inf")}),
        (SGD, {"max_norm": -1.0}),
        (Muon, {"momentum": 1.0}),
        (Momentum, {"momentum": 1.0}),
        (Nesterov, {"momentum": -0.1}),
        (RMSProp, {"decay": 1.5}),
        (RMSProp, {"epsilon": 0.0}),
        (Adam, {"beta2": float("nan")}),
        (Adam, {"epsilon": float("inf")}),
        (AdamW, {"weight_decay": -1.0}),
    ],
)
def test_absurd_fields_are_refused(kind: type[Optimizer], fields: dict[str, float]) -> None:
    with pytest.raises(HandgradError, match=f"{kind.__name__} {next(iter(fields))} must"):
        kind(**fields)


def test_state_starts_as_zeros_and_is_kept() -> None:
    class Accumulating(Optimizer):
        """Adds up gradients."""

        state_names = ("total",)

        def update(self, vector: np.ndarray, gradient: np.ndarray, learning_rate: float) -> None:
            """Step along the sum."""
            self.state["total"] += gradient
            vector -= learning_rate * self.state["total"]

    optimizer, vector = Accumulating(), np.zeros(2)
    for _ in range(3):
        optimizer.step(vector, np.ones(2), 1.0)
    assert vector.tolist() == [-6, -6]
    assert optimizer.state["total"].tolist() == [3, 3]


def test_an_optimizer_can_be_written_down() -> None:
    assert isinstance(Optimizer.from_config(SGD().describe()), SGD)
    with pytest.raises(HandgradError, match="unknown optimizer 'SDG'; did you mean 'SGD'"):
        Optimizer.from_config({"type": "SDG"})


def small_network() -> Network:
    layers = [Conv2D(4, 3), Flatten(), Dense(6)]
    return Network(layers, (2, 5, 5), np.random.default_rng(0), np.float64)


def test_a_long_gradient_is_shortened_and_a_short_one_is_not() -> None:
    for gradient, moved in (([3.0, 4.0], [0.6, 0.8]), ([0.3, 0.4], [0.3, 0.4])):
        vector, given = np.zeros(2), np.array(gradient)
        SGD(clip_norm=1.0).step(vector, given, 1.0)
        np.testing.assert_allclose(-vector, moved)
        assert given.tolist() == gradient


def test_max_norm_shortens_the_weights_of_each_unit_and_no_biases() -> None:
    network = small_network()
    network.flat_parameters[:] *= 100
    network.parameters[0].biases[:] = network.parameters[2].biases[:] = 50
    optimizer = SGD(max_norm=2.0)
    optimizer.attach(network)
    network.parameters[2].weights[0] = 0.01
    before = network.flat_parameters.copy()
    optimizer.step(network.flat_parameters, np.zeros_like(network.flat_parameters), 0.1)
    for index, units in ((0, 4), (2, 6)):
        lengths = np.linalg.norm(network.parameters[index].weights.reshape(units, -1), axis=1)
        np.testing.assert_allclose(lengths[1:], 2.0)
        assert (network.parameters[index].biases == 50).all()
    np.testing.assert_array_equal(network.parameters[2].weights[0], 0.01)
    assert (network.flat_parameters / before >= 0).all()


def test_muon_steps_by_orthogonal_matrices_and_biases_by_adam() -> None:
    network, rng = small_network(), np.random.default_rng(1)
    before = network.flat_parameters.copy()
    gradient = rng.normal(size=network.flat_parameters.shape)
    muon, adam = Muon(), Adam()
    muon.attach(network)
    muon.step(network.flat_parameters, gradient, 0.1)
    moved = network.views((before - network.flat_parameters) / 0.1)
    for index, (units, inputs) in ((0, (4, 18)), (2, (6, 36))):
        scale = 0.2 * max(units, inputs) ** 0.5
        values = np.linalg.svd(moved[index].weights.reshape(units, inputs) / scale, compute_uv=False)
        assert (values > 0.6).all()
        assert (values < 1.3).all()
    by_adam = before.copy()
    adam.step(by_adam, gradient, 0.1)
    for index in (0, 2):
        biases = network.views(by_adam)[index].biases
        np.testing.assert_allclose(network.parameters[index].biases, biases)


@pytest.mark.parametrize("shape", [(3, 7), (7, 3), (5, 5), (1, 4)])
def test_orthogonalizing_keeps_directions_and_evens_lengths(shape: tuple[int, int]) -> None:
    matrix = np.random.default_rng(2).normal(size=shape)
    u, _, v = np.linalg.svd(matrix, full_matrices=False)
    values = np.diag(u.T @ orthogonalize(matrix) @ v.T)
    assert (values > 0.6).all()
    assert (values < 1.3).all()
    assert not orthogonalize(np.zeros(shape)).any()


@pytest.mark.parametrize("optimizer", [Muon(), SGD(max_norm=1.0)], ids=str)
def test_what_needs_matrices_says_so_where_it_knows_none(optimizer: Optimizer) -> None:
    with pytest.raises(HandgradError, match=r"call its attach\(network\) first"):
        optimizer.step(np.ones(3), np.ones(3), 0.1)
