"""Inputs and labels as arrays: what users have is converted, and what is memory-mapped is not copied."""

import mmap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from handgrad.errors import HandgradError

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
    """Some rows of a memory-mapped array, flattened to (N, I) and converted where they are indexed.

    Parameters
    ----------
    array : (M, ...), memory-mapped or `MappedRows`
    rows : (N,) integers, optional
        Which rows of `array`; default: all of them.
    dtype : dtype, optional
        That rows are converted to; default: that of `array`.
    """

    ndim = 2

    def __init__(
        self, array: Any, rows: NDArray[np.integer] | None = None, dtype: DTypeLike | None = None
    ) -> None:
        self.array, self.rows, self.dtype = array, rows, np.dtype(dtype or array.dtype)
        if isinstance(array, MappedRows):
            self.array = array.array
            if array.rows is not None:
                self.rows = array.rows if rows is None else array.rows[rows]
        self.shape = (len(array if rows is None else rows), prod(array.shape[1:]))

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def nbytes(self) -> int:
        """Bytes of all rows."""
        return prod(self.shape) * self.dtype.itemsize

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
    """Keep the system from reading neighbours of the rows of a memory map that are used within the block."""
    while isinstance(array, MappedRows):
        array = array.array
    if not (isinstance(array, np.memmap) and hasattr(mmap, "MADV_RANDOM")):
        yield
        return
    whole: mmap.mmap = array._mmap  # type: ignore[attr-defined]
    whole.madvise(mmap.MADV_RANDOM)
    try:
        yield
    finally:
        whole.madvise(mmap.MADV_NORMAL)


def read_ahead(array: Any, first: int, last: int) -> None:
    """Start to read rows of a memory map, which will be used soon, in the background."""
    if isinstance(array, MappedRows):
        if array.rows is not None:
            count, (first, last) = last - first, (int(array.rows[first]), int(array.rows[last - 1]) + 1)
            if not 0 < last - first <= 4 * count:  # far apart, or not in order
                return
        read_ahead(array.array, first, last)
    elif isinstance(array, np.memmap) and hasattr(mmap, "MADV_WILLNEED") and array.strides[0] > 0:
        whole: mmap.mmap = array._mmap  # type: ignore[attr-defined]
        begin = array.ctypes.data - np.frombuffer(whole, np.uint8).ctypes.data
        start, stop = (begin + row * array.strides[0] for row in (first, last))
        for place in range(start // mmap.PAGESIZE * mmap.PAGESIZE, min(stop, len(whole)), ADVISED):
            whole.madvise(mmap.MADV_WILLNEED, place, min(ADVISED, len(whole) - place))


def row_slices(array: Any, part: int = 0) -> Iterator[slice]:
    """Cut the rows of an array into slices of at most `part` bytes; default: `PART`."""
    size = max(1, (part or PART) // max(1, prod(array.shape[1:]) * array.dtype.itemsize))
    for first in range(0, len(array), size):
        yield slice(first, min(first + size, len(array)))


def value_range(array: Any) -> tuple[float, float]:
    """Return the smallest and the largest value; 0 and 0 where there are none."""
    limits = [(array[part].min().item(), array[part].max().item()) for part in row_slices(array)]
    return min((low for low, _ in limits), default=0), max((high for _, high in limits), default=0)


def as_array(values: ArrayLike, name: str) -> NDArray[Any]:
    """Convert to an array of numbers or names; HandgradError where that is impossible."""
    try:
        array = np.asarray(values)
    except (ValueError, TypeError) as error:  # rows of different lengths
        reason = str(error).partition(".")[0]
        raise HandgradError(f"{name} are not an array of numbers: {reason}") from error
    if array.dtype.kind == "O" and all(isinstance(value, str) for value in array.flat):
        array = array.astype(str)
    return array


def convert_inputs(inputs: Any, width: int) -> Any:
    """Convert inputs to uint8 or float32, (N, I) without gaps; memory maps stay in their files."""
    if inputs.dtype.kind not in "uifb":
        raise HandgradError(f"inputs must be numbers; got {inputs.dtype}")
    dtype = np.dtype(np.uint8 if inputs.dtype == np.uint8 else np.float32)
    if inputs.dtype.kind in "iu" and dtype != np.uint8:
        low, high = value_range(inputs)
        if low >= 0 and 128 <= high <= 255:
            dtype = np.dtype(np.uint8)
    if is_mapped(inputs):
        plain = isinstance(inputs, np.memmap) and inputs.dtype == dtype and inputs.flags.c_contiguous
        inputs = inputs.reshape(len(inputs), width) if plain else MappedRows(inputs, dtype=dtype)
    else:
        with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
            inputs = np.ascontiguousarray(inputs.reshape(len(inputs), width), dtype)
    if dtype != np.uint8:
        for part in row_slices(inputs):
            if not np.isfinite(inputs[part]).all():
                raise HandgradError("inputs hold NaN or infinity; remove or replace those values")
    return inputs


def encode_classes(labels: NDArray[Any], classes: Any) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Convert labels to numbers from 0, and name the classes."""
    if labels.ndim != 1:
        raise HandgradError(f"labels of shape {labels.shape} are not one label for each example")
    if isinstance(classes, int | np.integer):
        classes = range(int(classes))
    names = () if classes is None else tuple(map(str, classes))
    if classes is not None and not names:
        raise HandgradError("there must be at least one class")
    if len(set(names)) != len(names):
        raise HandgradError(f"two classes have the same name: {', '.join(names)}")
    if labels.dtype.kind == "U":
        present, places = np.unique(labels, return_inverse=True)
        names = names or tuple(map(str, present))
        for name in map(str, present):
            if name not in names:
                raise HandgradError(f"label {name!r:.40} is not one of the {len(names)} classes")
        return np.array([names.index(str(name)) for name in present], np.int64)[places], names
    if labels.dtype.kind == "f" and np.array_equal(labels, np.floor(labels)) and np.isfinite(labels).all():
        labels = labels.astype(np.int64)
    if labels.dtype.kind == "b":
        labels = labels.astype(np.uint8)
    if labels.dtype.kind not in "ui":
        raise HandgradError(f"labels must be whole numbers or names of classes; got {labels.dtype}")
    low, high = (int(labels.min()), int(labels.max())) if len(labels) else (0, 0)
    names = names or tuple(map(str, range(max(2, high + 1))))
    if low < 0 or (len(labels) and high >= len(names)):
        wrong = low if low < 0 else high
        raise HandgradError(
            f"label {wrong} is out of range: there are {len(names)} classes, 0 to {len(names) - 1}"
        )
    return labels.astype(labels.dtype.newbyteorder("="), copy=False), names
