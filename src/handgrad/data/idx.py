"""IDX, the file format of MNIST: a magic number, the shape, then the elements, big-endian; often gzipped.

The magic number is four bytes: two zeros, the type of the elements, the number of dimensions. Each dimension
follows as an unsigned 32-bit number. The format: Yann LeCun, *The MNIST database of handwritten digits*.
"""

import gzip
import math
import os
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import HandgradError
from handgrad.files import replacing

Array = NDArray[Any]
Split = Literal["train", "test"]

ELEMENTS = {
    code: np.dtype(name)
    for code, name in [(0x08, "u1"), (0x09, "i1"), (0x0B, "i2"), (0x0C, "i4"), (0x0D, "f4"), (0x0E, "f8")]
}
GZIP_MAGIC = b"\x1f\x8b"
GREATEST_EXPANSION = 1032  # of deflate: a longest match, 258 bytes, can cost as little as 2 bits
PIECE = 256 * 1024  # bytes in hand at a time: enough to be fast, few enough to stay in the cache

FILES = {  # as published, by split: images, labels
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


class Digest(Protocol):
    """What `hashlib.sha256()` gives: it is told the content as the content streams by."""

    def update(self, data: memoryview, /) -> None:
        """Add the next bytes."""


def read_idx(path: Path | str, digest: Digest | None = None) -> Array:
    """Read an IDX file, gzipped or not (its content decides, not its name).

    Memory holds the array and a small buffer, never the file as well.

    Parameters
    ----------
    path : Path or str
    digest : hash object, optional
        Is updated with the whole uncompressed content, header included.

    Returns
    -------
    ndarray
        1 to 4 dimensions, uint8, int8, int16, int32, float32 or float64, in native byte order.

    Raises
    ------
    HandgradError
        If the file cannot be read, is damaged, or is no IDX file.
    """
    path = Path(path)
    with reading_idx(path) as file:
        return _read(path, file, digest)


@contextmanager
def reading_idx(path: Path) -> Iterator[Any]:
    """Open an IDX file for `IdxContent`; HandgradError where it cannot be read."""
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise HandgradError(f"cannot read {path}: {error.strerror}; check path and permissions") from error
    except zlib.error as error:
        raise _damaged(path, f"is damaged: its gzip stream is corrupt ({error})") from error


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
    code = codes.get(array.dtype.newbyteorder("="))
    if code is None or not 1 <= array.ndim <= 4:
        known = f"1 to 4 dimensions of {', '.join(dtype.name for dtype in codes)}"
        held = _describe(array.shape, array.dtype)
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


def read_idx_folder(
    folder: Path, split: Split, read: Callable[[Path], Array] = read_idx
) -> tuple[Array, Array]:
    """Read one split from a folder whose files are named as MNIST's are.

    Parameters
    ----------
    folder : Path
    split : {"train", "test"}
        The test split is in the files that begin with ``t10k``.
    read : callable, default `read_idx`
        Reads one file; a caller who knows more of the files checks more here.

    Returns
    -------
    images : uint8 (N, height, width) or (N, channels, height, width)
    labels : integers (N,)

    Raises
    ------
    HandgradError
        If a file is missing or unreadable, or the two do not belong together.
    """
    paths = find_idx_pair(folder, split)
    images, labels = map(read, paths)
    check_idx_pair(paths[0], images.dtype, images.shape, paths[1], labels)
    return images, labels


def find_idx_pair(folder: Path, split: Split) -> tuple[Path, Path]:
    """Find the files of images and labels of a split; HandgradError where one is missing."""
    paths = []
    for name in FILES[split]:
        path = find_idx(folder, name)
        if path is None:
            raise HandgradError(f"{folder} holds no {name} (nor {name}.gz); check the folder")
        paths.append(path)
    return paths[0], paths[1]


def check_idx_pair(
    images: Path, dtype: np.dtype[Any], shape: tuple[int, ...], labels_path: Path, labels: Array
) -> None:
    """Raise HandgradError where two files do not hold images and their labels."""
    if dtype != np.uint8 or len(shape) not in (3, 4):
        raise HandgradError(
            f"{images} holds {_describe(shape, dtype)}, not images; give uint8 of 3 or 4 dimensions"
        )
    if labels.dtype.kind not in "iu" or labels.ndim != 1:
        held = _describe(labels.shape, labels.dtype)
        raise HandgradError(f"{labels_path} holds {held}, not labels; give integers of 1 dimension")
    if shape[0] != len(labels):
        held = f"{images} holds {shape[0]} images, but {labels_path} {len(labels)} labels"
        raise HandgradError(f"{held}; give files that belong together")


class _Gunzip:
    """A gzip file's content, unzipped piece by piece as it is asked for."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path, self.file = path, file
        self.stream = zlib.decompressobj(16 + zlib.MAX_WBITS)  # 16 more: with gzip's header and check sum

    def readinto(self, view: memoryview) -> int:
        """Put the next bytes into a view that is not empty, and tell how many; 0 says all went well."""
        while not self.stream.eof:
            piece = self.stream.unconsumed_tail or self.file.read(PIECE)
            content = self.stream.decompress(piece, len(view))
            if content:
                view[: len(content)] = content
                return len(content)
            if not piece:
                raise _damaged(self.path, "is cut short: its gzip stream has no end")
        if self.stream.unused_data or self.file.read(1):
            raise _damaged(self.path, "has something else behind its gzip stream")
        return 0


class IdxContent:
    """The elements of an IDX file that is open, piece by piece.

    Parameters
    ----------
    path : Path
    file : binary file, buffered
    digest : hash object, optional
        As in `read_idx`.

    Attributes
    ----------
    dtype, shape
        What the header promises; elements come as the file has them, big-endian.
    """

    def __init__(self, path: Path, file: Any, digest: Digest | None = None) -> None:
        self.path, self._digest = path, digest
        size = os.fstat(file.fileno()).st_size
        if size == 0:
            raise _damaged(path, "is empty")
        gzipped = file.peek(2)[:2] == GZIP_MAGIC
        self._source = _Gunzip(path, file) if gzipped else file
        self.dtype, self.shape = _header(path, self._take)
        self.promised = math.prod(self.shape) * self.dtype.itemsize
        self.promise = f"its header says: {self.promised:,} bytes for {_describe(self.shape, self.dtype)}"
        if self.promised > size * (GREATEST_EXPANSION if gzipped else 1):
            raise _damaged(path, f"is shorter than {self.promise}, and the file has {size:,}")
        self._filled = 0

    def fill(self, view: memoryview) -> None:
        """Put the next bytes of the elements into a view."""
        self._filled += (filled := self._fill(view))
        if filled < len(view):
            raise _damaged(self.path, f"is shorter than {self.promise}, and {self._filled:,} are there")

    def finish(self) -> None:
        """Make sure that nothing follows; asking for more than there is also makes gzip compare its check sum."""
        if self._take(1):
            raise _damaged(self.path, f"is longer than {self.promise}")

    def _fill(self, view: memoryview) -> int:
        filled = 0
        while filled < len(view) and (count := self._source.readinto(view[filled : filled + PIECE])):
            if self._digest is not None:
                self._digest.update(view[filled : filled + count])
            filled += count
        return filled

    def _take(self, count: int) -> bytes:
        taken = bytearray(count)
        return bytes(taken[: self._fill(memoryview(taken))])


def _read(path: Path, file: Any, digest: Digest | None) -> Array:
    content = IdxContent(path, file, digest)
    try:
        array = np.empty(content.shape, content.dtype)  # costs no memory before it is filled
    except (MemoryError, ValueError) as error:
        raise _damaged(path, f"does not fit into memory if it is what {content.promise}") from error
    content.fill(array.reshape(-1).view(np.uint8).data)
    content.finish()
    if sys.byteorder == "little" and content.dtype.itemsize > 1:
        array.byteswap(inplace=True)
    return array


def _header(path: Path, take: Callable[[int], bytes]) -> tuple[np.dtype[Any], tuple[int, ...]]:
    cut = "is cut short: it ends within its header"
    magic = take(4)
    if magic[:2] != b"\0\0"[: len(magic)]:
        if (magic + take(60)).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            raise _damaged(path, "looks like a web page (HTML), not IDX data")
        raise _damaged(path, f"is no IDX file: it begins with {magic.hex(' ')}, not with 00 00")
    if len(magic) < 4:
        raise _damaged(path, cut)
    code, dimensions = magic[2:]
    if code not in ELEMENTS:
        raise _damaged(path, f"has elements of an unknown type, {code:02x}")
    if not 1 <= dimensions <= 4:
        raise _damaged(path, f"has {dimensions} dimensions where 1 to 4 can be read")
    shape = take(4 * dimensions)
    if len(shape) < 4 * dimensions:
        raise _damaged(path, cut)
    return ELEMENTS[code], struct.unpack(f">{dimensions}I", shape)


def _describe(shape: tuple[int, ...], dtype: np.dtype[Any]) -> str:
    """Tell a shape and a type in words, such as ``60000 × 28 × 28 uint8``."""
    return f"{' × '.join(map(str, shape)) or 'one'} {dtype.name}"


def _damaged(path: Path, what: str) -> HandgradError:
    return HandgradError(f"{path} {what}; copy or download it again")
