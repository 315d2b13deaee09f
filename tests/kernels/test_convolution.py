"""Convolution against sums written out one by one."""

import numpy as np
import pytest

from handgrad.kernels.convolution import convolution, output_size


@pytest.mark.parametrize(("stride", "padding", "window"), [(1, 0, 3), (2, 1, 3), (3, 2, 2), (1, 0, 1)])
def test_convolution_is_the_sum_of_its_formula(stride: int, padding: int, window: int) -> None:
    rng = np.random.default_rng(0)
    x, weights, biases = (
        rng.normal(size=(2, 3, 6, 7)),
        rng.normal(size=(4, 3, window, window)),
        rng.normal(size=4),
    )
    y = convolution(x, weights, biases, stride, padding)
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    assert y.shape[2:] == tuple(output_size(size, window, stride, padding) for size in (6, 7))
    for n, o, i, j in np.ndindex(*y.shape):
        patch = padded[n, :, i * stride : i * stride + window, j * stride : j * stride + window]
        assert y[n, o, i, j] == pytest.approx((patch * weights[o]).sum() + biases[o])


def test_single_precision_stays_single() -> None:
    x = np.ones((1, 1, 4, 4), np.float32)
    y = convolution(x, np.ones((1, 1, 3, 3), np.float32), np.zeros(1, np.float32))
    assert y.dtype == np.float32
