"""The compiled kernels compute what the plain ones do, to rounding, of any shape and memory order."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from handgrad.kernels import convolution as plain
from handgrad.kernels.compiled import convolution as compiled
from handgrad.kernels.reference import relu_backward

DTYPES = st.sampled_from([np.dtype(np.float32), np.dtype(np.float64)])
ORDERS = st.sampled_from(["first", "last", "strided", "reversed"])


def laid(x: NDArray[Any], order: str) -> NDArray[Any]:
    """Give the same images, otherwise laid out in memory."""
    if order == "last":
        return np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    if order == "strided":
        wide = np.full((*x.shape[:3], 2 * x.shape[3]), np.nan, x.dtype)
        wide[..., ::2] = x
        return wide[..., ::2]
    return x[:, :, ::-1].copy()[:, :, ::-1] if order == "reversed" else x


def close(actual: Any, expected: Any) -> None:
    assert actual.dtype == expected.dtype
    tolerance = 1e-4 if actual.dtype == np.float32 else 1e-10
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


@settings(max_examples=80, deadline=None)
@given(
    sizes=st.tuples(*[st.integers(1, 4)] * 3, *[st.integers(1, 9)] * 2),
    window=st.integers(1, 5),
    stride=st.integers(1, 4),
    padding=st.integers(0, 5),
    dtype=DTYPES,
    orders=st.tuples(ORDERS, ORDERS),
    rows=st.sampled_from([1, 60, 100_000]),
)
def test_convolution(
    sizes: tuple[int, ...],
    window: int,
    stride: int,
    padding: int,
    dtype: Any,
    orders: tuple[str, str],
    rows: int,
) -> None:
    n, channels, outputs, height, width = sizes
    height, width = (max(size, window - 2 * padding) for size in (height, width))
    rng = np.random.default_rng(0)
    x = laid(rng.normal(size=(n, channels, height, width)).astype(dtype), orders[0])
    weights = rng.normal(size=(outputs, channels, window, window)).astype(dtype)
    biases = rng.normal(size=outputs).astype(dtype)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "ROWS", rows)
        y = plain.convolution(x, weights, biases, stride, padding)
        close(compiled.convolution(x, weights, biases, stride, padding), y)
        dy = laid(rng.normal(size=y.shape).astype(dtype), orders[1])
        gradients = [(np.ones_like(weights), np.ones_like(biases)) for _ in range(3)]
        expected = plain.convolution_backward(dy, x, weights, *gradients[0], stride, padding)
        close(compiled.convolution_backward(dy, x, weights, *gradients[1], stride, padding), expected)
        none = compiled.convolution_backward(
            dy, x, weights, *gradients[2], stride, padding, input_gradient=False
        )
    assert none is None
    for mine in gradients[1:]:
        for one, other in zip(mine, gradients[0], strict=True):
            close(one, other)


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.tuples(*[st.integers(1, 4)] * 2, *[st.integers(4, 9)] * 2),
    window=st.integers(1, 4),
    stride=st.integers(1, 5),
    dtype=DTYPES,
    orders=st.tuples(ORDERS, ORDERS),
)
def test_max_pool(
    sizes: tuple[int, ...], window: int, stride: int, dtype: Any, orders: tuple[str, str]
) -> None:
    rng = np.random.default_rng(1)
    x = laid(rng.integers(-2, 3, size=sizes).astype(dtype), orders[0])  # many equal pixels
    expected, where = plain.max_pool(x, window, stride)
    y, places = compiled.max_pool(x, window, stride)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(places, where)
    dy = laid(rng.normal(size=y.shape).astype(dtype), orders[1])
    dx = compiled.max_pool_backward(dy, places, sizes[2:], window, stride)  # type: ignore[arg-type]
    close(dx, plain.max_pool_backward(dy, where, sizes[2:], window, stride))  # type: ignore[arg-type]
    assert y.dtype == dx.dtype == dtype


def test_what_comes_out_lies_channels_last() -> None:
    x = np.random.default_rng(2).normal(size=(2, 3, 8, 8))
    y = compiled.convolution(x, np.ones((4, 3, 3, 3)), np.zeros(4), padding=1)
    pooled, places = compiled.max_pool(y, 2, 2)
    dx = compiled.max_pool_backward(pooled, places, (8, 8), 2, 2)
    for array in (y, pooled, places, dx):
        assert array.transpose(0, 2, 3, 1).flags.c_contiguous


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["first", "last", "strided"])
def test_relu_backward(dtype: Any, order: str) -> None:
    rng = np.random.default_rng(3)
    x = rng.integers(-1, 2, size=(2, 3, 4, 5)).astype(dtype)
    dy = rng.normal(size=x.shape).astype(dtype)
    dx = compiled.relu_backward(dy, laid(x, order))
    np.testing.assert_array_equal(dx, relu_backward(dy, x))
    assert dx.dtype == dtype
