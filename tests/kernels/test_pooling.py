"""Pooling against windows looked at one by one."""

import numpy as np
import pytest

from handgrad.kernels.pooling import average_pool, max_pool, max_pool_backward


@pytest.mark.parametrize(("window", "stride"), [(2, 2), (3, 1), (3, 2)])
def test_pools_are_the_largest_and_the_average_of_each_window(window: int, stride: int) -> None:
    x = np.random.default_rng(1).normal(size=(2, 3, 7, 6))
    largest, _ = max_pool(x, window, stride)
    average = average_pool(x, window, stride)
    assert largest.shape == average.shape
    for n, c, i, j in np.ndindex(*largest.shape):
        patch = x[n, c, i * stride : i * stride + window, j * stride : j * stride + window]
        assert largest[n, c, i, j] == patch.max()
        assert average[n, c, i, j] == pytest.approx(patch.mean())


def test_of_equal_pixels_only_the_first_gets_the_gradient() -> None:
    x = np.zeros((1, 1, 2, 2))
    _, places = max_pool(x, 2, 2)
    dx = max_pool_backward(np.ones((1, 1, 1, 1)), places, (2, 2), 2, 2)
    assert dx.tolist() == [[[[1, 0], [0, 0]]]]


def test_single_precision_stays_single() -> None:
    x = np.ones((1, 1, 4, 4), np.float32)
    assert max_pool(x, 2, 2)[0].dtype == average_pool(x, 2, 2).dtype == np.float32
