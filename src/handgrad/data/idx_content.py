"""The content of an IDX file, piece by piece: unzipped if need be, and compared with what its header promises."""

import math
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np

from handgrad.errors import HandgradError

ELEMENTS = {
    code: np.dtype(name)
    for code, name in [(0x08, "u1"), (0x09, "i1"), (0x0B, "i2"), (0x0C, "i4"), (0x0D, "f4"), (0x0E, "f8")]
}
GZIP_MAGIC = b"\x1f\x8b"
GREATEST_EXPANSION = 1032  # of deflate: a longest match, 258 bytes, can cost as little as 2 bits
PIECE = 256 * 1024  # bytes in hand at a time: enough to be fast, few enough to stay in the cache


class Digest(Protocol):
    """What `hashlib.sha256()` gives: it is told the content as the content streams by."""

    def update(self, data: memoryview, /) -> None:
        """Add the next bytes."""


@contextmanager
def reading_idx(path: Path) -> Iterator[Any]:
    """Open an IDX file for `IdxContent`; HandgradError where it cannot be read."""
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise HandgradError(f"cannot read {path}: {error.strerror}; check path and permissions") from error
    except zlib.error as error:
        raise damaged(path, f"is damaged: its gzip stream is corrupt ({error})") from error


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
                raise damaged(self.path, "is cut short: its gzip stream has no end")
        if self.stream.unused_data or self.file.read(1):
            raise damaged(self.path, "has something else behind its gzip stream")
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
            raise damaged(path, "is empty")
        gzipped = file.peek(2)[:2] == GZIP_MAGIC
        self._source = _Gunzip(path, file) if gzipped else file
        self.dtype, self.shape = _header(path, self._take)
        self.promised = math.prod(self.shape) * self.dtype.itemsize
        self.promise = f"its header says: {self.promised:,} bytes for {describe(self.shape, self.dtype)}"
        if self.promised > size * (GREATEST_EXPANSION if gzipped else 1):
            raise damaged(path, f"is shorter than {self.promise}, and the file has {size:,}")
        self._filled = 0

    def fill(self, view: memoryview) -> None:
        """Put the next bytes of the elements into a view."""
        self._filled += (filled := self._fill(view))
        if filled < len(view):
            raise damaged(self.path, f"is shorter than {self.promise}, and {self._filled:,} are there")

    def finish(self) -> None:
        """Make sure that nothing follows; asking for more than there is also makes gzip compare its check sum."""
        if self._take(1):
            raise damaged(self.path, f"is longer than {self.promise}")

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


def _header(path: Path, take: Callable[[int], bytes]) -> tuple[np.dtype[Any], tuple[int, ...]]:
    cut = "is cut short: it ends within its header"
    magic = take(4)
    if magic[:2] != b"\0\0"[: len(magic)]:
        if (magic + take(60)).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            raise damaged(path, "looks like a web page (HTML), not IDX data")
        raise damaged(path, f"is no IDX file: it begins with {magic.hex(' ')}, not with 00 00")
    if len(magic) < 4:
        raise damaged(path, cut)
    code, dimensions = magic[2:]
    if code not in ELEMENTS:
        raise damaged(path, f"has elements of an unknown type, {code:02x}")
    if not 1 <= dimensions <= 4:
        raise damaged(path, f"has {dimensions} dimensions where 1 to 4 can be read")
    shape = take(4 * dimensions)
    if len(shape) < 4 * dimensions:
        raise damaged(path, cut)
    return ELEMENTS[code], struct.unpack(f">{dimensions}I", shape)


def describe(shape: tuple[int, ...], dtype: np.dtype[Any]) -> str:
    """Tell a shape and a type in words, such as ``60000 × 28 × 28 uint8``."""
    return f"{' × '.join(map(str, shape)) or 'one'} {dtype.name}"


def damaged(path: Path, what: str) -> HandgradError:
    """Give an error that says what is wrong with a file."""
    return HandgradError(f"{path} {what}; copy or download it again")
