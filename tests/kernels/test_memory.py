"""Orders of memory: views where possible, copies where not."""

import numpy as np
import pytest

from handgrad.kernels.memory import LINE, aligned, batch_first, batch_last


@pytest.mark.parametrize("shape", [(5, 3), (5, 3, 2, 4)])
def test_batch_last_and_back(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).normal(size=shape)
    last = batch_last(x)
    assert last.shape == (*shape[1:], 5)
    assert last.flags.c_contiguous
    np.testing.assert_array_equal(batch_first(last), x)
    assert np.shares_memory(batch_last(batch_first(last)), last)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", [1, 10, 7960])
def test_aligned_vectors_begin_with_a_cache_line(length: int, dtype: type) -> None:
    for _ in range(5):
        vector = aligned((length,), dtype)
        assert vector.shape == (length,)
        assert vector.dtype == dtype
        assert vector.ctypes.data % LINE == 0
        vector[...] = 1
