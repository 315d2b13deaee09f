"""Softmax and cross-entropy: derivatives against numerical ones, and cases that overflow easily."""

import numpy as np
import pytest

from handgrad.kernels import softmax as plain
from handgrad.kernels.backend import kernels
from handgrad.kernels.losses import softmax_cross_entropy
from numerical import numerical_gradient


def test_softmax_backward_is_the_derivative_of_softmax(rng: np.random.Generator) -> None:
    x, dy = rng.normal(size=(4, 5)), rng.normal(size=(4, 5))
    numerical = numerical_gradient(lambda: float((plain.softmax(x) * dy).sum()), x)
    gradient = plain.softmax_backward(dy, plain.softmax(x))
    np.testing.assert_allclose(gradient, numerical, rtol=1e-6, atol=1e-9)


def test_softmax_of_huge_logits_is_finite_and_sums_to_one() -> None:
    logits = np.array([[1000.0, 999.0, -1000.0], [-1e30, 0.0, 0.0]])
    probabilities = plain.softmax(logits)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_allclose(probabilities[0, 0], 1 / (1 + np.exp(-1.0)))
    np.testing.assert_allclose(probabilities[1], [0, 0.5, 0.5])


def test_one_hot_is_one_at_the_label() -> None:
    np.testing.assert_array_equal(
        plain.one_hot(np.array([2, 0]), 3), np.array([[0, 0, 1], [1, 0, 0]], np.float32)
    )


def test_softmax_cross_entropy_derivative(rng: np.random.Generator) -> None:
    logits, labels = rng.normal(size=(5, 4)), np.array([0, 3, 1, 1, 2])
    weights = rng.normal(size=5)  # an upstream gradient for each example's loss
    _, dlogits = softmax_cross_entropy(logits, labels)
    numerical = numerical_gradient(lambda: float(softmax_cross_entropy(logits, labels)[0] @ weights), logits)
    np.testing.assert_allclose(dlogits * weights[:, None], numerical, rtol=1e-6, atol=1e-9)


def test_softmax_cross_entropy_is_minus_log_of_softmax(rng: np.random.Generator) -> None:
    logits, labels = rng.normal(size=(5, 4)), np.array([0, 3, 1, 1, 2])
    losses, dlogits = softmax_cross_entropy(logits, labels)
    probabilities = plain.softmax(logits)
    np.testing.assert_allclose(losses, -np.log(probabilities[np.arange(5), labels]))
    np.testing.assert_allclose(dlogits, probabilities - plain.one_hot(labels, 4), atol=1e-7)


def test_softmax_cross_entropy_of_a_large_loss_is_finite() -> None:
    losses, _ = softmax_cross_entropy(np.array([[0.0, 5000.0]]), np.array([0]))
    assert losses.tolist() == [5000.0]


def test_of_equal_logits_the_first_counts(backend: str) -> None:
    logits = np.array([[1, 1, 0], [0, 2, 2], [3, 3, 3]], np.float32)
    for labels, correct in (([0, 1, 0], 3), ([1, 2, 2], 0)):
        assert kernels.count_correct(logits, np.array(labels)) == correct


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_logit_that_is_not_finite_makes_the_loss_nan(value: float, backend: str) -> None:
    for place in range(3):
        logits = np.zeros((70, 3), np.float32)
        logits[66, place] = value
        losses, _ = kernels.softmax_cross_entropy(logits, np.zeros(70, np.int64))
        assert np.flatnonzero(np.isnan(losses)).tolist() == [66]


def test_a_large_loss_is_exact(backend: str) -> None:
    logits = np.array([[0, 5000], [-np.inf, 0]], np.float32)
    losses, dlogits = kernels.softmax_cross_entropy(logits[:1], np.array([0]))
    assert losses.tolist() == [5000.0]
    assert dlogits.tolist() == [[-1, 1]]


def test_a_label_out_of_range_raises_an_index_error(backend: str) -> None:
    with pytest.raises(IndexError):
        kernels.softmax_cross_entropy(np.zeros((2, 3), np.float32), np.array([0, 3]))
