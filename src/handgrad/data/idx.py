"""IDX, the file format of MNIST: a magic number, the shape, then the elements, big-endian; often gzipped.

The magic number is four bytes: two zeros, the type of the elements, the number of dimensions. Each dimension
follows as an unsigned 32-bit number. The format: Yann LeCun, *The MNIST database of handwritten digits*.
"""

import gzip
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from handgrad.data.idx_content import ELEMENTS, Digest, IdxContent, damaged, describe, reading_idx
from handgrad.errors import HandgradError
from handgrad.files import replacing

Array = NDArray[Any]
Split = Literal["train", "test"]

FILES = {  # as published, by split: images, labels
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


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
            f"{images} holds {describe(shape, dtype)}, not images; give uint8 of 3 or 4 dimensions"
        )
    if labels.dtype.kind not in "iu" or labels.ndim != 1:
        held = describe(labels.shape, labels.dtype)
        raise HandgradError(f"{labels_path} holds {held}, not labels; give integers of 1 dimension")
    if shape[0] != len(labels):
        held = f"{images} holds {shape[0]} images, but {labels_path} {len(labels)} labels"
        raise HandgradError(f"{held}; give files that belong together")


def _read(path: Path, file: Any, digest: Digest | None) -> Array:
    content = IdxContent(path, file, digest)
    try:
        array = np.empty(content.shape, content.dtype)  # costs no memory before it is filled
    except (MemoryError, ValueError) as error:
        raise damaged(path, f"does not fit into memory if it is what {content.promise}") from error
    content.fill(array.reshape(-1).view(np.uint8).data)
    content.finish()
    if sys.byteorder == "little" and content.dtype.itemsize > 1:
        array.byteswap(inplace=True)
    return array
