"""Softmax and cross-entropy: derivatives against numerical ones, and the compiled twin against the plain one."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad.kernels import logits as plain
from handgrad.kernels.compiled import logits as compiled
from laid_out import DTYPES
from numerical import numerical_gradient


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


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
    _, dlogits = plain.softmax_cross_entropy(logits, labels)
    numerical = numerical_gradient(
        lambda: float(plain.softmax_cross_entropy(logits, labels)[0] @ weights), logits
    )
    np.testing.assert_allclose(dlogits * weights[:, None], numerical, rtol=1e-6, atol=1e-9)


def test_softmax_cross_entropy_is_minus_log_of_softmax(rng: np.random.Generator) -> None:
    logits, labels = rng.normal(size=(5, 4)), np.array([0, 3, 1, 1, 2])
    losses, dlogits = plain.softmax_cross_entropy(logits, labels)
    probabilities = plain.softmax(logits)
    np.testing.assert_allclose(losses, -np.log(probabilities[np.arange(5), labels]))
    np.testing.assert_allclose(dlogits, probabilities - plain.one_hot(labels, 4), atol=1e-7)


def test_softmax_cross_entropy_of_a_hopeless_example_is_finite() -> None:
    losses, _ = plain.softmax_cross_entropy(np.array([[0.0, 5000.0]]), np.array([0]))
    assert losses.tolist() == [5000.0]


@settings(deadline=None)
@given(
    examples=st.integers(1, 150),
    classes=st.integers(1, 20),
    smoothing=st.sampled_from([0.0, 0.1]),
    size=st.sampled_from([0.1, 5.0, 200.0]),
    dtype=DTYPES,
)
def test_the_compiled_twin_computes_the_same(
    examples: int, classes: int, smoothing: float, size: float, dtype: Any
) -> None:
    rng = np.random.default_rng(1)
    logits = (size * rng.normal(size=(classes, examples))).astype(dtype).T  # of any order in memory
    labels = rng.integers(0, classes, examples)
    one, other = (twin.softmax_cross_entropy(logits, labels, smoothing) for twin in (plain, compiled))
    for expected, found in zip(one, other, strict=True):
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=4e-7 * max(1.0, size))
    assert compiled.count_correct(logits, labels) == plain.count_correct(logits, labels)


def test_of_equal_scores_the_first_counts() -> None:
    logits = np.array([[1, 1, 0], [0, 2, 2], [3, 3, 3]], np.float32)
    for labels, correct in (([0, 1, 0], 3), ([1, 2, 2], 0)):
        assert plain.count_correct(logits, np.array(labels)) == correct
        assert compiled.count_correct(logits, np.array(labels)) == correct


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_shows_in_the_loss(value: float) -> None:
    for place in range(3):
        logits = np.zeros((70, 3), np.float32)
        logits[66, place] = value
        losses, _ = compiled.softmax_cross_entropy(logits, np.zeros(70, np.int64))
        assert np.flatnonzero(np.isnan(losses)).tolist() == [66]


def test_a_hopeless_example_costs_no_precision() -> None:
    logits = np.array([[0, 5000], [-np.inf, 0]], np.float32)
    losses, dlogits = compiled.softmax_cross_entropy(logits[:1], np.array([0]))
    assert losses.tolist() == [5000.0]
    assert dlogits.tolist() == [[-1, 1]]
