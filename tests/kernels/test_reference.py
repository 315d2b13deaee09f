"""Every derivative against a numerical one, in float64, with a random upstream gradient."""

import numpy as np
import pytest

from handgrad.kernels import reference
from handgrad.kernels.types import Floats
from numerical import numerical_gradient


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def test_relu_backward_is_the_derivative_of_relu(rng: np.random.Generator) -> None:
    x, dy = rng.normal(size=(6, 7)), rng.normal(size=(6, 7))
    numerical = numerical_gradient(lambda: float((reference.relu(x) * dy).sum()), x)
    np.testing.assert_allclose(reference.relu_backward(dy, x), numerical, rtol=1e-6, atol=1e-8)


def test_relu_is_zero_with_gradient_zero_at_zero() -> None:
    assert reference.relu(np.array([-1.0, 0.0, 2.0])).tolist() == [0, 0, 2]
    assert reference.relu_backward(np.ones(3), np.array([-1.0, 0.0, 2.0])).tolist() == [0, 0, 1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_kernels_keep_the_dtype(dtype: type, rng: np.random.Generator) -> None:
    x: Floats = rng.normal(size=(3, 4)).astype(dtype)
    results: list[Floats] = [
        reference.relu(x),
        reference.relu_backward(x, x),
    ]
    assert {result.dtype for result in results} == {np.dtype(dtype)}
