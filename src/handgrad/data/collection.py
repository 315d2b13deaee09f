"""Collections of drawn digits: one ``.npz`` file each, which `handgrad.load_data` reads.

The archive holds ``images`` (N, 28, 28) uint8, ``labels`` (N,), ``classes`` and ``strokes``, the drawings as JSON.
``classes`` also names those without an example, so that a model of ten classes can be trained further on three.
"""

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.framing import SIDE
from handgrad.data.labels import encode_labels
from handgrad.errors import HandgradError
from handgrad.files import make_folder, replacing

MAX_EXAMPLES = 10_000
MAX_STROKES = 10 * 2**20
"""Bytes of all drawings."""
MAX_SIZE = 2**26
"""Bytes of an archive that is read, after decompression."""


@dataclass(frozen=True, eq=False)
class Collection:
    """The content of one file: images (N, 28, 28), labels, all classes in their order, and the drawings as JSON."""

    path: Path
    images: NDArray[np.uint8]
    labels: list[str]
    classes: list[str]
    drawings: bytes = b"[]"

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def strokes(self) -> list[Any]:
        """The drawing of each example, or None; HandgradError if the file is damaged."""
        try:
            found = json.loads(self.drawings)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, list) or len(found) != len(self):
            raise HandgradError(
                f"{self.path} is damaged: it does not hold one drawing per digit; move it away"
            )
        return found

    def write(self) -> int:
        """Replace the file, and return the number of examples."""
        make_folder(self.path.parent)
        with replacing(self.path) as temporary, temporary.open("wb") as file:
            np.savez(
                file,
                images=self.images,
                labels=np.array(self.labels),
                classes=np.array(self.classes),
                strokes=np.frombuffer(self.drawings, np.uint8),
            )
        return len(self)


def read_collection(path: Path) -> Collection:
    """Read a collection; HandgradError if there is none, or it is damaged or too large."""
    if not path.is_file():
        raise HandgradError(f"{path} does not exist; collect a digit first")
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > MAX_SIZE:
            raise HandgradError(f"{path} is too large for a collection: {size:,} bytes; move it away")
        with np.load(path, allow_pickle=False) as arrays:
            images, labels, classes = arrays["images"], arrays["labels"], arrays["classes"]
            strokes = arrays["strokes"].tobytes()
    except HandgradError:
        raise
    except Exception as error:  # NumPy and zipfile raise a dozen types for damaged files
        raise HandgradError(f"{path} is damaged, or not a collection of digits; move it away") from error
    if images.shape != (len(images), SIDE, SIDE) or labels.shape != (len(images),) or classes.ndim != 1:
        raise HandgradError(f"{path} is damaged: the shapes of its arrays do not match; move it away")
    return Collection(path, images, [*map(str, labels)], [*map(str, classes)], strokes)


def add_to_collection(
    path: Path,
    images: NDArray[np.uint8],
    labels: Sequence[str],
    strokes: Sequence[Any] | None = None,
    classes: Sequence[str] = tuple("0123456789"),
) -> int:
    """Add examples to a collection, or create it; the file is replaced as a whole.

    Parameters
    ----------
    path : Path
        A ``.npz`` file; its folder is created.
    images : (N, 28, 28) or (N, 784), uint8
        Light on dark, framed as the data of the model.
    labels : sequence of str
        One for each image.
    strokes : sequence, optional
        The drawing of each image, as values for JSON.
    classes : sequence of str
        The classes of a new collection if all `labels` are among them. Other labels are added to the classes.

    Returns
    -------
    int
        The number of examples of the collection.

    Raises
    ------
    HandgradError
        If a label is not valid, the collection would be too large, or the file cannot be read or written.
    """
    images = np.asarray(images, np.uint8).reshape(-1, SIDE, SIDE)
    strokes = [None] * len(images) if strokes is None else list(strokes)
    if not len(images) == len(labels) == len(strokes):
        raise HandgradError(f"got {len(images)} images, {len(labels)} labels and {len(strokes)} drawings")
    if path.exists():
        known = read_collection(path)
    else:
        chosen = list(classes) if set(labels) <= set(classes) else []
        known = Collection(path, np.empty((0, SIDE, SIDE), np.uint8), [], chosen)
    new = sorted(set(labels) - set(known.classes), key=lambda name: (len(name), name))
    added = json.dumps(strokes, separators=(",", ":"), allow_nan=False).encode()
    grown = Collection(
        path,
        np.concatenate([known.images, images]),
        [*known.labels, *labels],
        [*known.classes, *new],
        known.drawings[:-1] + b"," + added[1:] if len(known) else added,
    )
    if len(grown) > MAX_EXAMPLES or len(grown.drawings) > MAX_STROKES:
        limit = f"{MAX_EXAMPLES:,} examples or {MAX_STROKES:,} bytes of drawings"
        raise HandgradError(f"{path.stem} would hold more than {limit}; start another collection")
    numbers, _ = encode_labels(np.array(grown.labels), "labels", grown.classes, images=True)
    for number, label in zip(numbers, grown.labels, strict=True):  # e.g. "07" is read as "7"
        if grown.classes[number] != label:
            raise HandgradError(f"the label {label!r:.40} would be read as {grown.classes[number]!r:.40}")
    return grown.write()


def remove_from_collection(path: Path, index: int) -> int:
    """Remove one example, and the file with the last one; return the number of examples that are left.

    Raises
    ------
    HandgradError
        If there is no such example, or the file cannot be read or written.
    """
    known = read_collection(path)
    if not 0 <= index < len(known):
        raise HandgradError(f"{path.stem} holds the examples 0 to {len(known) - 1}; there is no {index}")
    if len(known) == 1:
        path.unlink()
        return 0
    labels, strokes = known.labels, known.strokes
    del labels[index], strokes[index]
    images = np.delete(known.images, index, axis=0)
    return Collection(
        path, images, labels, known.classes, json.dumps(strokes, separators=(",", ":")).encode()
    ).write()
