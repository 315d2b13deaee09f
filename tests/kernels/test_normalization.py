"""Batch normalisation against its formula, and the compiled twin against the plain one."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad.kernels import normalization as plain
from handgrad.kernels.compiled import normalization as compiled
from laid_out import DTYPES, close


def test_every_feature_has_the_mean_and_variance_that_were_learned() -> None:
    x = np.random.default_rng(0).normal(3, 5, size=(2, 1000))
    y, _ = plain.batch_norm(x, np.array([2.0, 3.0]), np.array([0.5, -1.0]), 1e-12)
    np.testing.assert_allclose(y.mean(axis=1), [0.5, -1])
    np.testing.assert_allclose(y.std(axis=1), [2, 3])


@settings(deadline=None)
@given(features=st.integers(1, 5), examples=st.integers(1, 70), dtype=DTYPES)
def test_the_compiled_twin_computes_the_same(features: int, examples: int, dtype: Any) -> None:
    rng = np.random.default_rng(1)
    x, dy = rng.normal(2, 3, size=(2, features, examples)).astype(dtype)
    scale, shift = rng.normal(size=(2, features)).astype(dtype)
    outcomes: list[Any] = []
    for kernels in (plain, compiled):
        y, normalised = kernels.batch_norm(x, scale, shift, 1e-2)
        dscale, dshift = np.ones_like(scale), np.ones_like(shift)
        dx = kernels.batch_norm_backward(dy, normalised, scale, dscale, dshift)
        outcomes.append((y, *normalised, dscale, dshift, dx))
    for one, other in zip(*outcomes, strict=True):
        close(other, one)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_stays_so(value: float) -> None:
    x = np.ones((1, 40), np.float32)
    x[0, 7] = value
    y, _ = compiled.batch_norm(x, np.ones(1, np.float32), np.zeros(1, np.float32), 1e-5)
    assert np.isnan(y).any()
