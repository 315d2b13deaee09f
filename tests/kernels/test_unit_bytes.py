"""Products of bytes on the matrix unit: exact where they can be, and within 23 bits of the largest number else."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad.kernels.compiled import bytes as on_bytes
from handgrad.kernels.compiled import unit_bytes as unit
from handgrad.kernels.compiled.matrix_unit import KNOWS_BYTES

pytestmark = pytest.mark.skipif(not KNOWS_BYTES, reason="this processor has no matrix unit for bytes")


@settings(max_examples=60, deadline=None)
@given(
    examples=st.sampled_from([8, 15, 16, 17, 63, 64, 65, 130, 257, 300]),
    inputs=st.sampled_from([64, 65, 95, 96, 128, 784]),
    outputs=st.sampled_from([1, 10, 15, 16, 17, 40]),
    size=st.sampled_from([1e-20, 1.0, 1e20]),
)
def test_errors_are_within_23_bits_of_the_largest_number(
    examples: int, inputs: int, outputs: int, size: float
) -> None:
    rng = np.random.default_rng(examples)
    x = rng.integers(0, 256, (examples, inputs), np.uint8)
    weights, dy = (
        (size * rng.normal(size=shape) * 10 ** rng.uniform(-6, 0, shape)).astype(np.float32)
        for shape in ((outputs, inputs), (examples, outputs))
    )
    y = unit.weigh(x, 1.0, weights, np.zeros(outputs, np.float32))
    expected = x.astype(float) @ weights.T.astype(float)
    largest = np.abs(weights).max(axis=1)
    assert (np.abs(y - expected) <= largest * 2.0**-23 * 256 * inputs + 1e-6 * np.abs(expected)).all()
    dweights, dbiases = np.zeros((outputs, inputs), np.float32), np.zeros(outputs, np.float32)
    unit.correlate(dy, x, 1.0, dweights, dbiases)
    expected = dy.T.astype(float) @ x.astype(float)
    largest = np.abs(dy).max(axis=0)[:, None]
    assert (
        np.abs(dweights - expected) <= largest * 2.0**-22 * 256 * examples + 1e-6 * np.abs(expected)
    ).all()
    np.testing.assert_allclose(dbiases, dy.sum(axis=0), rtol=1e-4, atol=1e-5 * size)


def test_extreme_bytes_and_numbers_do_not_overflow() -> None:
    x = np.full((200, unit.MOST), 255, np.uint8)
    ones = np.ones((3, unit.MOST), np.float32)
    y = unit.weigh(x[:20], 1.0, -ones, np.zeros(3, np.float32))
    np.testing.assert_allclose(y, -255 * unit.MOST, rtol=1e-6)
    dweights, dbiases = np.zeros((3, unit.MOST), np.float32), np.zeros(3, np.float32)
    unit.correlate(np.ones((len(x), 3), np.float32), x, 1.0, dweights, dbiases)
    np.testing.assert_allclose(dweights, 255 * len(x), rtol=1e-6)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_stays_so(wrong: float) -> None:
    x, weights = np.ones((20, 64), np.uint8), np.ones((3, 64), np.float32)
    weights[1, 7] = wrong
    y = unit.weigh(x, 255.0, weights, np.zeros(3, np.float32))
    assert np.isfinite(y).all(axis=0).tolist() == [True, False, True]
    dweights, dbiases, dy = np.zeros_like(weights), np.zeros(3, np.float32), np.ones((20, 3), np.float32)
    dy[5, 2] = wrong
    unit.correlate(dy, x, 255.0, dweights, dbiases)
    assert np.isfinite(dweights).all(axis=1).tolist() == [True, True, False]
    assert np.isfinite(dbiases).tolist() == [True, True, False]


def test_all_zeros() -> None:
    x, weights = np.zeros((20, 64), np.uint8), np.zeros((3, 64), np.float32)
    assert (unit.weigh(x, 255.0, weights, np.ones(3, np.float32)) == 1).all()
    dweights = np.ones_like(weights)
    unit.correlate(np.zeros((20, 3), np.float32), x + np.uint8(1), 255.0, dweights, np.zeros(3, np.float32))
    assert (dweights == 1).all()


@pytest.mark.parametrize(("examples", "inputs", "dtype"), [(7, 784, "f4"), (20, 63, "f4"), (20, 784, "f8")])
def test_what_is_too_small_or_too_precise_goes_another_way(examples: int, inputs: int, dtype: Any) -> None:
    x = np.ones((examples, inputs), np.uint8)
    assert not unit.suits(x, np.dtype(dtype))
    y = on_bytes.dense(x, 1.0, np.ones((2, inputs), dtype), np.zeros(2, dtype))
    np.testing.assert_allclose(y, inputs)
