"""NumPy files: inputs and labels under their usual names, in a ``.npz`` or as ``.npy`` files in a folder."""

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from math import isqrt, prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.arrays import Store, stack
from handgrad.data.dataset import Dataset, Splits, naming
from handgrad.data.labels import encode_labels
from handgrad.data.memory import check_memory
from handgrad.data.outofcore import Source, load_or_convert
from handgrad.errors import HandgradError

Array = NDArray[Any]
Pair = tuple[str, str]

NAMES: dict[str, list[Pair]] = {
    "train": [
        ("x_train", "y_train"),
        ("X_train", "y_train"),
        ("train_images", "train_labels"),
        ("x", "y"),
        ("X", "y"),
        ("inputs", "labels"),
        ("images", "labels"),
        ("data", "target"),
    ],
    "validation": [("x_validation", "y_validation"), ("x_val", "y_val"), ("val_images", "val_labels")],
    "test": [("x_test", "y_test"), ("X_test", "y_test"), ("test_images", "test_labels")],
}
CLASSES = "classes"
PIECE = 2**22
"""Bytes that are read at a time of an array that is converted."""


def read_npz(path: Path) -> Splits:
    """Read a ``.npz`` archive, or the ``.npy`` files of a folder, which are memory-mapped. Nothing is unpickled.

    Inputs are (N, I), or images (N, H, W), (N, H, W, channels ≤ 4) or (N, channels ≤ 4, H, W); bytes or floats.
    Bytes of shape (N, I), with I a square number from 49 on, are grey images, too. Labels are (N,) or (N, 1),
    whole numbers or strings. An array ``classes`` names all classes, also those without an example.

    Parameters
    ----------
    path : Path
        An archive, a folder, or a ``.npy`` file, beside which the other one of a pair is looked for.

    Returns
    -------
    Splits
        The test split is read when it is first used.

    Raises
    ------
    HandgradError
        If the archive is damaged, or holds no arrays under one of the known pairs of names.
    """
    single = path.suffix.lower() == ".npy" and not path.is_dir()
    place = path.parent if single else path
    if place.is_dir():
        held = [file.stem for file in sorted(place.glob("*.npy"))]
    else:
        with _reading(path), zipfile.ZipFile(path) as archive:
            held = [name.removesuffix(".npy") for name in archive.namelist()]
    names = {split: [pair for pair in pairs if {*pair} <= {*held}] for split, pairs in NAMES.items()}
    if single:  # any pair may be named
        names["train"] = [pair for pairs in names.values() for pair in pairs if path.stem in pair]
    if not names["train"]:
        expected = "; ".join(" and ".join(pair) for pair in NAMES["train"])
        raise HandgradError(f"{place} holds {', '.join(held) or 'nothing'}; expected one of: {expected}")
    train = _read(place, names["train"][0], _classes(place) if CLASSES in held else None)
    validation, test = (
        partial(_read, place, names[split][0], train.class_names) if names[split] else None
        for split in ("validation", "test")
    )
    return Splits(train, validation() if validation else None, test, str(path))


def _classes(path: Path) -> list[str]:
    classes = [str(name) for name in _array(path, CLASSES).reshape(-1)]
    if not 1 < len(classes) == len(set(classes)):
        raise HandgradError(f"{path}: {CLASSES} must be two different names or more")
    return classes


