"""The compiled convolution computes what the plain one does, to rounding, of any shape and memory order."""

from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad.kernels import convolution as plain
from handgrad.kernels.compiled import convolution as compiled
from handgrad.kernels.compiled import unit_convolution as unit
from laid_out import DTYPES, ORDERS, close, laid


@settings(max_examples=120, deadline=None)
@given(
    examples=st.sampled_from([1, 2, 5, 8, 16, 32, 37, 64, 70]),
    sizes=st.tuples(
        st.sampled_from([1, 2, 3, 4, 16, 17, 40]),
        st.sampled_from([1, 2, 5, 10, 40]),
        *[st.integers(1, 9)] * 2,
    ),
    window=st.integers(1, 5),
    stride=st.integers(1, 4),
    padding=st.integers(0, 5),
    dtype=DTYPES,
    orders=st.tuples(ORDERS, ORDERS),
    block=st.sampled_from([1, 18]),
)
def test_convolution(
    examples: int,
    sizes: tuple[int, ...],
    window: int,
    stride: int,
    padding: int,
    dtype: Any,
    orders: tuple[str, str],
    block: int,
) -> None:
    channels, outputs, height, width = sizes
    height, width = (max(size, window - 2 * padding) for size in (height, width))
    rng, terms = np.random.default_rng(0), max(1.0, (max(channels, outputs, examples) * window**2) ** 0.5)
    x = laid(rng.normal(size=(examples, channels, height, width)).astype(dtype), orders[0])
    weights = rng.normal(size=(outputs, channels, window, window)).astype(dtype)
    biases = rng.normal(size=outputs).astype(dtype)
    near = unit.NEAR // 1000 if block == 1 else unit.NEAR
    with patch.object(compiled, "BLOCK", block), patch.object(unit, "NEAR", near):
        y = plain.convolution(x, weights, biases, stride, padding)
        close(compiled.convolution(x, weights, biases, stride, padding), y, scale=terms)
        dy = laid(rng.normal(size=y.shape).astype(dtype), orders[1])
        gradients = [(np.ones_like(weights), np.ones_like(biases)) for _ in range(3)]
        expected = plain.convolution_backward(dy, x, weights, *gradients[0], stride, padding)
        close(
            compiled.convolution_backward(dy, x, weights, *gradients[1], stride, padding),
            expected,
            scale=terms,
        )
        none = compiled.convolution_backward(
            dy, x, weights, *gradients[2], stride, padding, input_gradient=False
        )
    assert none is None
    for mine in gradients[1:]:
        for one, other in zip(mine, gradients[0], strict=True):
            close(one, other, scale=terms)


@pytest.mark.parametrize(("examples", "stride", "calls"), [(32, 1, 2), (32, 2, 2), (1, 1, 0)])
def test_batches_go_through_tiles_and_few_examples_through_the_plain_kernel(
    examples: int, stride: int, calls: int
) -> None:
    x, weights = np.ones((examples, 1, 8, 8), np.float32), np.ones((2, 1, 3, 3), np.float32)
    with patch.object(compiled, "weigh", wraps=compiled.weigh) as weigh:
        y = compiled.convolution(x, weights, np.zeros(2, np.float32), stride)
        compiled.convolution_backward(y, x, weights, np.zeros_like(weights), np.zeros(2, np.float32), stride)
    assert weigh.call_count == calls


def test_what_comes_out_lies_with_the_batch_last() -> None:
    x, weights = np.random.default_rng(2).normal(size=(16, 3, 8, 8)), np.ones((4, 3, 3, 3))
    y = compiled.convolution(x, weights, np.zeros(4), padding=1)
    dx = compiled.convolution_backward(y, x, weights, np.zeros_like(weights), np.zeros(4), padding=1)
    assert dx is not None
    for array in (y, dx):
        assert array.transpose(1, 2, 3, 0).flags.c_contiguous


def test_what_is_not_finite_stays_so() -> None:
    x, weights = np.zeros((32, 1, 4, 4), np.float32), np.ones((1, 1, 3, 3), np.float32)
    x[3, 0, 0, 0] = np.nan
    y = compiled.convolution(x, weights, np.zeros(1, np.float32))
    assert np.isnan(y[3, 0, 0, 0])
    assert np.isfinite(np.delete(y, 3, axis=0)).all()
    dweights = np.zeros_like(weights)
    compiled.convolution_backward(y, np.ones_like(x), weights, dweights, np.zeros(1, np.float32))
    assert np.isnan(dweights).all()
