"""IDX, the file format of MNIST: a magic number, the shape, then the elements, big-endian; often gzipped.

The magic number is four bytes: two zeros, the type of the elements, the number of dimensions. Each dimension
follows as an unsigned 32-bit number. The format: Yann LeCun, *The MNIST database of handwritten digits*.
"""

import gzip
import math
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from numpy.typing import NDArray

from handgrad.data.arrays import Store, stack
from handgrad.data.memory import check_memory
from handgrad.errors import HandgradError

Array = NDArray[Any]
Split = Literal["train", "test"]

FILES: dict[Split, tuple[str, str]] = {  # as published: images, labels
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
ELEMENTS = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
EXPANSION = 1032
"""Of deflate, at most: the longest match, 258 bytes, can take 2 bits."""
PIECE = 2**22
"""Bytes that are read at a time."""


def read_idx(path: Path, store: Store = stack) -> Array:
    """Read an IDX file, gzipped or not: (N, ...) of 1 to 4 dimensions, in native byte order.

    Bytes that are not compressed are memory-mapped; everything else is passed to `store` block by block.
    HandgradError where the file cannot be read, is not a whole IDX file, or does not fit into memory.
    """
    with _opened(path) as (file, dtype, shape, mappable):
        if mappable:
            return np.memmap(path, dtype, "r", file.tell(), shape)
        if store is stack:
            check_memory(2 * math.prod(shape) * dtype.itemsize, path)
        return store(_blocks(path, file, dtype, shape))


def idx_size(path: Path) -> int:
    """Return the bytes that the elements of an IDX file take in memory: none where they are memory-mapped."""
    with _opened(path) as (_, dtype, shape, mappable):
        return 0 if mappable else math.prod(shape) * dtype.itemsize


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], np.dtype[Any], tuple[int, ...], bool]]:
    """Open an IDX file behind its header: the file, type and shape of its elements, and whether it can be mapped."""
    try:
        with path.open("rb") as raw:
            length, gzipped = os.fstat(raw.fileno()).st_size, raw.peek(2)[:2] == b"\x1f\x8b"
            file: Any = gzip.GzipFile(fileobj=raw) if gzipped else raw
            dtype, shape = _read_header(path, file)
            size = math.prod(shape) * dtype.itemsize
            if size > length * EXPANSION if gzipped else size != length - raw.tell():
                raise _wrong_length(path, dtype, shape)
            yield file, dtype, shape, not gzipped and dtype.itemsize == 1 and size > 0
    except (gzip.BadGzipFile, zlib.error) as error:
        raise _damaged(path, f"is damaged: its gzip stream is corrupt ({error})") from error
    except EOFError as error:
        raise _damaged(path, "is cut short: its gzip stream has no end") from error
    except OSError as error:
        raise HandgradError(f"cannot read {path}: {error.strerror}; check path and permissions") from error


def _read_header(path: Path, file: IO[bytes]) -> tuple[np.dtype[Any], tuple[int, ...]]:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise _damaged(
            path, f"is not an IDX file: it begins with {magic.hex(' ') or 'nothing'}, not with 00 00"
        )
    code, dimensions = magic[2:]
    if code not in ELEMENTS or not 1 <= dimensions <= 4:
        raise _damaged(path, f"has {dimensions} dimensions of type {code:02x}, not 1 to 4 of a known type")
    shape = file.read(4 * dimensions)
    if len(shape) < 4 * dimensions:
        raise _damaged(path, "is cut short: it ends within its header")
    return np.dtype(ELEMENTS[code]), struct.unpack(f">{dimensions}I", shape)


def _blocks(path: Path, file: IO[bytes], dtype: np.dtype[Any], shape: tuple[int, ...]) -> Iterator[Array]:
    """Yield the elements block by block, in native byte order, and compare their number with the header."""
    row = math.prod(shape[1:]) * dtype.itemsize
    rows = max(1, PIECE // max(1, row))
    for first in range(0, max(1, shape[0]), rows):
        count = min(rows, shape[0] - first)
        content = file.read(row * count)
        if len(content) < row * count:
            raise _wrong_length(path, dtype, shape)
        elements = np.frombuffer(content, dtype).reshape(count, *shape[1:])
        yield elements.astype(dtype.newbyteorder("="), copy=False)
    if file.read(1):  # at the end, gzip compares its checksum
        raise _wrong_length(path, dtype, shape)


def idx_header(array: Array) -> bytes:
    """Return the bytes before the elements of an array, as IDX files have them."""
    codes = {np.dtype(name): code for code, name in ELEMENTS.items()}
    code = codes[array.dtype.newbyteorder(">")]
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)


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
    images, labels = (find_idx(folder, name) for name in FILES[split])
    if images is None or labels is None:
        name = FILES[split][images is not None]
        raise HandgradError(f"{folder} holds no {name} (nor {name}.gz); check the folder")
    return images, labels


def read_idx_folder(folder: Path, split: Split, store: Store = stack) -> tuple[Array, Array]:
    """Read a split from a folder of files named as MNIST's are: the images, uint8 (N, [channels,] H, W), and labels.

    HandgradError where a file is missing or unreadable, or the two do not belong together.
    """
    paths = find_idx_pair(folder, split)
    images, labels = read_idx(paths[0], store), read_idx(paths[1])
    if images.dtype != np.uint8 or images.ndim not in (3, 4):
        raise _damaged(paths[0], f"holds {_describe(images.shape, images.dtype)}, not images of bytes")
    if labels.dtype.kind not in "iu" or labels.ndim != 1:
        raise _damaged(paths[1], f"holds {_describe(labels.shape, labels.dtype)}, not labels")
    if len(images) != len(labels):
        raise _damaged(paths[0], f"holds {len(images)} images, but {paths[1]} {len(labels)} labels")
    return images, labels


def _describe(shape: tuple[int, ...], dtype: np.dtype[Any]) -> str:
    """Describe an array, e.g. ``60000 × 28 × 28 uint8``."""
    return f"{' × '.join(map(str, shape)) or 'one'} {dtype.name}"


def _wrong_length(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> HandgradError:
    return _damaged(path, f"does not hold the {_describe(shape, dtype)} that its header says")


def _damaged(path: Path, what: str) -> HandgradError:
    return HandgradError(f"{path} {what}; copy or download it again")
