"""IDX, the file format of MNIST: a magic number, the shape, then the elements; often gzipped.

The magic number is four bytes: two zeros, the type of the elements, 8 for bytes, which is the only one that is read,
and the number of dimensions. Each dimension follows as an unsigned 32-bit number, big-endian. The format: Yann LeCun,
*The MNIST database of handwritten digits*.
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

Array = NDArray[np.uint8]
Split = Literal["train", "test"]

FILES: dict[Split, tuple[str, str]] = {  # as published: images, labels
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
EXPANSION = 1032
"""Of deflate, at most: the longest match, 258 bytes, can take 2 bits."""
PIECE = 2**22
"""Bytes that are read at a time."""


def read_idx(path: Path, store: Store = stack) -> Array:
    """Read an IDX file of bytes, (N, ...) uint8 of 1 to 4 dimensions.

    It is memory-mapped, or where it is gzipped, passed to `store` block by block. HandgradError where the file cannot
    be read, is not a whole IDX file of bytes, or does not fit into memory.
    """
    with _opened(path) as (file, shape, mappable):
        if mappable:
            return np.memmap(path, np.uint8, "r", file.tell(), shape)
        if store is stack:
            check_memory(2 * math.prod(shape), path)
        return store(_blocks(path, file, shape))


def idx_size(path: Path) -> int:
    """Return the bytes that the elements of an IDX file take in memory: none where they are memory-mapped."""
    with _opened(path) as (_, shape, mappable):
        return 0 if mappable else math.prod(shape)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], tuple[int, ...], bool]]:
    """Open an IDX file behind its header: the file, its shape, and whether it can be memory-mapped."""
    try:
        with path.open("rb") as raw:
            length, gzipped = os.fstat(raw.fileno()).st_size, raw.peek(2)[:2] == b"\x1f\x8b"
            file: Any = gzip.GzipFile(fileobj=raw) if gzipped else raw
            magic = file.read(4)
            if len(magic) < 4 or magic[:3] != b"\0\0\x08" or not 1 <= magic[3] <= 4:
                found = magic.hex(" ") or "nothing"
                raise _damaged(
                    path, f"is not an IDX file of bytes: it begins with {found}, not with 00 00 08 01 to 04"
                )
            header = file.read(4 * magic[3])
            if len(header) < 4 * magic[3]:
                raise _damaged(path, "is cut short: it ends within its header")
            shape = struct.unpack(f">{magic[3]}I", header)
            size = math.prod(shape)
            if size > length * EXPANSION if gzipped else size != length - raw.tell():
                raise _wrong_length(path, shape)
            yield file, shape, not gzipped and size > 0
    except (gzip.BadGzipFile, zlib.error) as error:
        raise _damaged(path, f"is damaged: its gzip stream is corrupt ({error})") from error
    except EOFError as error:
        raise _damaged(path, "is cut short: its gzip stream has no end") from error
    except OSError as error:
        raise HandgradError(f"cannot read {path}: {error.strerror}; check path and permissions") from error


def _blocks(path: Path, file: IO[bytes], shape: tuple[int, ...]) -> Iterator[Array]:
    """Yield the elements block by block, and compare their number with the header."""
    row = math.prod(shape[1:])
    rows = max(1, PIECE // max(1, row))
    for first in range(0, max(1, shape[0]), rows):
        count = min(rows, shape[0] - first)
        content = file.read(row * count)
        if len(content) < row * count:
            raise _wrong_length(path, shape)
        yield np.frombuffer(content, np.uint8).reshape(count, *shape[1:])
    if file.read(1):  # at the end, gzip compares its checksum
        raise _wrong_length(path, shape)


def idx_header(array: Array) -> bytes:
    """Return the bytes before the elements of an array of bytes, as IDX files have them."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)


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
    if images.ndim not in (3, 4):
        raise _damaged(paths[0], f"has the shape {images.shape}, not that of images")
    if labels.ndim != 1:
        raise _damaged(paths[1], f"has the shape {labels.shape}, not that of labels")
    if len(images) != len(labels):
        raise _damaged(paths[0], f"holds {len(images)} images, but {paths[1]} {len(labels)} labels")
    return images, labels


def _wrong_length(path: Path, shape: tuple[int, ...]) -> HandgradError:
    return _damaged(path, f"does not hold the {' × '.join(map(str, shape))} bytes that its header says")


def _damaged(path: Path, what: str) -> HandgradError:
    return HandgradError(f"{path} {what}; copy or download it again")
