"""Dense layers on bytes: the plain kernels are the dense ones on floats, and the compiled ones compute the same."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from handgrad.kernels import bytes as plain
from handgrad.kernels import dense as on_floats
from handgrad.kernels.compiled import bytes as compiled
from laid_out import DTYPES, close


def mostly_zero(examples: int, inputs: int, share: float) -> NDArray[np.uint8]:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, size=(examples, inputs), dtype=np.uint8)
    x[rng.random(x.shape) < share] = 0
    x[::3] = 0
    return x


@settings(max_examples=60, deadline=None)
@given(
    examples=st.sampled_from([1, 2, 7, 40, 300]),
    inputs=st.sampled_from([1, 16, 31, 48, 784]),
    outputs=st.integers(1, 3 * compiled.FEW),
    share=st.sampled_from([0.0, 0.9, 1.0]),
    dtype=DTYPES,
)
@pytest.mark.parametrize("kernels", [plain, compiled])
def test_bytes_are_weighed_as_their_floats(
    kernels: ModuleType, examples: int, inputs: int, outputs: int, share: float, dtype: Any
) -> None:
    rng = np.random.default_rng(1)
    x = mostly_zero(examples, inputs, share)
    floats = (x / 255).astype(dtype)
    weights, biases = rng.normal(size=(outputs, inputs)).astype(dtype), rng.normal(size=outputs).astype(dtype)
    y = kernels.dense(x, 255.0, weights, biases)
    close(y, on_floats.dense(floats, weights, biases))
    dy = rng.normal(size=y.shape).astype(dtype)
    mine, expected = ([np.ones_like(weights), np.ones_like(biases)] for _ in range(2))
    kernels.dense_backward(dy, x, 255.0, *mine)
    on_floats.dense_backward(dy, floats, weights, *expected, input_gradient=False)
    for one, other in zip(mine, expected, strict=True):
        close(one, other)


def test_rows_that_lie_apart_in_memory() -> None:
    x = mostly_zero(20, 32, 0.5)
    weights, biases = np.ones((2, 32), np.float32), np.zeros(2, np.float32)
    np.testing.assert_array_equal(
        compiled.dense(x[::2], 255.0, weights, biases),
        compiled.dense(x[::2].copy(), 255.0, weights, biases),
    )
