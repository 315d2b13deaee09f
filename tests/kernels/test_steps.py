"""The compiled step of Adam against the plain one."""

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
