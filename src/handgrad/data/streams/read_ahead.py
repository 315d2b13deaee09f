"""Windows of blocks in memory: one in use, the next being read by threads of their own."""

from concurrent.futures import Future, ThreadPoolExecutor
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.streams.store import Store
from handgrad.kernels.threads import choose_threads


class ReadAhead:
    """Two windows of blocks, inside a ``with`` block.

    Parameters
    ----------
    store : Store
    size : int
        Blocks of the largest window.
    halves : int
        Windows in memory at a time, 1 or 2.
    """

    def __init__(self, store: Store, size: int, halves: int) -> None:
        self.store, self.size, self.halves = store, size, halves
        self.rows = np.empty((halves * size * store.block, prod(store.input_shape)), store.dtype)
        self.slots = np.full(-(-store.examples // store.block), -1, np.int64)
        """In which part of `rows` a block is; −1 where it is not."""
        self._reading: dict[int, list[Future[None]]] = {}
        self.failure: Exception | None = None
        """What went wrong while blocks were read; whoever takes examples is told, since others may wait for him."""

    def __enter__(self) -> "ReadAhead":
        self._pool = ThreadPoolExecutor(choose_threads(), "handgrad-read-ahead")
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def begin(self, number: int, window: NDArray[np.int64]) -> None:
        """Begin to read window `number`, in the place of the one `halves` before it."""
        first = number % self.halves * self.size
        self._reading[number] = [
            self._pool.submit(self._read, int(block), first + place) for place, block in enumerate(window)
        ]

    def finish(self, number: int, window: NDArray[np.int64]) -> None:
        """Wait until window `number` is there, or something went wrong."""
        for future in self._reading.pop(number):
            self.failure = self.failure or future.exception()  # type: ignore[assignment]  # none is a KeyboardInterrupt
        self.slots[window] = number % self.halves * self.size + np.arange(len(window))

    def forget(self, window: NDArray[np.int64]) -> None:
        """Give the place of a window free."""
        self.slots[window] = -1

    def take(self, places: NDArray[np.int64]) -> NDArray[Any] | None:
        """Copy examples of the store out of the windows; None where they are not all there.

        Raises
        ------
        HandgradError
            If a block could not be read.
        """
        if self.failure:
            raise self.failure
        block = self.store.block
        numbers = places // block
        slots = self.slots[numbers]
        if len(slots) and slots.min() < 0:
            return None
        return self.rows[places + (slots - numbers) * block]

    def _read(self, number: int, slot: int) -> None:
        block = self.store.block
        count = min(block, self.store.examples - number * block)
        self.store.read(number, self.rows[slot * block : slot * block + count])
