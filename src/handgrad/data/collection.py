"""Collections of drawn digits: one ``.npz`` file each, which `handgrad.load_data` reads.

The archive holds ``images`` (N, 28, 28) uint8, ``labels`` (N,) and ``classes``, which also names those without an
example, so that a model of ten classes can be trained further on three.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from handgrad.data.framing import SIDE
from handgrad.data.labels import encode_labels
from handgrad.data.npz import read_npz
from handgrad.errors import HandgradError, quoted
from handgrad.files import make_folder, replacing

DIGITS = tuple("0123456789")
MAX_EXAMPLES = 10_000


def add_to_collection(
    path: Path, images: NDArray[np.uint8], labels: Sequence[str], classes: Sequence[str] = DIGITS
) -> int:
    """Add images, (N, 28, 28) or (N, 784), to a collection, or create it; return its size.

    A new collection has `classes`; other labels are added to the classes. HandgradError where a label is not valid.
    """
    if len(images) != len(labels):
        raise HandgradError(f"got {len(images)} images and {len(labels)} labels")
    known, texts, names = np.empty((0, SIDE, SIDE), np.uint8), list[str](), list(classes)
    if path.exists():
        known, texts, names = _read(path)
    texts += labels
    names += sorted({*labels} - {*names}, key=lambda name: (len(name), name))
    numbers, _ = encode_labels(np.array(texts), "labels", names)
    for number, text in zip(numbers, texts, strict=True):  # e.g. "07" is read as "7"
        if names[number] != text:
            raise HandgradError(f"the label {quoted(text)} would be read as {quoted(names[number])}")
    return _write(path, np.concatenate([known, images.reshape(-1, SIDE, SIDE)]), texts, names)


def remove_from_collection(path: Path, index: int) -> int:
    """Remove one example, and the file with the last one; return the number of examples that are left."""
    images, labels, classes = _read(path)
    if not 0 <= index < len(labels):
        raise HandgradError(f"{path.stem} holds the examples 0 to {len(labels) - 1}; there is no {index}")
    del labels[index]
    if not labels:
        path.unlink()
        return 0
    return _write(path, np.delete(images, index, axis=0), labels, classes)


def _read(path: Path) -> tuple[NDArray[np.uint8], list[str], list[str]]:
    """Return images (N, 28, 28), their labels, and all classes in their order."""
    dataset = read_npz(path).train
    if dataset.input_shape != (1, SIDE, SIDE) or dataset.inputs.dtype != np.uint8:
        raise HandgradError(f"{path} is not a collection of digits; move it away")
    images = dataset.inputs.reshape(-1, SIDE, SIDE)
    return images, [dataset.classes[label] for label in dataset.labels], list(dataset.classes)


def _write(path: Path, images: NDArray[np.uint8], labels: list[str], classes: list[str]) -> int:
    """Replace the file, and return the number of examples."""
    if len(labels) > MAX_EXAMPLES:
        raise HandgradError(f"{path.stem} would hold more than {MAX_EXAMPLES:,} examples; start another")
    make_folder(path.parent)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, images=images, labels=np.array(labels), classes=np.array(classes))
    return len(labels)
