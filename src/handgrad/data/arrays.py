"""Inputs and labels as arrays: what users have is converted, and what is memory-mapped is not copied."""

import mmap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from handgrad.data.memory import check_memory
from handgrad.errors import HandgradError
from handgrad.kernels.sparse_rows import SparseRows

PART = 2**26
"""Bytes of inputs that are in memory at a time where all of them are passed over."""
ADVISED = 2**17
"""Bytes that systems read ahead at once, at least."""

NOT_FINITE = "inputs hold NaN or infinity; remove or replace those values"

Store: TypeAlias = Callable[[Iterator[NDArray[Any]]], NDArray[Any]]
"""Takes the inputs of a data set block by block, (n, ...), and returns all of them, (N, ...)."""


def stack(blocks: Iterator[NDArray[Any]]) -> NDArray[Any]:
    """Concatenate blocks in memory."""
    held = list(blocks)
    return np.concatenate(held) if len(held) > 1 else held[0]


class MappedRows:
    """Some rows of a memory-mapped array (N, I), which are read, and converted, where they are indexed."""

    ndim = 2

    def __init__(self, array: Any, rows: NDArray[np.integer], dtype: DTypeLike | None = None) -> None:
        self.shape, self.dtype = (len(rows), array.shape[1]), np.dtype(dtype or array.dtype)
        nested = isinstance(array, MappedRows)
        self.array: Any = array.array if nested else array
        self.rows: NDArray[np.integer] = array.rows[rows] if nested else rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: Any) -> NDArray[Any]:
        with np.errstate(over="ignore"):  # what becomes infinite is refused by Dataset
            return np.asarray(self.array[self.rows[rows]], self.dtype)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:], dtype)


def is_mapped(array: Any) -> bool:
    """Whether rows of an array are read from a file when they are indexed."""
    return isinstance(array, np.memmap | MappedRows)


@contextmanager
def reading_ahead(inputs: Any) -> Iterator[Callable[[int, int], None]]:
    """Within the block, read the rows of a memory map for which the result is called, and none around them."""
    array, rows = (inputs.array, inputs.rows) if isinstance(inputs, MappedRows) else (inputs, None)
    if not hasattr(mmap, "MADV_RANDOM"):
        yield lambda first, last: None
        return
    pages: mmap.mmap = array._mmap
    begin = array.ctypes.data - np.frombuffer(pages, np.uint8).ctypes.data

    def read(first: int, last: int) -> None:
        if rows is not None:
            count, first, last = last - first, int(rows[first]), int(rows[last - 1]) + 1
            if not 0 < last - first <= 4 * count:  # far apart, or not in order
                return
        start, stop = (begin + row * array.strides[0] for row in (first, last))
        for place in range(start // mmap.PAGESIZE * mmap.PAGESIZE, min(stop, len(pages)), ADVISED):
            pages.madvise(mmap.MADV_WILLNEED, place, min(ADVISED, len(pages) - place))

    pages.madvise(mmap.MADV_RANDOM)
    try:
        yield read
    finally:
        pages.madvise(mmap.MADV_NORMAL)


def arrays_of(inputs: Any) -> tuple[NDArray[Any], ...]:
    """Return the arrays that hold inputs: one, or those of sparse rows."""
    if isinstance(inputs, SparseRows):
        return inputs.values, inputs.columns, inputs.starts
    return (inputs,)


def row_slices(array: Any) -> Iterator[slice]:
    """Cut the rows of an array into slices of at most `PART` bytes."""
    size = max(1, PART // max(1, prod(array.shape[1:]) * array.dtype.itemsize))
    for first in range(0, len(array), size):
        yield slice(first, min(first + size, len(array)))


def value_range(array: Any) -> tuple[float, float]:
    """Return the smallest and the largest value; 0 and 0 where there are none."""
    if isinstance(array, SparseRows):  # the zeros belong to it
        return float(array.values.min(initial=0)), float(array.values.max(initial=0))
    limits = [(array[part].min().item(), array[part].max().item()) for part in row_slices(array)]
    return min((low for low, _ in limits), default=0), max((high for _, high in limits), default=0)


def convert_inputs(inputs: Any, width: int) -> Any:
    """Convert inputs to uint8 or float32, (N, I) without gaps; memory maps of these types stay in their files.

    Sparse rows are only checked.
    """
    if isinstance(inputs, MappedRows):
        return inputs
    if isinstance(inputs, SparseRows):
        if not np.isfinite(inputs.values).all():
            raise HandgradError(NOT_FINITE)
        return inputs
    if inputs.dtype.kind not in "uifb":
        raise HandgradError(f"inputs must be numbers; got {inputs.dtype}")
    dtype = np.dtype(np.uint8 if inputs.dtype == np.uint8 else np.float32)
    if inputs.dtype.kind in "iu" and dtype != np.uint8:
        low, high = value_range(inputs)
        if low >= 0 and 128 <= high <= 255:
            dtype = np.dtype(np.uint8)
    if is_mapped(inputs) and not inputs.flags.c_contiguous:
        check_memory(len(inputs) * width * dtype.itemsize, "the inputs", "; save them in C order")
        inputs = np.asarray(inputs)
    inputs = inputs.reshape(len(inputs), width)
    if is_mapped(inputs) and inputs.dtype != dtype:
        inputs = MappedRows(inputs, np.arange(len(inputs)), dtype)
    elif not is_mapped(inputs):
        with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
            inputs = inputs.astype(dtype, "C", copy=False)
    if dtype != np.uint8 and not all(np.isfinite(inputs[part]).all() for part in row_slices(inputs)):
        raise HandgradError(NOT_FINITE)
    return inputs
