"""NumPy archives: arrays of inputs and labels under the names that are in use."""

import zipfile
from collections.abc import Sequence
from functools import partial
from math import isqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.dataset import Dataset, Splits, naming
from handgrad.data.labels import encode_labels
from handgrad.errors import HandgradError

Names = tuple[str, str]

NAMES: dict[str, list[Names]] = {
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


def read_npz(path: Path) -> Splits:
    """Read a ``.npz`` archive; nothing in it is unpickled, and the test split is not read before it is asked for.

    Inputs are (N, I), or images (N, H, W), (N, H, W, channels ≤ 4) or (N, channels ≤ 4, H, W); bytes or floats.
    Bytes of shape (N, I), with I a square number from 49 on, are grey images, too. Labels are (N,) or (N, 1),
    whole numbers or strings. An array ``classes`` names all classes, also those of which there is no example.

    Raises
    ------
    HandgradError
        If the file is no archive, or holds no arrays under one of the known pairs of names.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            held = [name.removesuffix(".npy") for name in archive.namelist()]
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        reason = getattr(error, "strerror", None) or "it is no whole archive; save it again with numpy.savez"
        raise HandgradError(f"{path} cannot be read as .npz: {reason}") from error
    names = {
        split: next((pair for pair in pairs if {*pair} <= {*held}), None) for split, pairs in NAMES.items()
    }
    if names["train"] is None:
        expected = "; ".join(" and ".join(pair) for pair in NAMES["train"])
        raise HandgradError(f"{path} holds {', '.join(held) or 'nothing'}; expected one of: {expected}")
    train = _read(path, names["train"], _classes(path) if CLASSES in held else None)
    validation, test = (
        partial(_read, path, pair, train.class_names) if (pair := names[split]) else None
        for split in ("validation", "test")
    )
    return Splits(train, validation() if validation else None, test, str(path))


def _classes(path: Path) -> list[str]:
    classes = [str(name) for name in _array(path, CLASSES).reshape(-1)]
    if not 1 < len(classes) == len(set(classes)):
        raise HandgradError(f"{path}: {CLASSES} must be two different names or more")
    return classes


def _read(path: Path, names: Names, classes: Sequence[str] | None) -> Dataset:
    inputs, labels = (_array(path, name) for name in names)
    if inputs.ndim < 2:
        raise HandgradError(
            f"{path}: {names[0]} has shape {inputs.shape}; examples have 2 dimensions or more"
        )
    if labels.shape not in ((len(inputs),), (len(inputs), 1)):
        raise HandgradError(
            f"{path}: {names[0]} has {len(inputs)} examples, {names[1]} has shape {labels.shape}; give one label "
            "an example"
        )
    side = isqrt(inputs.shape[1])
    if inputs.ndim == 2 and inputs.dtype == np.uint8 and inputs.shape[1] == side**2 >= 49:
        inputs = inputs.reshape(-1, side, side)
    images = inputs.ndim > 2
    if inputs.ndim == 3:
        inputs = inputs[:, np.newaxis]
    elif inputs.ndim == 4 and inputs.shape[3] <= 4 < inputs.shape[1]:
        inputs = np.moveaxis(inputs, 3, 1)
    if images and (inputs.ndim != 4 or inputs.shape[1] > 4):
        raise HandgradError(
            f"{path}: {names[0]} has shape {inputs.shape}, in which no axis can be the channels"
        )
    encoded, known = encode_labels(labels.reshape(-1), f"{path}: {names[1]}", classes, images=images)
    with naming(f"{path}: {names[0]}"):
        return Dataset(inputs, encoded, known, inputs.shape[1:])


def _array(path: Path, name: str) -> NDArray[Any]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            array = archive[name]
    except Exception as error:  # NumPy and zipfile meet damage with a dozen kinds of errors
        pickled = "pickle" in str(error)
        reason = "it holds pickled objects; save plain numbers" if pickled else "it is damaged; save it again"
        raise HandgradError(f"{path}: {name} cannot be read: {reason}") from error
    if not isinstance(array, np.ndarray):  # NumPy gives as bytes what does not begin as an array
        raise HandgradError(f"{path}: {name} is no array; save it with numpy.savez")
    return array
