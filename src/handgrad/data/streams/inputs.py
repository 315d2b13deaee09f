"""The inputs of a stream: what is asked for is read; nothing else is in memory."""

from collections.abc import Iterator
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from handgrad.data.streams.memory import Memory, shown
from handgrad.data.streams.read_ahead import ReadAhead
from handgrad.data.streams.selection import Selection
from handgrad.data.streams.store import Store
from handgrad.errors import HandgradError

DENSE = 16
"""Rows lie densely where the blocks that hold them have at most so many times as many."""


class StreamedInputs:
    """Stands for an array (N, I) that is not in memory; rows of it become arrays where they are taken.

    Parameters
    ----------
    store : Store
    selection : Selection
        Which examples of the store.
    memory : Memory
    """

    def __init__(self, store: Store, selection: Selection, memory: Memory) -> None:
        self.store, self.selection, self.memory = store, selection, memory
        self.dtype, self.ndim = store.dtype, 2
        self.shape = (len(selection), prod(store.input_shape))
        self.window: ReadAhead | None = None

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f"StreamedInputs({self.shape}, {self.dtype})"

    @property
    def nbytes(self) -> int:
        """Bytes that the array would take."""
        return prod(self.shape) * self.dtype.itemsize

    def __getitem__(self, rows: Any) -> NDArray[Any]:
        if isinstance(rows, slice):
            start, stop, step = rows.indices(len(self))
            rows = np.arange(start, stop, step)
            self._check_fits(len(rows))
            return self._run(rows) if step == 1 else self._taken(rows)
        rows = np.asarray(rows)
        if rows.dtype == np.bool_:
            rows = np.flatnonzero(rows)
        if rows.size and not (rows.min() >= -len(self) and rows.max() < len(self)):
            raise IndexError(f"an example is out of range: there are {len(self)}")
        if rows.ndim == 0:
            return self._taken(rows.reshape(1) % len(self))[0]
        return self._taken(rows.astype(np.int64, copy=False) % len(self))

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        whole = self[:]
        return whole if dtype is None else whole.astype(dtype)

    @property
    def part(self) -> int:
        """Examples in hand at a time where all are passed over."""
        return max(1, self.memory.part // (self.shape[1] * self.dtype.itemsize + 64))

    def parts(self, rows: slice | None = None) -> Iterator[slice]:
        """Cut the examples, or a run of them, into parts that fit into memory."""
        first, last, _ = (rows or slice(None)).indices(len(self))
        for start in range(first, last, self.part):
            yield slice(start, min(start + self.part, last))

    def min(self) -> Any:
        """Give the least value."""
        return min(self[part].min() for part in self.parts())

    def max(self) -> Any:
        """Give the largest value."""
        return max(self[part].max() for part in self.parts())

    def mean(self, axis: int = 0, dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """Give the mean of each input, (I,); `axis` must be 0."""
        return self._moments[0].astype(dtype)

    def std(self, axis: int = 0, dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """Give the standard deviation of each input, (I,); `axis` must be 0."""
        return np.sqrt(self._moments[1] / len(self)).astype(dtype)

    @cached_property
    def _moments(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean of each input, and the sum of squared distances from it, part by part.

        References
        ----------
        Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances",
        Stanford CS-TR-79-773 (1979), equations 2.1.
        """
        count, mean, second_moment = 0, np.zeros(self.shape[1]), np.zeros(self.shape[1])
        for part in self.parts():
            values = self[part].astype(np.float64)
            n, here = len(values), values.mean(axis=0)
            values -= here
            second_moment += np.square(values, out=values).sum(axis=0) + (here - mean) ** 2 * count * n / (
                count + n
            )
            mean += (here - mean) * n / (count + n)
            count += n
        return mean, second_moment

    def _taken(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Copy rows in any order, out of the window where they are there."""
        places = self.selection.places(rows)
        held = self.window.take(places) if self.window else None
        if held is None:
            self._check_fits(len(rows))
            held = self.store.take(places)
        return held

    def _run(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Copy rows that follow one another, block by block."""
        places, block = self.selection.places(rows), self.store.block
        if not len(places) or places[-1] - places[0] > DENSE * len(places) + block:
            return self._taken(rows)
        taken = np.empty((len(rows), self.shape[1]), self.dtype)
        scratch = np.empty((block, self.shape[1]), self.dtype)
        numbers = places // block
        for number in range(numbers[0], numbers[-1] + 1):
            first, last = np.searchsorted(numbers, (number, number + 1))
            content = scratch[: min(block, self.store.examples - number * block)]
            self.store.read(number, content)
            taken[first:last] = content[places[first:last] - number * block]
        return taken

    def _check_fits(self, count: int) -> None:
        size = count * self.shape[1] * self.dtype.itemsize
        if size > self.memory.window:
            raise HandgradError(
                f"{count:,} examples take {shown(size)}, more than the {shown(self.memory.window)} that are "
                f"for them within memory of {self.memory}; take fewer at a time, or give more memory"
            )
