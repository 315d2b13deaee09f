"""The order of an epoch, batches and chunks: every example once, in order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.data.batches import WINDOW, chunks, epoch_order, is_order, length


@given(st.integers(0, 20), st.integers(1, 30), st.integers(1, 40))
def test_chunks_make_up_the_batch(start: int, count: int, size: int) -> None:
    every, cut = np.arange(60), slice(start, start + count)
    for rows in (cut, every[::-1][cut]):
        parts = list(chunks(rows, size))
        np.testing.assert_array_equal(np.concatenate([every[part] for part in parts]), every[rows])
        assert [length(part) for part in parts] == [len(every[part]) for part in parts]
        assert all(length(part) == size for part in parts[:-1])
        assert 0 < length(parts[-1]) <= size
        assert all(isinstance(part, slice) == isinstance(rows, slice) for part in parts)


@pytest.mark.parametrize(("examples", "row"), [(100, 1), (1_024, WINDOW // 1_024)])
def test_what_fits_into_a_window_is_shuffled_as_a_whole(examples: int, row: int) -> None:
    rng = np.random.default_rng(0)
    assert epoch_order(examples, examples, rng, row) is None, "one batch holds everything: nothing is drawn"
    order = epoch_order(examples, 10, rng, row)
    np.testing.assert_array_equal(order, np.random.default_rng(0).permutation(examples))


def test_large_data_are_shuffled_in_windows_of_blocks() -> None:
    examples, row = 5_120, WINDOW // 1_024  # 1,024 examples in a window, 2 in a block
    order, again = (epoch_order(examples, 10, np.random.default_rng(0), row) for _ in range(2))
    assert order is not None
    np.testing.assert_array_equal(order, again)
    assert order.dtype == np.int16
    assert is_order(order, 10)
    assert not is_order(order[1:], 10)
    for window in np.split(order, 5):
        blocks = np.unique(window // 2)
        assert len(blocks) <= 512, "a window holds whole blocks"
        assert np.ptp(blocks) > 2_000, "blocks of a window come from everywhere"
        assert np.count_nonzero(np.diff(window) == 1) < 10, "examples of a block are apart"
