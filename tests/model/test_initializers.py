"""Ranges, moments and seeds of the first parameters."""

import numpy as np
import pytest

from failing import refusal
from handgrad.model.initializers import Glorot, He, Initializer, LeCun, Orthogonal, Uniform, Zeros


@pytest.mark.parametrize(
    ("initializer", "shape", "variance"),
    [
        (Uniform(-0.5, 0.5), (100, 1000), 1 / 12),
        (He(), (300, 400), 2 / 400),
        (He(), (40, 30, 5, 5), 2 / 750),
        (Glorot(), (300, 500), 2 / 800),
        (Glorot(), (40, 30, 5, 5), 2 / (70 * 25)),
        (LeCun(), (300, 500), 1 / 500),
        (Orthogonal(), (200, 300), 1 / 300),
        (Zeros(), (3, 2), 0),
    ],
    ids=str,
)
def test_moments_and_seeds(initializer: Initializer, shape: tuple[int, ...], variance: float) -> None:
    values, again, other = (initializer.draw(shape, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert values.shape == shape
    assert values.var() == pytest.approx(variance, rel=0.05)
    assert abs(values.mean()) <= 0.02 * variance**0.5
    np.testing.assert_array_equal(values, again)
    assert (values != other).any() == (variance > 0)
    if isinstance(initializer, Uniform | Glorot):
        bound = (3 * variance) ** 0.5
        assert -bound <= values.min() < -0.99 * bound
        assert 0.99 * bound < values.max() <= bound


@pytest.mark.parametrize("shape", [(5, 5), (3, 8), (8, 3), (4, 2, 3)])
def test_orthogonal_rows_or_columns_are_orthonormal(shape: tuple[int, ...]) -> None:
    matrix = Orthogonal().draw(shape, np.random.default_rng(0)).reshape(shape[0], -1)
    product = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-12)


def test_bounds_without_numbers_between_them_are_refused() -> None:
    for bounds in ((0.5, 0.5), (1, -1)):
        assert "Uniform needs low < high" in refusal(Uniform, *bounds)
