"""Which examples a step takes: an epoch's order, its batches, and the chunks of a batch.

**In memory**, the order of an epoch is a permutation of all N examples, (N,); where one batch holds everything, there
is none.

**In a stream**, a permutation would be as long as the data, and would read them one by one. Examples lie in blocks,
in the order of their files, and the order of an epoch is one number, its seed s, in an array of shape (1,). The
blocks are shuffled by a generator of (s, 0) and cut into windows of so many blocks as fit into memory; the examples
of window w, counted from 0, are shuffled among themselves by a generator of (s, 1 + w). The order of the epoch is
window after window. What fits into one window is thus shuffled as a whole; of what does not, examples of one block
meet in one window.

**Batches** are cut from that order one after the other, over the borders of windows, and the last may be smaller. So
where a training stands within an epoch is the order and the number of examples used, in both cases, and ranks that
share the work draw the same order and take their parts of each batch. In a stream, it is sorted before by where in
their windows the blocks of its examples are, so that each rank reads few blocks that it does not need.
"""

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Rows: TypeAlias = NDArray[np.integer] | slice
"""Examples of a data set: indices in any order, or a slice, which copies nothing."""

GRAIN = 32
"""Examples that stay together where a batch is shared out among ranks: as many as fill vectors and tiles."""


def epoch_order(examples: int, batch_size: int, rng: np.random.Generator) -> NDArray[np.int64] | None:
    """Draw the order of one epoch: (N,) shuffled indices, or None where one batch holds everything."""
    return None if batch_size >= examples else rng.permutation(examples)


def stream_order(examples: int, batch_size: int, rng: np.random.Generator) -> NDArray[np.int64] | None:
    """Draw the order of one epoch of a stream: its seed, (1,), or None where one batch holds everything."""
    return None if batch_size >= examples else rng.integers(2**63, size=1)


def is_order(order: NDArray[np.int64], position: int) -> bool:
    """Tell whether an array can be the order of an epoch of which so many examples were used."""
    if len(order) == 1:
        return order.dtype == np.int64 and bool(order[0] >= 0)
    return position < len(order) and np.array_equal(np.sort(order), np.arange(len(order)))


def windows(blocks: int, size: int, seed: int) -> list[NDArray[np.int64]]:
    """Shuffle the blocks of a stream for one epoch, and cut them into windows of `size` blocks."""
    order = np.random.default_rng([seed, 0]).permutation(blocks)
    return [order[first : first + size] for first in range(0, blocks, size)]


def window_rows(
    bounds: NDArray[np.int64], window: NDArray[np.int64], seed: int, number: int
) -> NDArray[np.int64]:
    """Shuffle the examples of one window.

    Parameters
    ----------
    bounds : (B + 1,)
        Block b holds the examples from ``bounds[b]`` to below ``bounds[b + 1]``.
    window : (W,)
        Its blocks.
    seed, number : int
        Of the epoch, and of the window within it, from 0.

    Returns
    -------
    (n,) int64
        Its examples in the order in which they are used.
    """
    rows = np.concatenate([np.arange(bounds[block], bounds[block + 1]) for block in window])
    np.random.default_rng([seed, 1 + number]).shuffle(rows)
    return rows


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


def share(rows: Rows, rank: int, ranks: int, cut: bool = True) -> tuple[int, Rows]:
    """Give a rank its own part of a batch, whatever order the batch comes from.

    Parts are consecutive, in the order of ranks, of whole grains, and as even as that allows.

    Parameters
    ----------
    rows : Rows
        The batch.
    rank, ranks : int
        Which of how many.
    cut : bool
        Whether grains may be cut where there are fewer than ranks; else some ranks get nothing then.

    Returns
    -------
    start : int
        Where in the batch the part begins.
    rows : Rows
    """
    if ranks == 1:
        return 0, rows
    examples = length(rows)
    grains = -(-examples // GRAIN)
    grain = GRAIN
    if grains < ranks and cut:
        grains, grain = examples, 1
    start, stop = (min(grain * (grains * part // ranks), examples) for part in (rank, rank + 1))
    if isinstance(rows, slice):
        return start, slice(rows.start + start, rows.start + stop)
    return start, rows[start:stop]


def length(rows: Rows) -> int:
    """Count the examples in `rows`."""
    return rows.stop - rows.start if isinstance(rows, slice) else len(rows)


def chunks(rows: Rows, size: int) -> list[Rows]:
    """Cut rows into consecutive chunks of at most `size` examples."""
    if isinstance(rows, slice):
        starts = range(rows.start, rows.stop, size)
        return [slice(start, min(start + size, rows.stop)) for start in starts]
    return [rows[start : start + size] for start in range(0, len(rows), size)]
