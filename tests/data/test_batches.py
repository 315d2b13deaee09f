"""Batches and chunks: every example once, in order."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from handgrad.data.batches import WINDOW, Rows, batches, chunks, epoch_order, is_order, length


def members(rows: Rows, examples: int) -> list[int]:
    return np.arange(examples)[rows].tolist()


@given(st.integers(1, 50), st.integers(1, 60), st.integers(0, 3))
def test_an_epoch_takes_every_example_once(examples: int, size: int, seed: int) -> None:
    order = epoch_order(examples, size, np.random.default_rng(seed))
    assert (order is None) == (size >= examples)
    parts = list(batches(order, examples, size))
    taken = [member for part in parts for member in members(part, examples)]
    assert sorted(taken) == list(range(examples))
    assert taken == (list(range(examples)) if order is None else order.tolist())
    lengths = [length(part) for part in parts]
    assert lengths[:-1] == [size] * (len(parts) - 1)
    assert lengths == [len(members(part, examples)) for part in parts]


@given(st.integers(1, 50), st.integers(1, 60), st.data())
def test_an_epoch_resumes_where_it_was_interrupted(examples: int, size: int, data: st.DataObject) -> None:
    order = epoch_order(examples, size, np.random.default_rng(0))
    whole = [members(part, examples) for part in batches(order, examples, size)]
    done = data.draw(st.integers(0, len(whole)))
    start = min(done * size, examples)
    rest = [members(part, examples) for part in batches(order, examples, size, start)]
    assert rest == whole[done:]


def test_the_order_is_shuffled_by_the_generator() -> None:
    orders = [epoch_order(100, 10, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    first, again, other = (order.tolist() for order in orders if order is not None)
    assert first == again
    assert first != other
    assert first != sorted(first)


def test_one_batch_of_everything_copies_nothing_and_draws_nothing() -> None:
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    assert list(batches(epoch_order(5, 9, rng), 5, 9)) == [slice(0, 5)]
    assert rng.bit_generator.state == before


@given(st.integers(0, 20), st.integers(1, 30), st.integers(1, 12))
def test_chunks_make_up_the_batch(start: int, count: int, size: int) -> None:
    cut = slice(start, start + count)
    for rows in (cut, np.arange(60)[::-1][cut]):
        parts = chunks(rows, size)
        assert [m for part in parts for m in members(part, 60)] == members(rows, 60)
        assert all(length(part) == size for part in parts[:-1])
        assert 0 < length(parts[-1]) <= size
        assert all(isinstance(part, slice) == isinstance(rows, slice) for part in parts)


def test_large_data_are_shuffled_in_windows_of_blocks() -> None:
    examples, row = 5_120, WINDOW // 1_024  # 1,024 examples in a window, 2 in a block
    order = epoch_order(examples, 10, np.random.default_rng(0), row)
    assert order is not None
    assert order.dtype == np.int16
    assert np.array_equal(np.sort(order), np.arange(examples))
    assert is_order(order, 10)
    for window in np.split(order, 5):
        blocks = np.unique(window // 2)
        assert len(blocks) <= 512, "a window holds whole blocks"
        assert np.ptp(blocks) > 2_000, "blocks of a window come from everywhere"
        assert not np.array_equal(window // 2, np.sort(window // 2))
    again = epoch_order(examples, 10, np.random.default_rng(0), row)
    assert again is not None
    assert np.array_equal(order, again)
    small = epoch_order(1_024, 10, np.random.default_rng(0), row)
    assert small is not None
    assert np.array_equal(small, np.random.default_rng(0).permutation(1_024))
