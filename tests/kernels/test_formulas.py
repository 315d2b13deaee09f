"""Values of kernels against their formulas, with every backend. Derivatives are tested with the layers."""

from typing import Any

import numpy as np
import pytest

import handgrad as hg
from handgrad.kernels.backend import kernels
from handgrad.kernels.convolution import output_size
from numerical import numerical_gradient


@pytest.mark.parametrize(("stride", "padding", "window"), [(1, 0, 3), (2, 1, 3), (3, 2, 2), (1, 0, 1)])
def test_convolution_is_the_sum_of_its_formula(
    stride: int, padding: int, window: int, backend: str, rng: np.random.Generator
) -> None:
    x, weights = rng.normal(size=(5, 3, 6, 7)), rng.normal(size=(4, 3, window, window))
    biases = np.arange(4.0)
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


def test_batch_norm_gives_every_feature_the_mean_and_deviation_of_its_parameters(backend: str) -> None:
    x = np.random.default_rng(0).normal(3, 5, size=(2, 1000))
    y, _ = kernels.batch_norm(x, np.array([2.0, 3.0]), np.array([0.5, -1.0]), 1e-12)
    np.testing.assert_allclose(y.mean(axis=1), [0.5, -1])
    np.testing.assert_allclose(y.std(axis=1), [2, 3])


P = 1 / (1 + np.exp(-1))
TIES = np.array([[1.0, 1, 0], [0, 2, 2], [3, 3, 3]])
HUGE = np.array([[1000.0, 999, -1000], [-1e30, 0, 0]])
INFINITE = [np.array([[0, -np.inf, -1]]), np.array([0])]
E80 = np.exp(-80)
FAR = np.array([-1e4, -80, 0, 1e4])
SPECIAL: dict[str, tuple[str, list[Any], Any]] = {
    "zeros": ("relu", [np.array([-1.0, 0, 2])], [[0, 0, 2]]),
    "zeros, backward": ("relu_backward", [np.ones(3), np.array([-1.0, 0, 2])], [[0, 0, 1]]),
    "tails": ("sigmoid", [FAR], [[0, np.exp(-80), 0.5, 1]]),
    "tails of another function": ("gelu", [FAR], [[0, 0, 0, 1e4]]),
    "tails, backward": ("gelu_backward", [np.ones(4), FAR], [[0, 0, 0.5, 1]]),
    "maxima of three": ("maxout", [np.array([[1.0, 3, 2, -5, -1, -2]]), 3], ([[3, -1]], [[1, 1]])),
    "equal pixels": ("max_pool", [np.zeros((1, 1, 2, 2)), 2, 2], ([[[[0]]]], [[[[0]]]])),
    "huge logits": ("softmax", [HUGE], [[[P, 1 - P, 0], [0, 0.5, 0.5]]]),
    "a large loss": ("softmax_cross_entropy", [np.array([[0.0, 5000]]), np.array([0])], ([5000], [[-1, 1]])),
    "a logit of minus infinity": ("softmax_cross_entropy", INFINITE, ([-np.log(P)], [[P - 1, 0, 1 - P]])),
    "labels with huge logits": (
        "binary_cross_entropy",
        [FAR[None], np.array([[0, 0, 1, 1]])],
        ([np.log(2) / 4], [[0, E80 / 4, -1 / 8, 0]]),
    ),
    "labels that are missed": (
        "binary_cross_entropy",
        [FAR[None], np.array([[1, 0, 0, 0]])],
        ([(2e4 + np.log(2)) / 4], [[-1 / 4, E80 / 4, 1 / 8, 1 / 4]]),
    ),
    "squares": ("squared_error", [np.array([[1.0, -3]]), np.array([[0.0, 1]])], ([17 / 2], [[1, -4]])),
    "an outlier": (
        "huber",
        [np.array([[1.0, -3]]), np.array([[0.0, 1]]), 2.0],
        ([(0.5 + 6) / 2], [[0.5, -1]]),
    ),
    "equal logits, the first is the label": ("count_correct", [TIES, np.array([0, 1, 0])], [3]),
    "equal logits, the first is not the label": ("count_correct", [TIES, np.array([1, 2, 2])], [0]),
}


@pytest.mark.parametrize("case", SPECIAL)
def test_values_of_special_arguments(case: str, backend: str) -> None:
    name, arguments, expected = SPECIAL[case]
    result = getattr(kernels, name)(*arguments)
    for one, other in zip(result if isinstance(result, tuple) else [result], expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_softmax_backward_is_the_derivative_of_softmax(rng: np.random.Generator) -> None:
    x, dy = rng.normal(size=(2, 4, 5))
    numerical = numerical_gradient(lambda: float((kernels.softmax(x) * dy).sum()), x)
    dx = kernels.softmax_backward(dy, kernels.softmax(x))
    np.testing.assert_allclose(dx, numerical, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])
def test_cross_entropy_is_its_formula(smoothing: float, backend: str, rng: np.random.Generator) -> None:
    logits, labels = rng.normal(size=(5, 4)), np.array([0, 3, 1, 1, 2])
    target = (1 - smoothing) * np.eye(4)[labels] + smoothing / 4
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(kernels.softmax(logits), probabilities)
    losses, dlogits = kernels.softmax_cross_entropy(logits, labels, smoothing)
    np.testing.assert_allclose(losses, -(target * np.log(probabilities)).sum(axis=1))
    np.testing.assert_allclose(dlogits, probabilities - target, atol=1e-12)
    mean, dmean = hg.CrossEntropy(smoothing)(logits, labels)
    assert mean == pytest.approx(losses.mean())
    np.testing.assert_allclose(dmean, dlogits / 5)
    with pytest.raises(IndexError):
        kernels.softmax_cross_entropy(logits, labels + 1)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_logit_that_is_not_finite_makes_the_loss_nan(value: float, backend: str) -> None:
    for place in range(3):
        logits = np.zeros((70, 3), np.float32)
        logits[66, place] = value
        losses, _ = kernels.softmax_cross_entropy(logits, np.zeros(70, np.int64))
        assert np.flatnonzero(np.isnan(losses)).tolist() == [66]
