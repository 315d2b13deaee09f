"""Which examples a step takes: the order of an epoch, its batches, and the chunks of a batch.

Data of at most `WINDOW` bytes are shuffled as a whole. Larger data, which may be memory-mapped, are shuffled so that
examples that are used together also lie together in the file: first the order of the blocks of `BLOCK` bytes, then
the examples within each window of consecutive blocks of that order.
"""

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

BLOCK, WINDOW = 2**18, 2**27
"""Bytes. A window holds 512 blocks."""

Rows: TypeAlias = NDArray[np.integer] | slice
"""Examples of a data set: indices in any order, or a slice, which copies nothing."""


def epoch_order(
    examples: int, batch_size: int, rng: np.random.Generator, row_bytes: int = 1
) -> NDArray[np.integer] | None:
    """Draw the order of one epoch: shuffled indices of N `examples`, or None where one batch holds everything.

    The inputs of an example take `row_bytes`. Indices, (N,), are int64, or for large data a smaller type if possible.
    """
    if batch_size >= examples:
        return None
    if examples * row_bytes <= WINDOW:
        return rng.permutation(examples)
    block, window = window_sizes(row_bytes)
    dtype = np.min_scalar_type(-examples - block)
    starts = rng.permutation(np.arange(0, examples, block).astype(dtype))
    order = (starts[:, np.newaxis] + np.arange(block).astype(dtype)).ravel()
    order = order[order < examples]
    for first in range(0, examples, window):
        rng.shuffle(order[first : first + window])
    return order


def window_sizes(row_bytes: int) -> tuple[int, int]:
    """Return how many examples a block and a window hold."""
    block = max(1, BLOCK // row_bytes)
    return block, max(block, WINDOW // row_bytes)


def is_order(order: NDArray[np.integer], position: int) -> bool:
    """Whether an array can be the order of an epoch of which `position` examples were used."""
    return position <= len(order) and np.array_equal(np.sort(order), np.arange(len(order)))


def length(rows: Rows) -> int:
    """Count the examples in `rows`."""
    return rows.stop - rows.start if isinstance(rows, slice) else len(rows)


def chunks(rows: Rows, size: int) -> Iterator[Rows]:
    """Cut the rows of an epoch into batches, or those of a batch into chunks; the last may have fewer than `size`."""
    for start in range(0, length(rows), size):
        if isinstance(rows, slice):
            yield slice(rows.start + start, min(rows.start + start + size, rows.stop))
        else:
            yield rows[start : start + size]
