"""Compiled pooling computes what the plain one does, of any shape and memory order."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad.kernels import pooling as plain
from handgrad.kernels.compiled import pooling as compiled
from laid_out import DTYPES, ORDERS, close, laid


@settings(max_examples=80, deadline=None)
@given(
    examples=st.sampled_from([1, 2, 7, 16, 33]),
    sizes=st.tuples(st.integers(1, 4), *[st.integers(4, 9)] * 2),
    window=st.integers(1, 4),
    stride=st.integers(1, 5),
    dtype=DTYPES,
    orders=st.tuples(ORDERS, ORDERS),
)
def test_max_pool(
    examples: int, sizes: tuple[int, ...], window: int, stride: int, dtype: Any, orders: tuple[str, str]
) -> None:
    rng = np.random.default_rng(1)
    x = laid(rng.integers(-2, 3, size=(examples, *sizes)).astype(dtype), orders[0])  # many equal pixels
    image = (sizes[1], sizes[2])
    expected, where = plain.max_pool(x, window, stride)
    y, places = compiled.max_pool(x, window, stride)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(places, where)
    dy = laid(rng.normal(size=y.shape).astype(dtype), orders[1])
    dx = compiled.max_pool_backward(dy, places, image, window, stride)
    close(dx, plain.max_pool_backward(dy, where, image, window, stride))
    assert y.dtype == dx.dtype == dtype


def test_what_comes_out_lies_with_the_batch_last() -> None:
    y, places = compiled.max_pool(np.random.default_rng(2).normal(size=(2, 3, 8, 8)), 2, 2)
    dx = compiled.max_pool_backward(y, places, (8, 8), 2, 2)
    for array in (y, places, dx):
        assert array.transpose(1, 2, 3, 0).flags.c_contiguous
