"""Every activation's derivative against a numerical one, and values where functions are easily wrong."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from handgrad.kernels import activations
from handgrad.kernels.backend import kernels
from handgrad.kernels.types import Floats
from numerical import numerical_gradient

OF_INPUT: dict[str, tuple[float, ...]] = {"relu": (), "leaky_relu": (0.1,), "gelu": ()}
OF_OUTPUT = ["tanh", "sigmoid"]


@pytest.mark.parametrize("name", [*OF_INPUT, *OF_OUTPUT])
def test_backward_is_the_derivative(name: str, rng: np.random.Generator) -> None:
    function: Callable[..., Floats] = getattr(activations, name)
    backward: Callable[..., Floats] = getattr(activations, f"{name}_backward")
    arguments = OF_INPUT.get(name, ())
    x, dy = rng.normal(size=(6, 7)), rng.normal(size=(6, 7))
    numerical = numerical_gradient(lambda: float((function(x, *arguments) * dy).sum()), x)
    known = function(x) if name in OF_OUTPUT else x
    np.testing.assert_allclose(backward(dy, known, *arguments), numerical, rtol=1e-6, atol=1e-8)


def test_maxout_backward_is_the_derivative(rng: np.random.Generator) -> None:
    x, dy = rng.normal(size=(4, 6, 2)), rng.normal(size=(4, 3, 2))
    numerical = numerical_gradient(lambda: float((activations.maxout(x, 2)[0] * dy).sum()), x)
    _, argmax = activations.maxout(x, 2)
    np.testing.assert_allclose(activations.maxout_backward(dy, argmax, 2), numerical, rtol=1e-6, atol=1e-8)


def test_relu_is_zero_with_gradient_zero_at_zero(backend: str) -> None:
    x = np.array([-1.0, 0.0, 2.0])
    assert kernels.relu(x).tolist() == [0, 0, 2]
    assert kernels.relu_backward(np.ones(3), x).tolist() == [0, 0, 1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_kernels_keep_the_dtype(dtype: Any, backend: str, rng: np.random.Generator) -> None:
    x = rng.normal(size=(3, 4)).astype(dtype)
    results = [kernels.relu(x), kernels.relu_backward(x, x), kernels.sigmoid(x), kernels.leaky_relu(x, 0.1)]
    assert {result.dtype for result in results} == {np.dtype(dtype)}


def test_sigmoid_is_exact_in_its_tails() -> None:
    x = np.array([-80, -15, -1, 0, 15], np.float32)
    exact = 1 / (1 + np.exp(-x.astype(np.float64)))
    np.testing.assert_allclose(activations.sigmoid(x), exact, rtol=1e-6)
