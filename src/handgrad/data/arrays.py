"""Inputs and labels as arrays: what users have is converted, and what is memory-mapped is not copied."""

import mmap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from handgrad.errors import HandgradError

MOST_CLASSES = 1_000_000
PART = 2**26
"""Bytes of inputs that are in memory at a time where all of them are passed over."""
ADVISED = 2**17
"""Bytes that systems read ahead at once, at least."""

Store: TypeAlias = Callable[[Iterator[NDArray[Any]]], NDArray[Any]]
"""Takes the inputs of a data set block by block, (n, ...), and returns all of them, (N, ...)."""


def stack(blocks: Iterator[NDArray[Any]]) -> NDArray[Any]:
    """Concatenate blocks in memory."""
    held = list(blocks)
    if not held:
        raise HandgradError("the data hold no examples")
    return np.concatenate(held) if len(held) > 1 else held[0]


class MappedRows:
    """Some rows of a memory-mapped array (default: all), flattened to (N, I) and converted where they are indexed."""

    ndim = 2

    def __init__(
        self, array: Any, rows: NDArray[np.integer] | None = None, dtype: DTypeLike | None = None
    ) -> None:
        self.array, self.rows, self.dtype = array, rows, np.dtype(dtype or array.dtype)
        self.shape = (len(array if rows is None else rows), prod(array.shape[1:]))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> NDArray[Any]:
        if isinstance(rows, int | np.integer):
            return self[np.array([rows])][0]
        part = np.asarray(self.array[rows if self.rows is None else self.rows[rows]])
        with np.errstate(over="ignore"):  # what becomes infinite is refused by Dataset
            return np.ascontiguousarray(part.reshape(len(part), self.shape[1]), self.dtype)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:], dtype)


def is_mapped(array: Any) -> bool:
    """Whether rows of an array are read from a file when they are indexed."""
    return isinstance(array, np.memmap | MappedRows)


@contextmanager
def random_access(array: Any) -> Iterator[None]:
    """Keep the system from reading up to megabytes around each row of a memory map that is used within the block."""
    while isinstance(array, MappedRows):
        array = array.array
    advisable = isinstance(array, np.memmap) and hasattr(mmap, "MADV_RANDOM")
    try:
        if advisable:
            array._mmap.madvise(mmap.MADV_RANDOM)
        yield
    finally:
        if advisable:
            array._mmap.madvise(mmap.MADV_NORMAL)


def read_ahead(array: Any, first: int, last: int) -> None:
    """Start to read rows of a memory map, which will be used soon, in the background."""
    while isinstance(array, MappedRows):
        if array.rows is not None:
            count, (first, last) = last - first, (int(array.rows[first]), int(array.rows[last - 1]) + 1)
            if not 0 < last - first <= 4 * count:  # far apart, or not in order
                return
        array = array.array
    if isinstance(array, np.memmap) and hasattr(mmap, "MADV_WILLNEED") and array.strides[0] > 0:
        whole: mmap.mmap = array._mmap  # type: ignore[attr-defined]
        begin = array.ctypes.data - np.frombuffer(whole, np.uint8).ctypes.data
        start, stop = (begin + row * array.strides[0] for row in (first, last))
        for place in range(start // mmap.PAGESIZE * mmap.PAGESIZE, min(stop, len(whole)), ADVISED):
            whole.madvise(mmap.MADV_WILLNEED, place, min(ADVISED, len(whole) - place))


def row_slices(array: Any) -> Iterator[slice]:
    """Cut the rows of an array into slices of at most `PART` bytes."""
    size = max(1, PART // max(1, prod(array.shape[1:]) * array.dtype.itemsize))
    for first in range(0, len(array), size):
        yield slice(first, min(first + size, len(array)))


def value_range(array: Any) -> tuple[float, float]:
    """Return the smallest and the largest value; 0 and 0 where there are none."""
    limits = [(array[part].min().item(), array[part].max().item()) for part in row_slices(array)]
    return min((low for low, _ in limits), default=0), max((high for _, high in limits), default=0)


def convert_inputs(inputs: Any, width: int) -> Any:
    """Convert inputs to uint8 or float32, (N, I) without gaps; memory maps stay in their files."""
    if inputs.dtype.kind not in "uifb":
        raise HandgradError(f"inputs must be numbers; got {inputs.dtype}")
    dtype = np.dtype(np.uint8 if inputs.dtype == np.uint8 else np.float32)
    if inputs.dtype.kind in "iu" and dtype != np.uint8:
        low, high = value_range(inputs)
        if low >= 0 and 128 <= high <= 255:
            dtype = np.dtype(np.uint8)
    if not is_mapped(inputs):
        with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
            inputs = np.ascontiguousarray(inputs.reshape(len(inputs), width), dtype)
    elif isinstance(inputs, np.memmap) and inputs.dtype == dtype and inputs.flags.c_contiguous:
        inputs = inputs.reshape(len(inputs), width)
    else:
        inputs = MappedRows(inputs, dtype=dtype)
    if dtype != np.uint8 and not all(np.isfinite(inputs[part]).all() for part in row_slices(inputs)):
        raise HandgradError("inputs hold NaN or infinity; remove or replace those values")
    return inputs


def encode_classes(labels: NDArray[Any], classes: Any) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Convert labels, integers or names, to numbers from 0, and name the classes."""
    if isinstance(classes, int | np.integer):
        classes = range(min(classes, MOST_CLASSES + 1))
    names = () if classes is None else tuple(map(str, classes))
    if classes is not None and not 0 < len(names) <= MOST_CLASSES:
        raise HandgradError(f"there must be 1 to {MOST_CLASSES:,} classes")
    if len(set(names)) != len(names):
        raise HandgradError(f"two classes have the same name: {', '.join(names):.200}")
    if labels.dtype.kind == "O" and all(isinstance(label, str) for label in labels):
        labels = labels.astype(str)
    if labels.dtype.kind == "U":
        present, places = np.unique(labels, return_inverse=True)
        names = names or tuple(map(str, present))
        numbers = {name: number for number, name in enumerate(names)}
        if unknown := set(map(str, present)) - set(names):
            raise HandgradError(f"label {min(unknown)!r:.40} is not one of the {len(names)} classes")
        return np.array([numbers[name] for name in map(str, present)], np.int64)[places], names
    whole = labels.dtype.kind == "f" and ((abs(labels) < 2.0**63) & (labels == np.floor(labels))).all()
    if labels.dtype.kind == "b" or whole:
        labels = labels.astype(np.int64)
    if labels.dtype.kind not in "ui":
        raise HandgradError(f"labels must be integers or names of classes; got {labels.dtype}")
    low, high = (int(labels.min()), int(labels.max())) if len(labels) else (0, 0)
    known = len(names) or max(2, min(high + 1, MOST_CLASSES))
    if low < 0 or high >= known:
        wrong = low if low < 0 else high
        raise HandgradError(f"label {wrong} is out of range: there are {known} classes, 0 to {known - 1}")
    return labels.astype(labels.dtype.newbyteorder("="), copy=False), names or tuple(map(str, range(known)))
