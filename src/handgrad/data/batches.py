"""Which examples a step takes: an epoch's order, its batches, and the chunks of a batch."""

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Rows: TypeAlias = NDArray[np.integer] | slice
"""Examples of a data set: indices in any order, or a slice, which copies nothing."""


def epoch_order(examples: int, batch_size: int, rng: np.random.Generator) -> NDArray[np.int64] | None:
    """Draw the order of one epoch: (N,) shuffled indices, or None where one batch holds everything."""
    return None if batch_size >= examples else rng.permutation(examples)


def batches(
    order: NDArray[np.int64] | None, examples: int, batch_size: int, start: int = 0
) -> Iterator[Rows]:
    """Cut an epoch into batches, the last of which may be smaller.

    Parameters
    ----------
    order : (N,) or None
        From `epoch_order`.
    examples : int
        N.
    batch_size : int
    start : int
        Examples of this epoch that were used before an interruption.

    Yields
    ------
    Rows
    """
    for first in range(start, examples, batch_size):
        part = slice(first, min(first + batch_size, examples))
        yield part if order is None else order[part]


def length(rows: Rows) -> int:
    """Count the examples in `rows`."""
    return rows.stop - rows.start if isinstance(rows, slice) else len(rows)


def chunks(rows: Rows, size: int) -> list[Rows]:
    """Cut rows into consecutive chunks of at most `size` examples."""
    if isinstance(rows, slice):
        starts = range(rows.start, rows.stop, size)
        return [slice(start, min(start + size, rows.stop)) for start in starts]
    return [rows[start : start + size] for start in range(0, len(rows), size)]
