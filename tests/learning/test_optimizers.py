"""Each optimizer is its formula, in place, and keeps its books."""

import numpy as np
import pytest

from handgrad.errors import HandgradError
from handgrad.learning.optimizers import SGD, Optimizer


def test_sgd_steps_down_the_gradient_in_place() -> None:
    vector = np.array([1.0, -2.0], np.float32)
    view = vector[:1]
    optimizer = SGD()
    optimizer.step(vector, np.array([0.5, 0.5], np.float32), 0.1)
    np.testing.assert_allclose(vector, [0.95, -2.05], rtol=1e-6)
    assert view[0] == vector[0]
    assert vector.dtype == np.float32
    assert optimizer.steps == 1


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
