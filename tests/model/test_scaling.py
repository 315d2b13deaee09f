"""Scaling: bytes by 255, numbers to mean 0 and deviation 1."""

import numpy as np
import pytest

from handgrad.model.scaling import Scaling


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bytes_are_divided_by_255(dtype: type) -> None:
    raw = np.arange(256, dtype=np.uint8).reshape(2, 128)
    scaled = Scaling.learned(raw)(raw, dtype)
    np.testing.assert_array_equal(scaled, raw.astype(dtype) / dtype(255))
    assert scaled.dtype == dtype


def test_each_input_is_standardized_and_a_constant_becomes_zero() -> None:
    rng = np.random.default_rng(0)
    raw = (rng.normal(size=(1000, 4)) * [1, 1e6, 1e-6, 0] + [0, 1e8, 5, 7]).astype(np.float32)
    scaled = Scaling.learned(raw)(raw, np.float32)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(scaled[:, [0, 1, 3]].std(axis=0), [1, 1, 0], rtol=1e-3)


@pytest.mark.parametrize("divisor", [1e-60, 1e-42, 1e60])
def test_divisors_beyond_float32(divisor: float) -> None:
    scaling = Scaling(np.zeros(2), np.array([divisor, 1]))
    scaled = scaling(np.array([[divisor * 3, 2]]), np.float32)
    np.testing.assert_allclose(scaled, [[3, 2]], rtol=1e-6)
