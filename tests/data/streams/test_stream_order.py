"""The order of an epoch of a stream: drawn from one number, every example once, resumed anywhere."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad.data.batches import is_order, stream_order, window_rows, windows
from handgrad.data.dataset import Dataset
from handgrad.data.load import load_data
from handgrad.data.streams.dataset import StreamedDataset
from handgrad.data.streams.memory import PROGRAM, Memory
from handgrad.data.streams.store import Store
from handgrad.errors import HandgradError

ROW = 256
"""Bytes of an example in a window: 60 floats, and two numbers that go with it."""


class ListStore(Store):
    """Examples in memory, as a store; all 60 inputs of an example are its number."""

    classes, features, input_shape = ("a", "b"), (), (60,)
    independent, place, fingerprint = False, "a list", 1
    dtype = np.dtype(np.float32)

    def __init__(self, examples: int, block: int) -> None:
        self.examples, self.block = examples, block
        self.labels = np.arange(examples, dtype=np.uint8) % 2
        self.reads: list[int] = []

    def read(self, number: int, out: np.ndarray) -> None:
        self.reads.append(number)
        out[:] = np.arange(number * self.block, number * self.block + len(out))[:, None]

    def take(self, rows: np.ndarray) -> np.ndarray:
        return np.repeat(rows.astype(np.float32)[:, None], 60, axis=1)


def stream(examples: int, block: int, window: int) -> StreamedDataset:
    """Give a stream whose windows have so many blocks."""
    return StreamedDataset.of(ListStore(examples, block), Memory(PROGRAM + 4 * window * block * ROW))


@settings(deadline=None)
@given(st.integers(2, 120), st.integers(1, 9), st.integers(1, 6), st.integers(1, 30), st.data())
def test_an_epoch_takes_every_example_once_and_goes_on_anywhere(
    examples: int, block: int, window: int, size: int, data: st.DataObject
) -> None:
    dataset = stream(examples, block, window)
    order = dataset.draw_order(size, np.random.default_rng(3))
    assert (order is None) == (size >= examples)
    if order is not None and size > (window - 1) * block and window * block < examples:
        return  # perhaps larger than a window
    parts = [np.arange(examples)[rows] for rows in dataset.batches(order, size)]
    assert sorted(np.concatenate(parts).tolist()) == list(range(examples))
    assert [len(part) for part in parts[:-1]] == [size] * (len(parts) - 1)
    done = data.draw(st.integers(0, len(parts) - 1))
    rest = [np.arange(examples)[rows] for rows in dataset.batches(order, size, done * size)]
    assert [part.tolist() for part in rest] == [part.tolist() for part in parts[done:]]


def test_a_batch_is_in_memory_when_it_comes_and_each_block_is_read_once() -> None:
    dataset = stream(1000, 10, 7)
    store = dataset.stream.store
    assert isinstance(store, ListStore)
    order = np.array([5])
    for rows in dataset.batches(order, 32):
        assert dataset.stream.window is not None
        assert dataset.stream.window.take(dataset.stream.selection.places(np.asarray(rows))) is not None
        assert dataset.inputs[rows][:, 0].tolist() == np.asarray(rows).tolist()
    assert sorted(store.reads) == list(range(100))
    assert dataset.stream.window is None


def test_any_examples_may_be_taken_while_an_epoch_goes_on() -> None:
    dataset = stream(300, 10, 4)
    everything = np.random.default_rng(0).permutation(300)
    for _ in dataset.batches(np.array([5]), 32):
        for rows in (everything[:30], everything[50:52], np.arange(0, 300, 10)):
            assert dataset.inputs[rows][:, 0].tolist() == rows.tolist()
        for block in range(30):
            assert dataset.inputs[np.array([10 * block + 3])][0, 0] == 10 * block + 3


def test_the_order_is_as_documented() -> None:
    dataset = stream(100, 10, 3)
    assert dataset.window == 3
    drawn = np.random.default_rng([9, 0]).permutation(10)
    expected = []
    for number in range(4):
        rows = [
            row for block in drawn[3 * number : 3 * number + 3] for row in range(10 * block, 10 * block + 10)
        ]
        np.random.default_rng([9, 1 + number]).shuffle(rows)
        expected += rows
    found = np.concatenate([np.asarray(rows) for rows in dataset.batches(np.array([9]), 8)])
    assert found.tolist() == expected
    assert [window.tolist() for window in windows(10, 3, 9)][3] == [drawn[9]]
    assert window_rows(dataset.bounds, drawn[:3], 9, 0).tolist() == expected[:30]


def test_a_stream_that_fits_is_shuffled_as_a_whole() -> None:
    dataset = stream(300, 10, 99)
    assert dataset.window == 30
    rows = np.asarray(next(dataset.batches(np.array([1]), 100)))
    assert len(set((rows // 10).tolist())) > 25, "a hundred examples of thirty blocks"


def test_one_number_is_an_order_and_damage_is_none() -> None:
    order = stream_order(100, 10, np.random.default_rng(0))
    assert order is not None
    assert order.shape == (1,)
    assert is_order(order, 10**7)
    assert not is_order(np.array([-1]), 0)
    assert is_order(np.array([2, 0, 1]), 2)
    assert not is_order(np.array([2, 0, 1]), 3)
    assert not is_order(np.array([2, 0, 2]), 0)
    assert stream_order(100, 100, np.random.default_rng(0)) is None


def test_a_batch_larger_than_a_window_is_refused() -> None:
    dataset = stream(1000, 10, 3)
    with pytest.raises(HandgradError, match="a batch of 31 examples does not fit into a window of 30"):
        next(dataset.batches(np.array([1]), 31))


def test_strokes_in_a_stream_are_those_in_memory() -> None:
    streamed, whole = (
        load_data("strokes:2500:3", Memory(PROGRAM + 4 * 2 * 10**6)),
        load_data("strokes:2500:3"),
    )
    for ours, theirs in ((streamed.train, whole.train), (streamed.test, whole.test)):
        assert isinstance(ours, StreamedDataset)
        assert isinstance(theirs, Dataset)
        np.testing.assert_array_equal(ours.labels, theirs.labels)
        np.testing.assert_array_equal(ours.inputs[:], theirs.inputs)
        assert ours.input_shape == theirs.input_shape
    assert streamed.source == whole.source


TAKEN: dict[str, Callable[[StreamedDataset], object]] = {
    "a run": lambda d: d.inputs[95:215],
    "steps": lambda d: d.inputs[3:200:7],
    "back to front": lambda d: d.inputs[::-1],
    "one": lambda d: d.inputs[17],
    "from the end": lambda d: d.inputs[-1],
    "a mask": lambda d: d.inputs[np.arange(len(d)) % 3 == 1],
    "some": lambda d: d.inputs[np.array([200, 3, 3, -5])],
    "none": lambda d: d.inputs[5:5],
    "all": lambda d: np.asarray(d.inputs),
}


@pytest.mark.parametrize("how", TAKEN)
@pytest.mark.parametrize("cut", [False, True])
def test_inputs_are_taken_as_from_an_array(how: str, cut: bool) -> None:
    dataset = stream(250, 10, 30)
    if cut:
        rest, _ = dataset.cut(20, np.random.default_rng(0))
        assert isinstance(rest, StreamedDataset)
        dataset = rest
    places = dataset.stream.selection.places(np.arange(len(dataset)))
    whole: object = Dataset(np.repeat(places[:, None].astype(np.float32), 60, axis=1), dataset.labels, 2)
    expected = TAKEN[how](whole)  # type: ignore[arg-type]  # an array stands where a stream does
    np.testing.assert_array_equal(TAKEN[how](dataset), expected)


def test_moments_and_extremes_are_those_of_an_array() -> None:
    dataset = stream(999, 10, 1)
    assert len(list(dataset.stream.parts())) > 3
    values = np.arange(999.0)
    np.testing.assert_allclose(dataset.inputs.mean(axis=0, dtype=np.float64), values.mean(), rtol=1e-12)
    np.testing.assert_allclose(dataset.inputs.std(axis=0, dtype=np.float64), values.std(), rtol=1e-12)
    assert (dataset.inputs.min(), dataset.inputs.max()) == (0, 998)
    with pytest.raises(HandgradError, match="999 examples take 240 kB, more than the"):
        np.asarray(dataset.inputs)
    with pytest.raises(IndexError):
        dataset.inputs[999]


def test_what_goes_wrong_while_reading_ahead_is_told() -> None:
    class Failing(ListStore):
        def read(self, number: int, out: np.ndarray) -> None:
            if number == 50:
                raise HandgradError("block 50 is gone")
            super().read(number, out)

    dataset = StreamedDataset.of(Failing(1000, 10), Memory(PROGRAM + 4 * 7 * 10 * ROW))
    with pytest.raises(HandgradError, match="block 50 is gone"):
        [dataset.inputs[rows] for rows in dataset.batches(np.array([0]), 32)]


def test_labels_have_their_share() -> None:
    with pytest.raises(HandgradError, match="the labels of 1,000 examples take 1 kB, more than"):
        StreamedDataset.of(ListStore(1000, 10), Memory(PROGRAM + 800))