def _read(path: Path, names: Pair, classes: Sequence[str] | None) -> Dataset:
    where, labels = f"{path}: {names[0]}", _array(path, names[1])
    shape, dtype, size = _promise(path, names[0])
    if len(shape) < 2:
        raise HandgradError(f"{where} has shape {shape}; examples have 2 dimensions or more")
    if labels.shape not in ((shape[0],), (shape[0], 1)):
        raise HandgradError(
            f"{where} has {shape[0]} examples, {names[1]} has shape {labels.shape}; give one label for each example"
        )
    example, last = shape[1:], len(shape) == 4 and shape[3] <= 4 < shape[1]
    side = isqrt(prod(example))
    if len(shape) == 2 and dtype == np.uint8 and shape[1] == side**2 >= 49:
        example = (1, side, side)
    elif len(shape) == 3:
        example = (1, *example)
    elif last:
        example = (example[2], *example[:2])
    if len(shape) > 2 and (len(example) != 3 or example[0] > 4):
        raise HandgradError(f"{where} has shape {shape}, in which no axis can be the channels")
    images = len(example) == 3
    encoded, known = encode_labels(labels.reshape(-1), f"{path}: {names[1]}", classes, images=images)

    def read(store: Store) -> Dataset:
        inputs = _array(path, names[0], store, channels_last=last)
        with naming(where):
            return Dataset(inputs, encoded, known, example)

    if path.is_dir():
        return read(stack)
    return load_or_convert(Source(str(path), lambda: size, [path], names[0], classes or ()), read)


def _promise(path: Path, name: str) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """Return the shape and type of an array, and the bytes that it takes in memory: none where it is mapped."""
    with _reading(path, name):
        if path.is_dir():
            array = np.load(path / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            return array.shape, array.dtype, 0
        with _member(path, name) as (_, shape, dtype, _):
            return shape, dtype, prod(shape) * dtype.itemsize


def _array(path: Path, name: str, store: Store = stack, channels_last: bool = False) -> Array:
    """Read an array: map a file, or give an archive's member to `store` block by block."""
    with _reading(path, name):
        if path.is_dir():
            array = np.load(path / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            return np.moveaxis(array, 3, 1) if channels_last else array
        blocks = _blocks(path, name)
        return store(np.moveaxis(block, 3, 1) for block in blocks) if channels_last else store(blocks)


def _blocks(path: Path, name: str) -> Iterator[Array]:
    """Yield an array of an archive block by block."""
    with _reading(path, name), _member(path, name) as (file, shape, dtype, fortran):
        if fortran or not shape or not prod(shape):
            check_memory(2 * prod(shape) * dtype.itemsize, path)
            yield np.frombuffer(file.read(), dtype).reshape(shape, order="F" if fortran else "C")
            return
        row = prod(shape[1:]) * dtype.itemsize
        rows = max(1, PIECE // row)
        for first in range(0, shape[0], rows):
            content = file.read(row * min(rows, shape[0] - first))
            yield np.frombuffer(content, dtype).reshape(-1, *shape[1:])
        file.read(1)  # at the end, zipfile compares the checksum


@contextmanager
def _member(path: Path, name: str) -> Iterator[tuple[IO[bytes], tuple[int, ...], np.dtype[Any], bool]]:
    """Open an array of an archive: yield the file behind its header, its shape and type, and if it is Fortran's."""
    with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as file:
        version = np.lib.format.read_magic(file)
        read_header = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, fortran, dtype = read_header(file)
        if dtype.hasobject:
            raise HandgradError(f"{path}: {name} holds pickled objects; save plain numbers")
        if prod(shape) * dtype.itemsize != archive.getinfo(f"{name}.npy").file_size - file.tell():
            raise HandgradError(f"{path}: {name} has not the length that its header promises; save it again")
        yield file, shape, dtype, fortran


@contextmanager
def _reading(path: Path, name: str = "") -> Iterator[None]:
    """Explain why an archive, or an array, cannot be read: NumPy and zipfile raise a dozen kinds of errors."""
    try:
        yield
    except HandgradError:
        raise
    except Exception as error:
        where = f"{path}: {name}" if name else str(path)
        reason = (
            getattr(error, "strerror", None)
            or "it is damaged or not complete; save it again with numpy.savez"
        )
        if "objects" in str(error) or "pickle" in str(error):
            reason = "it holds pickled objects; save plain numbers"
        raise HandgradError(f"{where} cannot be read: {reason}") from error
