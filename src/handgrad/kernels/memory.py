"""How arrays lie in memory.

The C kernels for images have the batch last: arrays keep the shape (N, C, H, W), but the output of a kernel lies in
memory as (C, H, W, N), and an input of another order is copied to that order. So a pixel of all examples is one run
of numbers, and every loop is as long as the batch, whatever the shape of the network.
"""

import sys
import threading
from ctypes import c_void_p
from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

LINE = 64
"""Bytes of a cache line."""

SMALL, MOST_KEPT = 16_384, 256 << 20
"""Bytes below which memory comes from NumPy, and that a thread keeps for later arrays at most."""


def address(
    array: NDArray[Any] | None, _at: Any = c_void_p.from_address, _offset: int = object.__basicsize__
) -> Any:
    """Return the address of an array's first number as an argument for C; it is valid while the array exists.

    NumPy's C interface keeps it directly behind the head of the object, where it is read several times faster than
    ``array.ctypes.data`` computes it.
    """
    return None if array is None else _at(id(array) + _offset)


class _Blocks(threading.local):
    """Memory that arrays of this thread have had, by size; a block is free when only this list refers to it."""

    def __init__(self) -> None:
        self.by_size: dict[int, list[NDArray[np.uint8]]] = {}
        self.total = 0


def _references(blocks: list[NDArray[np.uint8]], index: int) -> int:
    return sys.getrefcount(blocks[index])


_blocks = _Blocks()
_UNUSED = _references([np.empty(0, np.uint8)], 0)
"""The references to a block that only the list has; interpreters count differently."""
_COUNTS = getattr(sys, "_is_gil_enabled", lambda: True)()
"""Whether counts of references are exact: without the global interpreter lock they are not."""


def aligned(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Return an uninitialized array that begins at a cache line: no vector of it lies in two lines."""
    size = prod(shape) * np.dtype(dtype).itemsize + LINE
    memory = _reused(size) if SMALL <= size <= MOST_KEPT and _COUNTS else np.empty(size, np.uint8)
    return np.ndarray(shape, dtype, memory, -address(memory).value % LINE)


def _reused(size: int) -> NDArray[np.uint8]:
    """Return memory of an earlier array of this thread, if there is such.

    The system would clear fresh memory page by page, which takes a quarter of the time of a small convolutional
    network.
    """
    blocks = _blocks.by_size.get(size, [])
    for index in range(len(blocks)):
        if _references(blocks, index) == _UNUSED:
            return blocks[index]
    _blocks.total += size
    if _blocks.total > MOST_KEPT:
        _blocks.by_size, _blocks.total = {}, size
    block = np.empty(size, np.uint8)
    _blocks.by_size.setdefault(size, []).append(block)
    return block


def aligned_like(x: NDArray[Any]) -> NDArray[Any] | None:
    """Return an uninitialized array of the same shape and memory order; None where that has gaps or another order."""
    if x.flags.c_contiguous:
        return aligned(x.shape, x.dtype)
    last = x.transpose(*range(1, x.ndim), 0)
    return batch_first(aligned(last.shape, x.dtype)) if last.flags.c_contiguous else None


def is_real(array: NDArray[Any]) -> bool:
    """Whether this is an array, not a number, of float32 or float64 in the byte order of this machine."""
    return isinstance(array, np.ndarray) and array.dtype.char in "fd" and array.dtype.isnative


def batch_last(x: NDArray[Any]) -> NDArray[Any]:
    """Return (N, …) as a contiguous (…, N), without a copy if it lies so in memory."""
    last = x.transpose(*range(1, x.ndim), 0)
    if last.flags.c_contiguous:
        return last
    copy = aligned(last.shape, x.dtype)
    copy[...] = last
    return copy


def batch_first(x: NDArray[Any]) -> NDArray[Any]:
    """Return (…, N) as a view (N, …)."""
    return x.transpose(-1, *range(x.ndim - 1))
