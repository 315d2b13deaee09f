"""The kernels for images in C compute what those in NumPy do, to rounding, of any shape and memory order."""

from contextlib import nullcontext
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad.kernels import convolution as numpy_convolution
from handgrad.kernels import normalization as numpy_normalization
from handgrad.kernels import pooling as numpy_pooling
from handgrad.kernels.backend import kernels
from handgrad.kernels.native import convolution, normalization, pooling
from laid_out import DTYPES, ORDERS, close, laid

EXAMPLES = st.sampled_from([0, 1, 2, 5, 15, 16, 17, 32, 33, 37, 64, 70])


@pytest.fixture(scope="module", autouse=True)
def _library() -> None:
    if kernels.name == "numpy":
        pytest.skip("the compiled kernels are not in use")


@settings(max_examples=150, deadline=None)
@given(
    examples=EXAMPLES,
    sizes=st.tuples(
        st.sampled_from([1, 2, 3, 5, 8, 17]), st.sampled_from([1, 2, 6, 9, 16]), *[st.integers(1, 9)] * 2
    ),
    window=st.integers(1, 5),
    stride=st.integers(1, 4),
    padding=st.integers(0, 5),
    dtype=DTYPES,
    orders=st.tuples(ORDERS, ORDERS),
    padded=st.booleans(),
)
def test_convolution(
    examples: int,
    sizes: tuple[int, ...],
    window: int,
    stride: int,
    padding: int,
    dtype: Any,
    orders: tuple[str, str],
    padded: bool,
) -> None:
    with nullcontext() if padded else patch.multiple(convolution, LANES=1, FEW=0):  # C handles any number
        compare_convolutions(examples, sizes, window, stride, padding, dtype, orders)


def compare_convolutions(
    examples: int,
    sizes: tuple[int, ...],
    window: int,
    stride: int,
    padding: int,
    dtype: Any,
    orders: tuple[str, str],
) -> None:
    """Compare the results and gradients of random images and weights."""
    channels, outputs, height, width = sizes
    height, width = (max(size, window - 2 * padding) for size in (height, width))
    rng = np.random.default_rng(0)
    terms = max(1.0, (max(channels, outputs, examples * height * width) * window**2) ** 0.5)
    x = laid(rng.normal(size=(examples, channels, height, width)).astype(dtype), orders[0])
    weights = rng.normal(size=(outputs, channels, window, window)).astype(dtype)
    biases = rng.normal(size=outputs).astype(dtype)
    y = numpy_convolution.convolution(x, weights, biases, stride, padding)
    close(convolution.convolution(x, weights, biases, stride, padding), y, scale=terms)
    dy = laid(rng.normal(size=y.shape).astype(dtype), orders[1])
    gradients = [(np.ones_like(weights), np.ones_like(biases)) for _ in range(3)]
    expected = numpy_convolution.convolution_backward(dy, x, weights, *gradients[0], stride, padding)
    dx = convolution.convolution_backward(dy, x, weights, *gradients[1], stride, padding)
    none = convolution.convolution_backward(
        dy, x, weights, *gradients[2], stride, padding, input_gradient=False
    )
    close(dx, expected, scale=terms)
    assert none is None
    for ours in gradients[1:]:
        for one, other in zip(ours, gradients[0], strict=True):
            close(one, other, scale=terms)


def test_weights_and_gradients_may_lie_anyhow() -> None:
    rng = np.random.default_rng(3)
    x, dy = rng.normal(size=(16, 3, 6, 6)), rng.normal(size=(16, 4, 4, 4))
    weights, biases = rng.normal(size=(3, 3, 3, 4)).T, rng.normal(size=8)[::2]
    weights.flags.writeable = False
    y = numpy_convolution.convolution(x, weights, biases)
    close(convolution.convolution(x, weights, biases), y)
    sums = [(np.ones((3, 3, 3, 4)).T, np.ones(8)[::2]) for _ in range(2)]
    expected = numpy_convolution.convolution_backward(dy, x, weights, *sums[0])
    close(convolution.convolution_backward(dy, x, weights, *sums[1]), expected)
    for one, other in zip(*sums, strict=True):
        close(one, other)


@pytest.mark.parametrize("dtypes", [(np.float32, np.float64), (np.float64, np.float32), (np.float16,) * 2])
def test_numpy_computes_with_other_types(dtypes: tuple[Any, Any]) -> None:
    x, weights = np.ones((16, 1, 4, 4), dtypes[0]), np.ones((2, 1, 3, 3), dtypes[1])
    y = convolution.convolution(x, weights, np.zeros(2, dtypes[1]))
    np.testing.assert_array_equal(y, 9)
    assert y.dtype == np.result_type(*dtypes)


@pytest.mark.parametrize("image", [(3, 4, 4), (2, 2, 4)])
def test_shapes_that_do_not_fit_are_an_error(image: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"(?s)."):
        convolution.convolution(np.ones((16, *image)), np.ones((4, 2, 3, 3)), np.zeros(4))


