"""A data set that is not in memory, and the epochs of a training on it."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from handgrad.data.batches import Rows, batches, stream_order
from handgrad.data.dataset import Dataset
from handgrad.data.streams.epoch import Epoch
from handgrad.data.streams.inputs import StreamedInputs
from handgrad.data.streams.memory import Memory, shown
from handgrad.data.streams.read_ahead import ReadAhead
from handgrad.data.streams.selection import Selection
from handgrad.data.streams.store import Store
from handgrad.errors import HandgradError

SAMPLED = 20
"""Blocks from which a sample is taken."""


@dataclass(frozen=True, eq=False, repr=False)
class StreamedDataset(Dataset):
    """Examples that are read as they are needed; `inputs` is a `StreamedInputs`, and labels are in memory."""

    def __post_init__(self) -> None:
        """Trust what a store gives: it was checked when it was written."""

    @classmethod
    def of(cls, store: Store, memory: Memory, selection: Selection | None = None) -> "StreamedDataset":
        """Make a data set of a store, or of a selection of its examples.

        Raises
        ------
        HandgradError
            If the labels alone need more memory than is theirs.
        """
        selected = selection or Selection.all(store.examples)
        if store.labels.nbytes > memory.labels:
            raise HandgradError(
                f"the labels of {store.examples:,} examples take {shown(store.labels.nbytes)}, more than the "
                f"{shown(memory.labels)} that are for them within memory of {memory}; give more memory"
            )
        labels = store.labels
        if selection is not None:
            labels = labels[selected.apart] if selected.theirs else np.delete(labels, selected.apart)
        inputs: Any = StreamedInputs(store, selected, memory)
        return cls(inputs, labels, store.classes, store.input_shape, features=store.features)

    @property
    def stream(self) -> StreamedInputs:
        """The inputs, by their type."""
        return self.inputs  # type: ignore[return-value]  # what `of` put there

    @property
    def window(self) -> int:
        """Blocks that are shuffled among themselves."""
        return max(1, min(self.stream.memory.window // self._block_bytes, len(self.bounds) - 1))

    @property
    def windows_bytes(self) -> int:
        """Bytes that windows take in memory."""
        blocks = len(self.bounds) - 1
        return min(blocks, 2 * self.window) * self._block_bytes

    @property
    def _block_bytes(self) -> int:
        store = self.stream.store
        return store.block * (self.stream.shape[1] * store.dtype.itemsize + 16)  # and two numbers a row

    @property
    def bounds(self) -> NDArray[np.int64]:
        """Where blocks begin and end, (B + 1,)."""
        return self.stream.selection.bounds(self.stream.store.block)

    def described(self) -> str:
        """Say how the data are read."""
        store = self.stream.store
        rows = int(np.diff(self.bounds).max()) * self.window
        held = f"windows of {rows:,}" if self.window < len(self.bounds) - 1 else "one window"
        return f"in {held}, within memory of {self.stream.memory}; {store.place}"

    def take(self, rows: NDArray[np.integer] | slice) -> Dataset:
        """Give the examples at `rows` as a data set in memory."""
        return Dataset(
            self.inputs[rows],
            self.labels[rows],
            self.class_names,
            self.input_shape,
            self.framing,
            self.features,
        )

    def fingerprint(self) -> int:
        """Give a number that tells these data, and the windows that they are read in, from others."""
        store = self.stream.store
        split = crc32(self.stream.selection.apart.astype("<i8").tobytes(), store.fingerprint)
        return crc32(np.array([len(self), store.block, self.window], "<i8").tobytes(), split)

    def sample(self, count: int) -> NDArray[Any]:
        """Take some examples from blocks evenly spread."""
        bounds = self.bounds
        blocks = np.unique(np.linspace(0, len(bounds) - 2, SAMPLED).astype(int))
        share = -(-count // len(blocks))
        runs = [slice(bounds[b], min(bounds[b] + share, bounds[b + 1])) for b in blocks]
        return np.concatenate([self.inputs[run] for run in runs])

    def parts(self, rows: slice | None = None) -> Iterator[Dataset]:
        """Give the examples, or a run of them, in order, as data sets in memory; the next is read meanwhile."""
        with ThreadPoolExecutor(1, "handgrad-read-ahead") as pool:
            coming: Future[Dataset] | None = None
            for part in self.stream.parts(rows):
                present, coming = coming, pool.submit(self.take, part)
                if present:
                    yield present.result()
            if coming:
                yield coming.result()

    def cut(self, examples: int, rng: np.random.Generator) -> "tuple[Dataset, Dataset]":
        """Set some examples aside: gives the others, and those."""
        store, memory = self.stream.store, self.stream.memory
        kept, apart = self.stream.selection.cut(examples, rng, from_end=store.independent)
        return StreamedDataset.of(store, memory, kept), StreamedDataset.of(store, memory, apart)

    def draw_order(self, batch_size: int, rng: np.random.Generator) -> NDArray[np.int64] | None:
        """Draw the order of an epoch: its seed; see `data/batches.py`."""
        return stream_order(len(self), batch_size, rng)

    def batches(
        self,
        order: NDArray[np.int64] | None,
        batch_size: int,
        start: int = 0,
        own: Callable[[Rows], Rows] | None = None,
    ) -> Iterator[Rows]:
        """Cut an epoch into batches, whose examples are in memory while they are used.

        Where `own` gives a part of a batch that is this process's, only that part is in memory.

        Raises
        ------
        HandgradError
            If a batch does not fit into a window. A block that cannot be read is told of when `inputs` are taken.
        """
        if order is None:
            yield from batches(None, len(self), batch_size, start)
            return
        epoch = Epoch(self.bounds, self.window, int(order[0]), batch_size, own)
        with ReadAhead(self.stream.store, self.window, min(2, len(epoch.windows))) as ahead:
            self.stream.window = ahead
            try:
                yield from epoch.batches(ahead, start)
            finally:
                if self.stream.window is ahead:
                    self.stream.window = None
