"""NumPy files: inputs and labels under their usual names, in a ``.npz`` or as ``.npy`` files in a folder."""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from math import isqrt, prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.arrays import Store, stack
from handgrad.data.dataset import Dataset, Splits, naming
from handgrad.data.labels import encode_labels
from handgrad.data.memory import check_memory
from handgrad.data.outofcore import Source, load_or_convert
from handgrad.errors import HandgradError

Blocks = Iterator[NDArray[Any]]
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
    integers or strings. An array ``classes`` names all classes, also those without an example.

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
    classes = _read_classes(place) if CLASSES in held else None
    train = _read(place, names["train"][0], classes)
    validation, test = (
        partial(_read, place, names[split][0], train.class_names) if names[split] else None
        for split in ("validation", "test")
    )
    return Splits(train, validation() if validation else None, test, str(path))


def _read(path: Path, names: Pair, classes: Sequence[str] | None) -> Dataset:
    shape, dtype, size, blocks = _open(path, names[0])
    labels = _read_array(path, names[1])
    labels = labels[:, 0] if labels.shape[1:] == (1,) else labels
    example, last = shape[1:], len(shape) == 4 and shape[3] <= 4 < shape[1]
    side = isqrt(prod(example))
    if last:
        example = (example[2], *example[:2])
    elif len(shape) == 3:
        example = (1, *example)
    elif len(shape) == 2 and dtype == np.uint8 and side**2 == prod(example) >= 49:
        example = (1, side, side)
    if len(example) > 1 and (len(example) != 3 or example[0] > 4):
        raise HandgradError(f"{path}: {names[0]} has shape {shape}, in which no axis can be the channels")
    encoded, known = encode_labels(labels, f"{path}: {names[1]}", classes, images=len(example) == 3)

    def read(store: Store) -> Dataset:
        inputs = store(np.moveaxis(block, 3, 1) if last else block for block in blocks())
        with naming(f"{path}: {names[0]}"):
            return Dataset(inputs, encoded, known, example)

    return load_or_convert(Source(str(path), lambda: size, [path], names[0], classes or ()), read)


def _read_classes(place: Path) -> list[str]:
    held = _read_array(place, CLASSES).reshape(-1)
    held = np.strings.decode(held, "utf-8", "replace") if held.dtype.kind == "S" else held
    names: list[str] = held.astype(str).tolist()
    if len({*names}) < max(2, len(names)):
        raise HandgradError(f"{place}: {CLASSES} must be two different names or more")
    return names


def _read_array(path: Path, name: str) -> NDArray[Any]:
    return stack(_open(path, name)[3]())


def _open(path: Path, name: str) -> tuple[tuple[int, ...], np.dtype[Any], int, Callable[[], Blocks]]:
    """Return an array's shape and type, the bytes that it takes in memory, and a function that reads its blocks."""
    with _reading(path, name):
        if path.is_dir():
            array = np.load(path / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            return array.shape, array.dtype, 0, lambda: iter([array])
        with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as file:
            np.lib.format.read_magic(file)
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
            start, size = file.tell(), prod(shape) * dtype.itemsize
            if dtype.hasobject or size != archive.getinfo(f"{name}.npy").file_size - start:
                raise ValueError("pickled objects, or a length that its header does not promise")

    def blocks() -> Blocks:
        with _reading(path, name), zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as file:
            file.seek(start)
            if fortran or not size or not shape:
                check_memory(2 * size, path)
                yield np.frombuffer(file.read(), dtype).reshape(shape, order="F" if fortran else "C")
                return
            row = size // shape[0]
            while content := file.read(row * max(1, PIECE // row)):
                yield np.frombuffer(content, dtype).reshape(-1, *shape[1:])

    return shape, dtype, size, blocks


@contextmanager
def _reading(path: Path, name: str = "") -> Iterator[None]:
    """Explain why an archive, or an array, cannot be read: NumPy and zipfile raise a dozen kinds of errors."""
    try:
        yield
    except HandgradError:
        raise
    except Exception as error:
        where = f"{path}: {name}" if name else str(path)
        reason = getattr(error, "strerror", None) or "it is damaged, or holds pickled objects"
        raise HandgradError(f"{where} cannot be read: {reason}; save it again with numpy.savez") from error
