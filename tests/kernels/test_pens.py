"""Thicker and thinner pens: what happens at an edge, and the compiled kernel against the plain one."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad.kernels import pens as plain
from handgrad.kernels.compiled import pens as compiled
from laid_out import DTYPES, close


@pytest.mark.parametrize("kernels", [plain, compiled])
def test_a_line_grows_and_shrinks_at_its_edges(kernels: ModuleType) -> None:
    line = np.zeros((3, 1, 5, 7))
    line[..., 2:5] = 8
    thicker, thinner, same = kernels.change_pen(line, np.array([0.5, -0.25, 0.0]))[:, 0]
    assert thicker[2].tolist() == [0, 4, 8, 8, 8, 4, 0]
    assert thinner[2].tolist() == [0, 0, 6, 8, 6, 0, 0]
    np.testing.assert_array_equal(same, line[0, 0])


@settings(max_examples=50, deadline=None)
@given(shape=st.tuples(st.integers(1, 4), st.integers(1, 2), *[st.integers(1, 9)] * 2), dtype=DTYPES)
def test_the_compiled_kernel_is_the_plain_one(shape: tuple[int, ...], dtype: Any) -> None:
    rng = np.random.default_rng(0)
    images, strengths = rng.random(shape).astype(dtype), rng.uniform(-1, 1, shape[0])
    close(compiled.change_pen(images, strengths), plain.change_pen(images, strengths))
