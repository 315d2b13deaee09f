"""Ranges, moments and seeds of the first parameters."""

import numpy as np
import pytest

from handgrad.errors import HandgradError
from handgrad.model.initializers import Glorot, He, Initializer, LeCun, Ones, Orthogonal, Uniform, Zeros


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


def test_glorot_and_le_cun_have_their_variances() -> None:
    rng = np.random.default_rng(0)
    glorot, lecun = Glorot().draw((300, 500), rng), LeCun().draw((300, 500), rng)
    assert abs(glorot.var() * 800 - 2) < 0.05
    assert np.abs(glorot).max() <= np.sqrt(6 / 800)
    assert abs(lecun.var() * 500 - 1) < 0.03


def test_convolutions_count_their_receptive_field() -> None:
    rng, shape = np.random.default_rng(0), (40, 30, 5, 5)
    assert abs(He().draw(shape, rng).var() * 750 - 2) < 0.1
    assert abs(Glorot().draw(shape, rng).var() * (70 * 25) - 2) < 0.1


@pytest.mark.parametrize("shape", [(5, 5), (3, 8), (8, 3), (4, 2, 3)])
def test_orthogonal_rows_or_columns_are_orthonormal(shape: tuple[int, ...]) -> None:
    matrix = Orthogonal(2.0).draw(shape, np.random.default_rng(0)).reshape(shape[0], -1) / 2
    product = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-12)


def test_orthogonal_refuses_no_gain() -> None:
    with pytest.raises(HandgradError, match="gain must be"):
        Orthogonal(0.0)


@pytest.mark.parametrize("initializer", [Uniform(), He(), Glorot(), LeCun(), Orthogonal()])
def test_the_seed_decides(initializer: Initializer) -> None:
    first, again, other = (initializer.draw((4, 5), np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize(("low", "high"), [(0.5, 0.5), (1, -1), (float("nan"), 1), (0, float("inf"))])
def test_uniform_refuses_an_empty_range(low: float, high: float) -> None:
    with pytest.raises(HandgradError, match="Uniform"):
        Uniform(low, high)


@pytest.mark.parametrize(("initializer", "value"), [(Zeros(), 0), (Ones(), 1)])
def test_zeros_and_ones(initializer: Initializer, value: int) -> None:
    drawn = initializer.draw((3, 2), np.random.default_rng(0))
    assert drawn.shape == (3, 2)
    assert (drawn == value).all()
