"""The compiled steps against the plain ones."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import DTypeLike

from handgrad.kernels import steps
from handgrad.kernels.compiled import steps as compiled


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("step", [1, 2, 1000])
def test_the_compiled_step_is_the_plain_one(dtype: DTypeLike, step: int) -> None:
    rng = np.random.default_rng(0)
    plain: Any = [rng.normal(size=1001).astype(dtype) for _ in range(4)]
    plain[3] = plain[3] ** 2
    plain[1][:10] = plain[3][:10] = 0
    fast = [array.copy() for array in plain]
    numbers: Any = (0.9, 0.999, 1e-8, 0.01, step)
    steps.adam(*plain, *numbers)
    compiled.adam(*fast, *numbers)
    for one, other in zip(plain, fast, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=50 * float(np.finfo(dtype).eps))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_compiled_average_is_the_plain_one(dtype: DTypeLike) -> None:
    rng = np.random.default_rng(0)
    average, vector = (rng.normal(size=1001).astype(dtype) for _ in range(2))
    fast = average.copy()
    steps.move_average(average, vector, 0.3)
    compiled.move_average(fast, vector, 0.3)
    assert fast.dtype == average.dtype
    np.testing.assert_allclose(fast, average, rtol=50 * float(np.finfo(dtype).eps), atol=1e-7)
