"""Collections of drawn digits: one ``.npz`` file each, which `handgrad.load_data` reads.

The archive holds ``images`` (N, 28, 28) uint8, ``labels`` (N,) and ``classes``, which also names those without an
example, so that a model of ten classes can be trained further on three.
"""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from handgrad.data.framing import SIDE
from handgrad.data.labels import encode_labels
from handgrad.errors import HandgradError
from handgrad.files import make_folder, replacing

MAX_EXAMPLES = 10_000
MAX_SIZE = 2**26
"""Bytes of an archive that is read, after decompression."""


@dataclass(frozen=True, eq=False)
class Collection:
    """The content of one file: images (N, 28, 28), their labels, and all classes in their order."""

    path: Path
    images: NDArray[np.uint8]
    labels: list[str]
    classes: list[str]

    def __len__(self) -> int:
        return len(self.labels)

    def write(self) -> int:
        """Replace the file, and return the number of examples."""
        if len(self) > MAX_EXAMPLES:
            raise HandgradError(
                f"{self.path.stem} would hold more than {MAX_EXAMPLES:,} examples; start another"
            )
        make_folder(self.path.parent)
        with replacing(self.path) as temporary, temporary.open("wb") as file:
            np.savez(file, images=self.images, labels=np.array(self.labels), classes=np.array(self.classes))
        return len(self)


def read_collection(path: Path) -> Collection:
    """Read a collection; HandgradError if there is none, or it is damaged or too large."""
    if not path.is_file():
        raise HandgradError(f"{path} does not exist; collect a digit first")
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > MAX_SIZE:
                raise ValueError("too large")
        with np.load(path, allow_pickle=False) as arrays:
            images, labels, classes = arrays["images"], arrays["labels"], arrays["classes"]
        if images.shape != (len(labels), SIDE, SIDE) or labels.ndim != 1 or classes.ndim != 1:
            raise ValueError("arrays that do not match")
    except Exception as error:  # NumPy and zipfile raise a dozen types for damaged files
        reason = "is damaged, too large or not a collection of digits"
        raise HandgradError(f"{path} {reason}; move it away") from error
    return Collection(path, images, [*map(str, labels)], [*map(str, classes)])


def add_to_collection(
    path: Path,
    images: NDArray[np.uint8],
    labels: Sequence[str],
    classes: Sequence[str] = tuple("0123456789"),
) -> int:
    """Add images, (N, 28, 28) or (N, 784), with their labels to a collection, or create it; return its size.

    A new collection has `classes` if all labels are among them; other labels become classes. HandgradError where a
    label is not valid, the collection would be too large, or the file cannot be read or written.
    """
    images = np.asarray(images, np.uint8).reshape(-1, SIDE, SIDE)
    if len(images) != len(labels):
        raise HandgradError(f"got {len(images)} images and {len(labels)} labels")
    if path.exists():
        known = read_collection(path)
    else:
        chosen = list(classes) if set(labels) <= set(classes) else []
        known = Collection(path, np.empty((0, SIDE, SIDE), np.uint8), [], chosen)
    known.classes.extend(sorted({*labels} - {*known.classes}, key=lambda name: (len(name), name)))
    known.labels.extend(labels)
    numbers, _ = encode_labels(np.array(known.labels), "labels", known.classes)
    for number, label in zip(numbers, known.labels, strict=True):  # e.g. "07" is read as "7"
        if known.classes[number] != label:
            raise HandgradError(f"the label {label!r:.40} would be read as {known.classes[number]!r:.40}")
    return replace(known, images=np.concatenate([known.images, images])).write()


def remove_from_collection(path: Path, index: int) -> int:
    """Remove one example, and the file with the last one; return the number of examples that are left."""
    known = read_collection(path)
    if not 0 <= index < len(known):
        raise HandgradError(f"{path.stem} holds the examples 0 to {len(known) - 1}; there is no {index}")
    del known.labels[index]
    if not len(known):
        path.unlink()
        return 0
    return replace(known, images=np.delete(known.images, index, axis=0)).write()
