"""NumPy archives: arrays of inputs and labels under the names that are in use."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.dataset import Dataset, Splits
from handgrad.data.labels import encode_labels
from handgrad.errors import HandgradError

NAMES = {
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


def read_npz(path: Path) -> Splits:
    """Read a ``.npz`` archive; nothing in it is unpickled.

    Inputs are (N, I), or images (N, H, W), (N, H, W, channels ≤ 4) or (N, channels, H, W); uint8 or floats.
    Labels are (N,) or (N, 1), whole numbers or strings.

    Raises
    ------
    HandgradError
        If the file is no archive, or holds no arrays under one of the known pairs of names.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise HandgradError(f"{path} cannot be read as .npz: {str(error).splitlines()[0]}") from error
    except AttributeError:
        raise HandgradError(f"{path} holds a single array, not an .npz archive of several") from None
    train = _pair(arrays, "train", path)
    if train is None:
        pairs = "; ".join(" and ".join(pair) for pair in NAMES["train"])
        raise HandgradError(f"{path} holds {', '.join(arrays) or 'nothing'}; expected one of: {pairs}")
    first = _dataset(*train, str(path), None)
    others = {}
    for split in ("validation", "test"):
        pair = _pair(arrays, split, path)
        others[split] = _dataset(*pair, str(path), first.class_names) if pair else None
    return Splits(first, others["validation"], others["test"], str(path))


def _pair(
    arrays: dict[str, NDArray[Any]], split: str, path: Path
) -> tuple[NDArray[Any], NDArray[Any]] | None:
    for inputs, labels in NAMES[split]:
        if inputs in arrays and labels in arrays:
            if len(arrays[inputs]) != len(arrays[labels]):
                raise HandgradError(
                    f"{path}: {inputs} has {len(arrays[inputs])} examples, {labels} has {len(arrays[labels])}"
                )
            return arrays[inputs], arrays[labels]
    return None


def _dataset(
    inputs: NDArray[Any], labels: NDArray[Any], where: str, classes: tuple[str, ...] | None
) -> Dataset:
    images = inputs.ndim >= 3
    if inputs.ndim == 3:
        inputs = inputs[:, np.newaxis]
    elif inputs.ndim == 4 and inputs.shape[3] <= 4 < inputs.shape[1]:
        inputs = np.moveaxis(inputs, 3, 1)
    encoded, known = encode_labels(labels.reshape(len(labels)), where, classes, images=images)
    return Dataset(inputs, encoded, known, inputs.shape[1:])