@settings(max_examples=150, deadline=None)
@given(
    examples=EXAMPLES,
    sizes=st.tuples(st.integers(1, 4), *[st.integers(4, 9)] * 2),
    window=st.integers(1, 4),
    stride=st.integers(1, 5),
    dtype=DTYPES,
    orders=st.tuples(ORDERS, ORDERS),
)
def test_pooling(
    examples: int, sizes: tuple[int, ...], window: int, stride: int, dtype: Any, orders: tuple[str, str]
) -> None:
    rng = np.random.default_rng(1)
    x = laid(rng.integers(-2, 3, size=(examples, *sizes)).astype(dtype), orders[0])  # many equal pixels
    image = (sizes[1], sizes[2])
    expected, where = numpy_pooling.max_pool(x, window, stride)
    y, places = pooling.max_pool(x, window, stride)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(places, where)
    dy = laid(rng.normal(size=y.shape).astype(dtype), orders[1])
    dx = pooling.max_pool_backward(dy, places, image, window, stride)
    close(dx, numpy_pooling.max_pool_backward(dy, where, image, window, stride))
    close(pooling.average_pool(x, window, stride), numpy_pooling.average_pool(x, window, stride))
    dx = pooling.average_pool_backward(dy, image, window, stride)
    close(dx, numpy_pooling.average_pool_backward(dy, image, window, stride))
    assert y.dtype == dx.dtype == dtype
    assert places.dtype == np.uint8


@pytest.mark.parametrize("place", range(4))
def test_pooling_of_what_is_not_a_number(place: int) -> None:
    x = np.ones((16, 1, 2, 2), np.float32)
    x[5].reshape(-1)[place] = np.nan
    for one, other in zip(pooling.max_pool(x, 2, 2), numpy_pooling.max_pool(x, 2, 2), strict=True):
        np.testing.assert_array_equal(one, other)


def test_results_have_the_batch_last_in_memory() -> None:
    x, weights = np.random.default_rng(2).normal(size=(16, 3, 8, 8)), np.ones((4, 3, 3, 3))
    y = convolution.convolution(x, weights, np.zeros(4), padding=1)
    dx = convolution.convolution_backward(y, x, weights, np.zeros_like(weights), np.zeros(4), padding=1)
    assert dx is not None
    z, places = pooling.max_pool(y, 2, 2)
    da = pooling.max_pool_backward(z, places, (8, 8), 2, 2)
    average = pooling.average_pool(y, 2, 2)
    for array in (y, dx, z, places, da, average, pooling.average_pool_backward(average, (8, 8), 2, 2)):
        assert array.transpose(1, 2, 3, 0).flags.c_contiguous


def test_convolution_of_what_is_not_finite() -> None:
    x, weights = np.zeros((32, 1, 4, 4), np.float32), np.ones((1, 1, 3, 3), np.float32)
    x[3, 0, 0, 0] = np.nan
    y = convolution.convolution(x, weights, np.zeros(1, np.float32))
    assert np.isnan(y[3, 0, 0, 0])
    assert np.isfinite(np.delete(y, 3, axis=0)).all()
    dweights = np.zeros_like(weights)
    convolution.convolution_backward(y, np.ones_like(x), weights, dweights, np.zeros(1, np.float32))
    assert np.isnan(dweights).all()


@settings(deadline=None)
@given(features=st.integers(1, 5), examples=st.integers(1, 300), dtype=DTYPES)
def test_batch_norm(features: int, examples: int, dtype: Any) -> None:
    rng = np.random.default_rng(1)
    x, dy = rng.normal(2, 3, size=(2, features, examples)).astype(dtype)
    scale, shift = rng.normal(size=(2, features)).astype(dtype)
    results: list[Any] = []
    for module in (numpy_normalization, normalization):
        y, normalised = module.batch_norm(x, scale, shift, 1e-2)
        dscale, dshift = np.ones_like(scale), np.ones_like(shift)
        dx = module.batch_norm_backward(dy, normalised, scale, dscale, dshift)
        results.append((y, *normalised, dscale, dshift, dx))
    for one, other in zip(*results, strict=True):
        close(other, one, scale=10)


def test_batch_norm_of_strided_arrays() -> None:
    rng = np.random.default_rng(1)
    x, dy = rng.normal(size=(2, 70, 3)).transpose(0, 2, 1)
    scale, shift = rng.normal(size=(3, 2)).T
    y, normalised = normalization.batch_norm(x, scale, shift, 1e-5)
    close(y, numpy_normalization.batch_norm(x, scale, shift, 1e-5)[0])
    ours, theirs = np.ones((2, 2, 3)).T[..., 0].T, np.ones((2, 3))
    dx = normalization.batch_norm_backward(dy, normalised, scale, *ours)
    close(dx, numpy_normalization.batch_norm_backward(dy, normalised, scale, *theirs))
    close(ours, theirs)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_batch_norm_of_what_is_not_finite(value: float) -> None:
    x = np.ones((1, 40), np.float32)
    x[0, 7] = value
    y, _ = normalization.batch_norm(x, np.ones(1, np.float32), np.zeros(1, np.float32), 1e-5)
    assert np.isnan(y).any()
