"""Values of kernels against their formulas, with every backend. Derivatives are tested with the layers."""

from typing import Any

import numpy as np
import pytest

from handgrad.kernels.backend import kernels
from handgrad.kernels.convolution import output_size
from numerical import numerical_gradient


@pytest.mark.parametrize(("stride", "padding", "window"), [(1, 0, 3), (2, 1, 3), (3, 2, 2), (1, 0, 1)])
def test_convolution_is_the_sum_of_its_formula(
    stride: int, padding: int, window: int, backend: str, rng: np.random.Generator
) -> None:
    x, weights, biases = (
        rng.normal(size=(5, 3, 6, 7)),
        rng.normal(size=(4, 3, window, window)),
        np.arange(4.0),
    )
    y = kernels.convolution(x, weights, biases, stride, padding)
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    assert y.shape[2:] == tuple(output_size(size, window, stride, padding) for size in (6, 7))
    for n, o, i, j in np.ndindex(*y.shape):
        patch = padded[n, :, i * stride : i * stride + window, j * stride : j * stride + window]
        assert y[n, o, i, j] == pytest.approx((patch * weights[o]).sum() + biases[o])


@pytest.mark.parametrize(("window", "stride"), [(2, 2), (3, 1), (3, 2)])
def test_pools_are_the_largest_and_the_average_of_each_window(
    window: int, stride: int, backend: str, rng: np.random.Generator
) -> None:
    x = rng.normal(size=(2, 3, 7, 6))
    (largest, _), average = kernels.max_pool(x, window, stride), kernels.average_pool(x, window, stride)
    assert largest.shape == average.shape
    for n, c, i, j in np.ndindex(*largest.shape):
        patch = x[n, c, i * stride : i * stride + window, j * stride : j * stride + window]
        assert largest[n, c, i, j] == patch.max()
        assert average[n, c, i, j] == pytest.approx(patch.mean())


def test_of_equal_pixels_only_the_first_gets_the_gradient(backend: str) -> None:
    _, argmax = kernels.max_pool(np.zeros((1, 1, 2, 2)), 2, 2)
    dx = kernels.max_pool_backward(np.ones((1, 1, 1, 1)), argmax, (2, 2), 2, 2)
    assert dx.tolist() == [[[[1, 0], [0, 0]]]]


def test_batch_norm_gives_every_feature_the_mean_and_deviation_of_its_parameters(backend: str) -> None:
    x = np.random.default_rng(0).normal(3, 5, size=(2, 1000))
    y, _ = kernels.batch_norm(x, np.array([2.0, 3.0]), np.array([0.5, -1.0]), 1e-12)
    np.testing.assert_allclose(y.mean(axis=1), [0.5, -1])
    np.testing.assert_allclose(y.std(axis=1), [2, 3])


def test_relu_is_zero_with_gradient_zero_at_zero(backend: str) -> None:
    x = np.array([-1.0, 0.0, 2.0])
    assert kernels.relu(x).tolist() == [0, 0, 2]
    assert kernels.relu_backward(np.ones(3), x).tolist() == [0, 0, 1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_kernels_keep_the_dtype(dtype: Any, backend: str) -> None:
    x, images, weights, biases = (
        np.ones(shape, dtype) for shape in ((3, 4), (1, 1, 4, 4), (1, 1, 3, 3), (1,))
    )
    results = [
        *(kernels.relu(x), kernels.relu_backward(x, x), kernels.sigmoid(x), kernels.leaky_relu(x, 0.1)),
        *(kernels.convolution(images, weights, biases), kernels.average_pool(images, 2, 2)),
        kernels.max_pool(images, 2, 2)[0],
    ]
    assert {result.dtype for result in results} == {np.dtype(dtype)}


def test_sigmoid_is_exact_in_its_tails() -> None:
    x = np.array([-80, -15, -1, 0, 15], np.float32)
    np.testing.assert_allclose(kernels.sigmoid(x), 1 / (1 + np.exp(-x.astype(np.float64))), rtol=1e-6)


def test_softmax_of_huge_logits_is_finite_and_sums_to_one(backend: str) -> None:
    probabilities = kernels.softmax(np.array([[1000.0, 999.0, -1000.0], [-1e30, 0.0, 0.0]]))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_allclose(probabilities[0, 0], 1 / (1 + np.exp(-1.0)))
    np.testing.assert_allclose(probabilities[1], [0, 0.5, 0.5])


def test_softmax_backward_is_the_derivative_of_softmax(rng: np.random.Generator) -> None:
    x, dy = rng.normal(size=(4, 5)), rng.normal(size=(4, 5))
    numerical = numerical_gradient(lambda: float((kernels.softmax(x) * dy).sum()), x)
    np.testing.assert_allclose(
        kernels.softmax_backward(dy, kernels.softmax(x)), numerical, rtol=1e-6, atol=1e-9
    )


def test_softmax_cross_entropy_is_minus_log_of_softmax(backend: str, rng: np.random.Generator) -> None:
    logits, labels = rng.normal(size=(5, 4)), np.array([0, 3, 1, 1, 2])
    weights = rng.normal(size=5)  # an upstream gradient for each example's loss
    losses, dlogits = kernels.softmax_cross_entropy(logits, labels)
    np.testing.assert_allclose(losses, -np.log(kernels.softmax(logits)[np.arange(5), labels]))
    numerical = numerical_gradient(
        lambda: float(kernels.softmax_cross_entropy(logits, labels)[0] @ weights), logits
    )
    np.testing.assert_allclose(dlogits * weights[:, None], numerical, rtol=1e-6, atol=1e-9)


def test_a_large_loss_is_exact(backend: str) -> None:
    losses, dlogits = kernels.softmax_cross_entropy(np.array([[0, 5000]], np.float32), np.array([0]))
    assert losses.tolist() == [5000.0]
    assert dlogits.tolist() == [[-1, 1]]


def test_a_logit_of_minus_infinity_without_smoothing_is_harmless(backend: str) -> None:
    losses, _ = kernels.softmax_cross_entropy(np.array([[0, -np.inf, -1]], np.float32), np.array([0]))
    np.testing.assert_allclose(losses, np.log1p(np.exp(-1)), rtol=1e-5)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_logit_that_is_not_finite_makes_the_loss_nan(value: float, backend: str) -> None:
    for place in range(3):
        logits = np.zeros((70, 3), np.float32)
        logits[66, place] = value
        losses, _ = kernels.softmax_cross_entropy(logits, np.zeros(70, np.int64))
        assert np.flatnonzero(np.isnan(losses)).tolist() == [66]


def test_of_equal_logits_the_first_counts(backend: str) -> None:
    logits = np.array([[1, 1, 0], [0, 2, 2], [3, 3, 3]], np.float32)
    for labels, correct in (([0, 1, 0], 3), ([1, 2, 2], 0)):
        assert kernels.count_correct(logits, np.array(labels)) == correct


def test_a_label_out_of_range_raises_an_index_error(backend: str) -> None:
    with pytest.raises(IndexError):
        kernels.softmax_cross_entropy(np.zeros((2, 3), np.float32), np.array([0, 3]))
