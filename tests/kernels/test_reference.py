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


def test_softmax_backward_is_the_derivative_of_softmax(rng: np.random.Generator) -> None:
    x, dy = rng.normal(size=(4, 5)), rng.normal(size=(4, 5))
    numerical = numerical_gradient(lambda: float((reference.softmax(x) * dy).sum()), x)
    gradient = reference.softmax_backward(dy, reference.softmax(x))
    np.testing.assert_allclose(gradient, numerical, rtol=1e-6, atol=1e-9)


def test_softmax_of_huge_logits_is_finite_and_sums_to_one() -> None:
    logits = np.array([[1000.0, 999.0, -1000.0], [-1e30, 0.0, 0.0]])
    probabilities = reference.softmax(logits)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_allclose(probabilities[0, 0], 1 / (1 + np.exp(-1.0)))
    np.testing.assert_allclose(probabilities[1], [0, 0.5, 0.5])


def test_one_hot_is_one_at_the_label() -> None:
    np.testing.assert_array_equal(
        reference.one_hot(np.array([2, 0]), 3), np.array([[0, 0, 1], [1, 0, 0]], np.float32)
    )


def test_softmax_cross_entropy_derivative(rng: np.random.Generator) -> None:
    logits, labels = rng.normal(size=(5, 4)), np.array([0, 3, 1, 1, 2])
    weights = rng.normal(size=5)  # an upstream gradient for each example's loss
    _, dlogits = reference.softmax_cross_entropy(logits, labels)
    numerical = numerical_gradient(
        lambda: float(reference.softmax_cross_entropy(logits, labels)[0] @ weights), logits
    )
    np.testing.assert_allclose(dlogits * weights[:, None], numerical, rtol=1e-6, atol=1e-9)


def test_softmax_cross_entropy_is_minus_log_of_softmax(rng: np.random.Generator) -> None:
    logits, labels = rng.normal(size=(5, 4)), np.array([0, 3, 1, 1, 2])
    losses, dlogits = reference.softmax_cross_entropy(logits, labels)
    probabilities = reference.softmax(logits)
    np.testing.assert_allclose(losses, -np.log(probabilities[np.arange(5), labels]))
    np.testing.assert_allclose(dlogits, probabilities - reference.one_hot(labels, 4), atol=1e-7)


def test_softmax_cross_entropy_of_a_hopeless_example_is_finite() -> None:
    losses, _ = reference.softmax_cross_entropy(np.array([[0.0, 5000.0]]), np.array([0]))
    assert losses.tolist() == [5000.0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_kernels_keep_the_dtype(dtype: type, rng: np.random.Generator) -> None:
    x: Floats = rng.normal(size=(3, 4)).astype(dtype)
    results: list[Floats] = [
        reference.relu(x),
        reference.relu_backward(x, x),
        reference.softmax(x),
        reference.softmax_backward(x, x),
        *reference.softmax_cross_entropy(x, np.array([0, 1, 2])),
    ]
    assert {result.dtype for result in results} == {np.dtype(dtype)}
