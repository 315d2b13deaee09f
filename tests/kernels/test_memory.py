"""Orders of memory: views where possible, copies where not; and memory that is kept."""

import subprocess
import sys

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
        vector = aligned(length, dtype)
        assert vector.shape == (length,)
        assert vector.dtype == dtype
        assert vector.ctypes.data % LINE == 0
        assert not vector.any()
        vector[...] = 1


@pytest.mark.skipif(sys.platform != "linux", reason="a setting of glibc")
def test_a_process_that_keeps_its_memory_need_not_ask_for_it_again() -> None:
    program = """
import resource, sys
import numpy as np
from handgrad.kernels.memory import keep_freed
if sys.argv[1] == "keep":
    keep_freed()
def work():
    arrays = [np.ones(1_000_000, np.float32) for _ in range(4)]
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
    faults = [
        int(subprocess.run([sys.executable, "-c", program, how], capture_output=True, check=True).stdout)
        for how in ("keep", "default")
    ]
    assert faults[0] < faults[1] / 10
