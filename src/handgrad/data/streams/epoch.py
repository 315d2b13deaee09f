"""An epoch of a stream: its batches, and the windows of blocks that they are taken from, read ahead."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from handgrad.data.batches import Rows, window_rows, windows
from handgrad.data.streams.read_ahead import ReadAhead
from handgrad.errors import HandgradError

Own = Callable[[Rows], Rows]
"""Gives the part of a batch that this process computes, where others compute the rest."""


@dataclass(frozen=True)
class Batch:
    """The examples of a batch, the last window that it takes them from, and whether from the one before, too."""

    rows: NDArray[np.int64]
    window: int
    reaches_back: bool


class Epoch:
    """The windows of an epoch, and the batches in them; `data/batches.py` states their order.

    Where this process computes only a part of each batch, the examples of a batch are sorted by where their block is
    within its window. A batch is the same set of examples then, on how many processes so ever, and the part of each
    comes from nearly the same blocks all the time: only these are read.

    Parameters
    ----------
    bounds : (B + 1,)
        Block b holds the examples from ``bounds[b]`` to below ``bounds[b + 1]``.
    size : int
        Blocks of a window.
    seed, batch_size : int
    own : callable, optional
        This process's part of a batch; all of it unless given.

    Raises
    ------
    HandgradError
        If a batch does not fit into a window.
    """

    def __init__(
        self, bounds: NDArray[np.int64], size: int, seed: int, batch_size: int, own: Own | None
    ) -> None:
        self.bounds, self.seed, self.batch_size, self.own = bounds, seed, batch_size, own
        self.windows = windows(len(bounds) - 1, size, seed)
        lengths = [int((bounds[window + 1] - bounds[window]).sum()) for window in self.windows]
        if len(lengths) > 1 and batch_size > min(lengths[:-1]):
            raise HandgradError(
                f"a batch of {batch_size:,} examples does not fit into a window of {min(lengths[:-1]):,}; "
                "give more memory, or a smaller batch size"
            )
        self.ends = np.cumsum(lengths)
        self._places = np.empty(len(bounds) - 1)
        for window in self.windows:
            self._places[window] = np.arange(len(window)) / len(window)

    def batches(self, ahead: ReadAhead, start: int) -> Iterator[Rows]:
        """Yield the batches after the first `start` examples, each while its examples are in memory."""
        groups = groupby(self._cut(start), lambda batch: batch.window)
        current, following = _next(groups), _next(groups)
        before: NDArray[np.int64] | None = None
        ahead.begin(current[0].window, window := self._needed(current, following))
        while current:
            number = current[0].window
            ahead.finish(number, window)
            coming = _next(groups)
            upcoming = self._needed(following, coming) if following else None
            for batch in current:
                if batch.reaches_back:
                    yield batch.rows
                if batch is current[0]:  # only the first reaches back: the window before is done with
                    if before is not None:
                        ahead.forget(before)
                    if upcoming is not None:
                        ahead.begin(number + 1, upcoming)
                if not batch.reaches_back:
                    yield batch.rows
            if upcoming is None:
                return
            before, window, current, following = window, upcoming, following, coming

    def _cut(self, start: int) -> Iterator[Batch]:
        """Cut all batches; one may begin in one window and end in the next."""
        first = int(np.searchsorted(self.ends, start, side="right"))
        rest = np.empty(0, np.int64)
        for number in range(first, len(self.windows)):
            rows = window_rows(self.bounds, self.windows[number], self.seed, number)
            skipped = max(0, start - int(self.ends[number]) + len(rows))
            back = len(rest)
            rows = np.concatenate([rest, rows[skipped:]])
            last = number == len(self.windows) - 1
            whole = len(rows) if last else len(rows) - len(rows) % self.batch_size
            for begin in range(0, whole, self.batch_size):
                batch = rows[begin : min(begin + self.batch_size, whole)]
                yield Batch(self._sorted(batch) if self.own else batch, number, begin < back)
            rest = rows[whole:]

    def _sorted(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        return rows[np.lexsort((rows, self._places[self._blocks(rows)]))]

    def _blocks(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.searchsorted(self.bounds, rows, side="right") - 1

    def _needed(self, batches: list[Batch], following: list[Batch]) -> NDArray[np.int64]:
        """Find the blocks of a window that this process needs, for its own batches and for one that reaches back."""
        window = self.windows[batches[0].window]
        if self.own is None:
            return window
        more = [batch for batch in following[:1] if batch.reaches_back]
        rows = [np.asarray(self.own(batch.rows)) for batch in (*batches, *more)]
        return window[np.isin(window, self._blocks(np.concatenate(rows)))]


def _next(groups: Iterator[tuple[int, Iterator[Batch]]]) -> list[Batch]:
    return list(next(groups, (0, iter(())))[1])
