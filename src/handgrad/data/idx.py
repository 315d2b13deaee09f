"""IDX, the file format of MNIST: a magic number, the shape, then the elements, big-endian; often gzipped.

The magic number is four bytes: two zeros, the type of the elements, the number of dimensions. Each dimension
follows as an unsigned 32-bit number. The format: Yann LeCun, *The MNIST database of handwritten digits*.
"""

import gzip
import math
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from handgrad.data.arrays import Store
from handgrad.data.memory import check_memory
from handgrad.errors import HandgradError
from handgrad.files import replacing

Array = NDArray[Any]
Split = Literal["train", "test"]

FILES = {  # as published, by split: images, labels
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
ELEMENTS = {
    code: np.dtype(name)
    for code, name in [(0x08, "u1"), (0x09, "i1"), (0x0B, ">i2"), (0x0C, ">i4"), (0x0D, ">f4"), (0x0E, ">f8")]
}
GZIP_MAGIC = b"\x1f\x8b"
GREATEST_EXPANSION = 1032
"""Of deflate: the longest match, 258 bytes, can take 2 bits."""
PIECE = 2**18
"""Bytes that are read at a time."""


def read_idx(path: Path | str, digest: Any = None, store: Store | None = None) -> Array:
    """Read an IDX file. It is memory-mapped where it holds bytes that are not compressed.

    Parameters
    ----------
    path : Path or str
        The content, not the name, decides whether it is gzipped.
    digest : hash object, optional
        Is updated with the whole uncompressed content, header included.
    store : callable, optional
        Takes what is not memory-mapped block by block; default: it is read into memory.

    Returns
    -------
    ndarray
        1 to 4 dimensions, uint8, int8, int16, int32, float32 or float64, in native byte order.

    Raises
    ------
    HandgradError
        If the file cannot be read, is damaged, is not an IDX file, or does not fit into memory.
    """
    with _opened(Path(path), digest) as content:
        if content.size and content.dtype.itemsize == 1 and not content.gzipped:
            return content.map()
        return (store or content.stack)(content.blocks())


def idx_size(path: Path) -> int:
    """Return the bytes that the elements of an IDX file take in memory: none where they are memory-mapped."""
    with _opened(path) as content:
        return content.size if content.gzipped or content.dtype.itemsize > 1 else 0


@contextmanager
def _opened(path: Path, digest: Any = None) -> "Iterator[_Content]":
    try:
        with path.open("rb") as file:
            yield _Content(path, file, digest)
    except (gzip.BadGzipFile, zlib.error) as error:
        raise damaged(path, f"is damaged: its gzip stream is corrupt ({error})") from error
    except EOFError as error:
        raise damaged(path, "is cut short: its gzip stream has no end") from error
    except OSError as error:
        raise HandgradError(f"cannot read {path}: {error.strerror}; check path and permissions") from error


class _Content:
    """The elements of an IDX file that is open."""

    def __init__(self, path: Path, file: BinaryIO, digest: Any = None) -> None:
        self.path, self.digest = path, digest
        length = os.fstat(file.fileno()).st_size
        if length == 0:
            raise damaged(path, "is empty")
        self.gzipped = file.peek(2)[:2] == GZIP_MAGIC  # type: ignore[attr-defined]
        self.source: Any = gzip.GzipFile(fileobj=file) if self.gzipped else file
        self.dtype, self.shape = self._header()
        self.size = math.prod(self.shape) * self.dtype.itemsize
        self.promise = f"its header says: {self.size:,} bytes for {describe(self.shape, self.dtype)}"
        if self.size > length * (GREATEST_EXPANSION if self.gzipped else 1):
            raise damaged(path, f"is shorter than {self.promise}, and the file has {length:,}")

    def map(self) -> Array:
        """Map the elements, and compare the length of the file with its header."""
        whole = np.memmap(self.path, np.uint8, "r")
        start = 4 + 4 * len(self.shape)
        if len(whole) != start + self.size:
            longer = "longer" if len(whole) > start + self.size else "shorter"
            raise damaged(self.path, f"is {longer} than {self.promise}")
        if self.digest is not None:
            self.digest.update(whole[start:])
        return whole[start:].view(self.dtype).reshape(self.shape)

    def blocks(self) -> Iterator[Array]:
        """Yield the elements block by block, in native byte order, and compare their number with the header."""
        row = self.size // max(1, self.shape[0])
        left, rows = self.shape[0], max(1, PIECE // max(1, row))
        while left and row:
            block = bytearray(row * min(rows, left))
            filled = self._fill(memoryview(block))
            if filled < len(block):
                done = self.size - row * left + filled
                raise damaged(self.path, f"is shorter than {self.promise}, and {done:,} are there")
            left -= min(rows, left)
            elements = np.frombuffer(block, self.dtype).reshape(-1, *self.shape[1:])
            yield elements.astype(self.dtype.newbyteorder("="), copy=False)
        if self._take(1):  # at the end, gzip compares its checksum
            raise damaged(self.path, f"is longer than {self.promise}")

    def stack(self, blocks: Iterator[Array]) -> Array:
        """Put the blocks into one array in memory."""
        check_memory(self.size, self.path)
        array = np.empty(self.shape, self.dtype.newbyteorder("="))
        first = 0
        for block in blocks:
            array[first : first + len(block)] = block
            first += len(block)
        return array

    def _header(self) -> tuple[np.dtype[Any], tuple[int, ...]]:
        magic = self._take(4)
        if magic[:2] != b"\0\0"[: len(magic)]:
            if (magic + self._take(60)).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
                raise damaged(self.path, "looks like a web page (HTML), not IDX data")
            raise damaged(self.path, f"is not an IDX file: it begins with {magic.hex(' ')}, not with 00 00")
        code, dimensions = magic[2:] if len(magic) == 4 else (8, 1)
        if code not in ELEMENTS:
            raise damaged(self.path, f"has elements of an unknown type, {code:02x}")
        if not 1 <= dimensions <= 4:
            raise damaged(self.path, f"has {dimensions} dimensions where 1 to 4 can be read")
        shape = self._take(4 * dimensions)
        if len(shape) < 4 * dimensions:
            raise damaged(self.path, "is cut short: it ends within its header")
        return ELEMENTS[code], struct.unpack(f">{dimensions}I", shape)

    def _take(self, count: int) -> bytes:
        taken = bytearray(count)
        return bytes(taken[: self._fill(memoryview(taken))])

    def _fill(self, view: memoryview) -> int:
        filled = 0
        while filled < len(view) and (count := self.source.readinto(view[filled : filled + PIECE])):
            if self.digest is not None:
                self.digest.update(view[filled : filled + count])
            filled += count
        return filled


def write_idx(path: Path | str, array: Array) -> None:
    """Write an array as an IDX file, gzipped where the name ends in ``.gz``.

    Parameters
    ----------
    path : Path or str
    array : ndarray
        1 to 4 dimensions; uint8, int8, int16, int32, float32 or float64, in any byte order.

    Raises
    ------
    HandgradError
        If IDX has no such arrays, or the file cannot be written.
    """
    path = Path(path)
    codes = {dtype: code for code, dtype in ELEMENTS.items()}
    code = codes.get(array.dtype.newbyteorder(">"))
    if code is None or not 1 <= array.ndim <= 4:
        known = f"1 to 4 dimensions of {', '.join(dtype.name for dtype in codes)}"
        held = describe(array.shape, array.dtype)
        raise HandgradError(f"cannot write {path}: IDX has {known}, not {held}; convert the array")
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    content = np.ascontiguousarray(array, array.dtype.newbyteorder(">"))
    with replacing(path) as temporary, temporary.open("wb") as file:
        if path.name.endswith(".gz"):
            with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as zipped:  # reproducible bytes
                zipped.write(header)
                zipped.write(content.data)
        else:
            file.write(header)
            file.write(content.data)


def find_idx(folder: Path, name: str) -> Path | None:
    """Find a file by its published name in any of its spellings: plain or ``.gz``, ``-idx`` or ``.idx``."""
    spellings = (name, name.replace("-idx", ".idx"))
    try:
        # An unpacked download may hold folders of these names, so only files count.
        candidates = (folder / (spelling + end) for end in ("", ".gz") for spelling in spellings)
        return next((candidate for candidate in candidates if candidate.is_file()), None)
    except OSError as error:
        raise HandgradError(f"cannot look into {folder}: {error.strerror}; make it readable") from error


def find_idx_pair(folder: Path, split: Split) -> tuple[Path, Path]:
    """Find the files of images and labels of a split; HandgradError where one is missing."""
    paths = []
    for name in FILES[split]:
        path = find_idx(folder, name)
        if path is None:
            raise HandgradError(f"{folder} holds no {name} (nor {name}.gz); check the folder")
        paths.append(path)
    return paths[0], paths[1]


def read_idx_folder(
    folder: Path, split: Split, read: Callable[[Path], Array] = read_idx, store: Store | None = None
) -> tuple[Array, Array]:
    """Read one split from a folder whose files are named as MNIST's are.

    Parameters
    ----------
    folder : Path
    split : {"train", "test"}
        The test split is in the files that begin with ``t10k``.
    read : callable, default `read_idx`
        Reads one file; `handgrad.data.mnist` verifies its content, too.
    store : callable, optional
        For the images, as in `read_idx`.

    Returns
    -------
    images : uint8 (N, height, width) or (N, channels, height, width)
    labels : integers (N,)

    Raises
    ------
    HandgradError
        If a file is missing or unreadable, or the two do not belong together.
    """
    images_path, labels_path = find_idx_pair(folder, split)
    images = read_idx(images_path, store=store) if store else read(images_path)
    labels = read(labels_path)
    for path, array, valid, what in (
        (images_path, images, images.dtype == np.uint8 and images.ndim in (3, 4), "images: uint8 in 3 or 4"),
        (labels_path, labels, labels.dtype.kind in "iu" and labels.ndim == 1, "labels: integers in 1"),
    ):
        if not valid:
            held = describe(array.shape, array.dtype)
            raise HandgradError(f"{path} holds {held}, not {what} dimensions")
    if len(images) != len(labels):
        held = f"{images_path} holds {len(images)} images, but {labels_path} {len(labels)} labels"
        raise HandgradError(f"{held}; use files that belong together")
    return images, labels


def describe(shape: tuple[int, ...], dtype: np.dtype[Any]) -> str:
    """Describe an array, e.g. ``60000 × 28 × 28 uint8``."""
    return f"{' × '.join(map(str, shape)) or 'one'} {dtype.name}"


def damaged(path: Path, what: str) -> HandgradError:
    """Build the error for a damaged file."""
    return HandgradError(f"{path} {what}; copy or download it again")
