"""Each optimizer is its formula, in place, and keeps its books."""

import copy
from math import sqrt

import numpy as np
import pytest

from handgrad.errors import HandgradError
from handgrad.learning.optimizers import SGD, Adam, AdamW, Momentum, Nesterov, Optimizer, RMSProp


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
        AdamW(0.9, 0.99, 1e-12, 0.5),
        0.95 * (0.95 - 0.1) - 0.1 * ((0.9 * 0.05 - 0.025) / 0.19) / sqrt((0.99 * 0.0025 + 0.000625) / 0.0199),
    ),
]
every = pytest.mark.parametrize(
    ("optimizer", "expected"), HAND_WORKED, ids=[type(optimizer).__name__ for optimizer, _ in HAND_WORKED]
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
    again = Optimizer.from_description(optimizer.describe())
    assert again == optimizer


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
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
    assert isinstance(Optimizer.from_description(SGD().describe()), SGD)
    with pytest.raises(HandgradError, match="unknown optimizer 'SDG'; did you mean 'SGD'"):
        Optimizer.from_description({"type": "SDG"})
