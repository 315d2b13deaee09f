"""NumPy files: inputs and labels under their usual names, in a ``.npz`` or as ``.npy`` files in a folder."""

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from math import isqrt, prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.dataset import Dataset, naming
from handgrad.data.labels import encode_labels, encode_targets, infer_task
from handgrad.data.memory import check_memory
from handgrad.data.splits import Splits
from handgrad.errors import HandgradError

NAMES = {
    "train": "x_train y_train, X_train y_train, train_images train_labels, "
    "x y, X y, inputs labels, images labels, data target",
    "validation": "x_validation y_validation, x_val y_val, val_images val_labels",
    "test": "x_test y_test, X_test y_test, test_images test_labels",
}
"""Pairs of arrays by split."""


def read_npz(path: Path, task: str | None = None) -> Splits:
    """Read a ``.npz`` archive, or the ``.npy`` files of a folder, which are memory-mapped. Nothing is unpickled.

    Inputs are (N, I), or images (N, H, W), (N, H, W, channels ≤ 4) or (N, channels ≤ 4, H, W); bytes or floats.
    Bytes of shape (N, I), with I a square number from 49 on, are grey images, too. Labels are (N,) or (N, 1),
    integers or strings; for other tasks (N, L) zeros and ones, or (N,) or (N, T) numbers. The task is inferred
    unless it is named. An array ``classes`` names all outputs, also classes without an example. `path` may also be a
    ``.npy`` file, beside which the other one of a pair is looked for. The test split is read when it is first used.
    """
    single = path.suffix.lower() == ".npy" and not path.is_dir()
    place = path.parent if single else path
    if place.is_dir():
        held = [file.stem for file in sorted(place.glob("*.npy"))]
    else:
        with _reading(str(path)), zipfile.ZipFile(path) as archive:
            held = [name.removesuffix(".npy") for name in archive.namelist()]
    found = {
        split: [pair for pair in map(str.split, names.split(", ")) if {*pair} <= {*held}]
        for split, names in NAMES.items()
    }
    if single:  # any pair may be named
        found["train"] = [pair for split in found.values() for pair in split if path.stem in pair]
    if not found["train"]:
        names = ", ".join(held) or "nothing"
        raise HandgradError(f"{place} holds {names:.60}; expected one of the pairs {NAMES['train']}")
    classes = [*map(str, _read_array(place, "classes").reshape(-1))] if "classes" in held else None
    train = _read(place, found["train"][0], classes, task)
    validation, test = (
        partial(_read, place, found[split][0], train.classes, train.task) if found[split] else None
        for split in ("validation", "test")
    )
    return Splits(train, validation() if validation else None, test, str(path))


def _read(path: Path, names: Sequence[str], classes: Sequence[str] | None, task: str | None) -> Dataset:
    inputs, labels = (_read_array(path, name) for name in names)
    labels = labels[:, 0] if labels.shape[1:] == (1,) else labels
    if inputs.ndim == 4 and inputs.shape[3] <= 4 < inputs.shape[1]:
        inputs = np.moveaxis(inputs, 3, 1)
    shape = inputs.shape[1:]
    side = isqrt(prod(shape))
    if len(shape) == 2:
        shape = (1, *shape)
    elif len(shape) == 1 and inputs.dtype == np.uint8 and side**2 == prod(shape) >= 49:
        shape = (1, side, side)
    if len(shape) > 1 and (len(shape) != 3 or shape[0] > 4):
        raise HandgradError(f"{path}: no axis of {names[0]}, {inputs.shape}, can be the channels")
    where, images = f"{path}: {names[1]}", len(shape) == 3
    if task is None:
        task = infer_task(labels, images=images) if labels.dtype.kind in "uifb" else "classification"
        one_hot = task == "multilabel" and (np.count_nonzero(labels, axis=1) == 1).all()
        task = "classification" if one_hot else task  # which refuses them
    if task == "classification" and labels.ndim < 2:
        if classes is not None and len({*classes}) < max(2, len(classes)):
            raise HandgradError(f"{path}: classes must be two different names or more")
        labels, classes = encode_labels(labels, where, classes, images=images)
    else:
        with naming(where):
            labels, classes = encode_targets(labels, classes, task)
    with naming(f"{path}: {names[0]}"):
        return Dataset(inputs, labels, classes, shape, task=task)


def _read_array(path: Path, name: str) -> NDArray[Any]:
    file = f"{name}.npy"
    with _reading(f"{path}: {name}"):
        if path.is_dir():
            array = np.load(path / file, mmap_mode="r", allow_pickle=False)
        else:
            with np.load(path, allow_pickle=False) as archive:
                size = archive.zip.getinfo(file).file_size
                check_memory(2 * size, f"{path}: {name}", "; unpack it, for .npy files are memory-mapped")
                array = np.asarray(archive[name])  # bytes, where it is not an array
        if array.dtype.kind == "U":
            array.tolist()  # raises where a code is not a character
    return np.strings.decode(array, "utf-8", "replace") if array.dtype.kind == "S" else array


@contextmanager
def _reading(what: str) -> Iterator[None]:
    """Explain why an archive, or an array, cannot be read: NumPy and zipfile raise a dozen kinds of errors."""
    try:
        yield
    except HandgradError:
        raise
    except Exception as error:
        reason = getattr(error, "strerror", None) or "it is damaged, or holds pickled objects"
        raise HandgradError(f"{what} cannot be read: {reason}; save it again with numpy.savez") from error
