"""Orders of memory: views where possible, copies where not; and memory that is used again."""

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np

from handgrad.kernels.memory import LINE, aligned, aligned_like, batch_first, batch_last
from laid_out import laid


def test_batch_last_and_back() -> None:
    last = batch_last(np.zeros((5, 3, 2, 4)))
    assert last.shape == (3, 2, 4, 5)
    assert last.flags.c_contiguous
    assert np.shares_memory(batch_last(batch_first(last)), last)


def test_aligned_vectors_begin_with_a_cache_line() -> None:
    for length, dtype in product((1, 10, 7960), (np.float32, np.float64)):
        vectors = [aligned((length,), dtype) for _ in range(5)]
        assert {(vector.shape, vector.dtype) for vector in vectors} == {((length,), np.dtype(dtype))}
        assert not any(vector.ctypes.data % LINE for vector in vectors)


def test_memory_is_used_again_once_no_array_refers_to_it() -> None:
    def place() -> int:
        return aligned((100_000,), np.float32).ctypes.data

    first = aligned((100_000,), np.float32)
    first[:] = 1
    view, address = first[5:], first.ctypes.data
    assert place() != address
    del first
    assert place() != address  # a view still has it
    aligned((100_000,), np.float32)[:] = 2
    assert (view == 1).all()
    del view
    assert place() == address
    with ThreadPoolExecutor(1) as pool:  # other threads have their own
        assert pool.submit(place).result() != address


def test_aligned_like_keeps_the_memory_order() -> None:
    for order in ("first", "last"):
        x = laid(np.zeros((3, 2, 4, 5)), order)
        like = aligned_like(x)
        assert like is not None
        assert (like.shape, like.strides, like.dtype) == (x.shape, x.strides, x.dtype)
        assert aligned_like(x[:, :, ::2]) is None
