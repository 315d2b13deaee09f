"""Digits of one's own: drawn one by one, and kept in one ``.npz`` that `handgrad.load` reads.

The archive holds ``images`` (N, 28, 28) uint8, ``labels`` (N,), ``classes``, which names also those that nobody
has drawn yet, so that a model of ten classes can go on with three of them, and ``strokes``, the drawings as JSON.
"""

import json
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

MOST = 20_000
"""Examples of one collection: all of it is written each time."""


@dataclass(frozen=True, eq=False)
class Collection:
    """What one file holds.

    Attributes
    ----------
    images : (N, 28, 28), uint8
    labels : list of str
    classes : list of str
        All of them, in the order of the model's outputs.
    strokes : list
        Of each example its drawing, or None.
    """

    images: NDArray[np.uint8]
    labels: list[str]
    classes: list[str]
    strokes: list[Any]

    def __len__(self) -> int:
        return len(self.labels)


def read_collection(path: Path) -> Collection:
    """Read a collection; HandgradError where there is none, or it is damaged."""
    if not path.is_file():
        raise HandgradError(f"{path} does not exist; collect a digit first")
    try:
        with np.load(path, allow_pickle=False) as archive:
            images, labels, classes = archive["images"], archive["labels"], archive["classes"]
            strokes = json.loads(bytes(archive["strokes"]))
    except Exception as error:  # NumPy and zipfile meet damage with a dozen kinds of errors
        raise HandgradError(f"{path} is no collection of digits, or damaged; move it away") from error
    if not images.shape[1:] == (SIDE, SIDE) or not len(images) == len(labels) == len(strokes):
        raise HandgradError(f"{path} is damaged: its arrays are of different lengths; move it away")
    return Collection(images, [*map(str, labels)], [*map(str, classes)], strokes)


def add_to_collection(
    path: Path,
    images: NDArray[np.uint8],
    labels: Sequence[str],
    strokes: Sequence[Any] | None = None,
    classes: Sequence[str] = tuple("0123456789"),
) -> int:
    """Add examples to a collection, or begin one; the file is replaced as a whole.

    Parameters
    ----------
    path : Path
        A ``.npz``; its folder is made.
    images : (N, 28, 28) or (N, 784), uint8
        Light on dark, framed as the model's data are.
    labels : sequence of str
        One for each.
    strokes : sequence, optional
        Of each the drawing, as JSON has it.
    classes : sequence of str
        Of a collection that is begun, if all `labels` are among them; other labels become classes as they come.

    Returns
    -------
    int
        Examples that it holds now.

    Raises
    ------
    HandgradError
        If a label cannot be one, the collection would be too large, or the file cannot be read or written.
    """
    images = np.asarray(images, np.uint8).reshape(-1, SIDE, SIDE)
    strokes = [None] * len(images) if strokes is None else list(strokes)
    if not len(images) == len(labels) == len(strokes):
        raise HandgradError(
            f"there are {len(images)} images, {len(labels)} labels and {len(strokes)} drawings"
        )
    if path.exists():
        known = read_collection(path)
    else:
        begun = list(classes) if set(labels) <= set(classes) else []
        known = Collection(np.empty((0, SIDE, SIDE), np.uint8), [], begun, [])
    if len(known) + len(images) > MOST:
        raise HandgradError(f"{path.stem} would hold more than {MOST:,} examples; begin another collection")
    new = sorted(set(labels) - set(known.classes), key=lambda name: (len(name), name))
    grown = Collection(
        np.concatenate([known.images, images]),
        [*known.labels, *labels],
        [*known.classes, *new],
        [*known.strokes, *strokes],
    )
    numbers, _ = encode_labels(np.array(grown.labels), "labels", grown.classes, images=True)
    for number, label in zip(numbers, grown.labels, strict=True):  # what is read as another is not written
        if grown.classes[number] != label:
            raise HandgradError(f"the label {label!r:.40} would be read as {grown.classes[number]!r:.40}")
    _write(path, grown)
    return len(grown)


def take_from_collection(path: Path, index: int) -> int:
    """Take one example out of a collection; with the last, the file goes, too.

    Returns
    -------
    int
        Examples that it holds now.

    Raises
    ------
    HandgradError
        If there is no such example, or the file cannot be read or written.
    """
    known = read_collection(path)
    if not 0 <= index < len(known):
        raise HandgradError(
            f"{path.stem} holds {len(known)} examples, 0 to {len(known) - 1}; there is no {index}"
        )
    if len(known) == 1:
        path.unlink()
        return 0
    kept = [position for position in range(len(known)) if position != index]
    _write(
        path,
        Collection(
            known.images[kept],
            [known.labels[position] for position in kept],
            known.classes,
            [known.strokes[position] for position in kept],
        ),
    )
    return len(kept)


def _write(path: Path, collection: Collection) -> None:
    make_folder(path.parent)
    drawings = json.dumps(collection.strokes, separators=(",", ":")).encode()
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            images=collection.images,
            labels=np.array(collection.labels),
            classes=np.array(collection.classes),
            strokes=np.frombuffer(drawings, np.uint8),
        )
