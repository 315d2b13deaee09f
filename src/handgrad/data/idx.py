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
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from numpy.typing import NDArray

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


def read_idx(path: Path) -> Array:
    """Read an IDX file of bytes, (N, ...) uint8 of 1 to 4 dimensions; one that is not gzipped is memory-mapped."""
    try:
        with path.open("rb") as raw:
            gzipped = raw.peek(2)[:2] == b"\x1f\x8b"
            file: Any = gzip.GzipFile(fileobj=raw) if gzipped else raw
            shape = _read_header(path, file)
            size, length = math.prod(shape), os.fstat(raw.fileno()).st_size
            wrong = f"does not hold the {' × '.join(map(str, shape))} bytes that its header says"
            if size > length * EXPANSION if gzipped else size != length - raw.tell():
                raise _damaged(path, wrong)
            if size and not gzipped:
                return np.memmap(path, np.uint8, "r", raw.tell(), shape)
            check_memory(2 * size, path, "; gunzip it, so that it is memory-mapped")
            content = file.read(size)
            if len(content) < size or file.read(1):  # at the end, gzip compares its checksum
                raise _damaged(path, wrong)
            return np.frombuffer(bytearray(content), np.uint8).reshape(shape)  # writable
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise _damaged(path, f"is damaged: its gzip stream is cut short or corrupt ({error})") from error
    except OSError as error:
        raise HandgradError(f"cannot read {path}: {error.strerror}; check path and permissions") from error


def _read_header(path: Path, file: IO[bytes]) -> tuple[int, ...]:
    """Read the magic number and the shape."""
    magic = file.read(4)
    if len(magic) < 4 or magic[:3] != b"\0\0\x08" or not 1 <= magic[3] <= 4:
        found = f"it begins with {magic.hex(' ') or 'nothing'}, not with 00 00 08 01 to 04"
        raise _damaged(path, f"is not an IDX file of bytes: {found}")
    header = file.read(4 * magic[3])
    if len(header) < 4 * magic[3]:
        raise _damaged(path, "is cut short: it ends within its header")
    return struct.unpack(f">{magic[3]}I", header)


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


def read_idx_folder(folder: Path, split: Split) -> tuple[Array, Array]:
    """Read a split from a folder of files named as MNIST's are: images, uint8 (N, [channels,] H, W), and labels."""
    paths = []
    for name in FILES[split]:
        if (path := find_idx(folder, name)) is None:
            raise HandgradError(f"{folder} holds no {name} (nor {name}.gz); check the folder")
        paths.append(path)
    images, labels = map(read_idx, paths)
    if images.ndim not in (3, 4) or labels.shape != images.shape[:1]:
        shapes = f"has the shape {images.shape}, and {paths[1]} the shape {labels.shape}"
        raise _damaged(paths[0], f"{shapes}: these are not images with a label each")
    return images, labels


def _damaged(path: Path, what: str) -> HandgradError:
    return HandgradError(f"{path} {what}; copy or download it again")
