"""Ranges, moments and seeds of the first parameters."""

import numpy as np
import pytest

from handgrad.errors import HandgradError
from handgrad.model.initializers import He, Initializer, Uniform, Zeros


def test_uniform_stays_in_its_half_open_range() -> None:
    values = Uniform(-0.5, 0.5).draw((100, 1000), np.random.default_rng(0))
    assert values.min() >= -0.5
    assert values.max() < 0.5
    assert abs(values.mean()) < 0.005
    assert abs(values.var() - 1 / 12) < 0.001


def test_he_has_variance_two_over_inputs() -> None:
    values = He().draw((300, 400), np.random.default_rng(0))
    assert abs(values.var() * 400 - 2) < 0.05
    assert abs(values.mean()) < 0.001


def test_zeros_are_zeros() -> None:
    assert not Zeros().draw((3, 4), np.random.default_rng(0)).any()


@pytest.mark.parametrize("initializer", [Uniform(), He()])
def test_the_seed_decides(initializer: Initializer) -> None:
    first, again, other = (initializer.draw((4, 5), np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize(("low", "high"), [(0.5, 0.5), (1, -1), (float("nan"), 1), (0, float("inf"))])
def test_uniform_refuses_an_empty_range(low: float, high: float) -> None:
    with pytest.raises(HandgradError, match="low < high"):
        Uniform(low, high)
