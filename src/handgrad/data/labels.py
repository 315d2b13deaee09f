"""Labels: numbers or names in files, class numbers from 0 and the names of the classes in memory."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import HandgradError

LARGEST = 2.0**53
"""Below it, float64 represents every whole number."""


def encode_labels(
    values: NDArray[Any],
    where: str,
    classes: Sequence[str] | None = None,
    *,
    images: bool,
    locate: Callable[[int], int] | None = None,
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Number the labels (N,) of a file: int64 labels and the names of the classes.

    Labels of images are class numbers, 0 to the largest. Labels of tables are categories: whole numbers
    or names, sorted. `classes` are those of the training split, where this is another one. `where` names the file in
    messages, and `locate` returns the example of a label in `values`, its index by default.
    """
    if len(values) == 0:
        raise HandgradError(f"{where} holds no examples")
    present, places = np.unique(_plain(values, where), return_inverse=True)

    def refuse(wrong: int, reason: str) -> HandgradError:
        first = int(np.argmax(places == wrong))
        example = 1 + (locate(first) if locate else first)
        return HandgradError(f"{where}: label {shown(str(present[wrong]))} (example {example}) {reason}")

    numbers = _numbers(present)
    if not np.isnan(numbers).all():
        for wrong, number in enumerate(numbers):
            if np.isnan(number):
                raise refuse(
                    wrong, "is not a number, though others are; correct it, or make all labels names"
                )
            if not -LARGEST < number < LARGEST:
                raise refuse(wrong, "is out of range")
            if number != round(number):
                raise refuse(wrong, "is not a whole number, as class labels are")
        # Different texts may mean one number: 5, 5.0 and 05.
        present, again = np.unique(numbers.astype(np.int64), return_inverse=True)
        places = again[places]
    elif present.dtype.kind == "f" or present[0] == "":
        raise refuse(0, "is missing; fill it in or drop the example")

    names = tuple(map(str, present))
    if classes is not None:
        known = tuple(classes)
    elif len(names) < 2:
        raise HandgradError(
            f"{where}: every label is {shown(names[0])}; a classifier needs two classes or more"
        )
    elif images and present.dtype.kind == "i":
        missing = int(present[-1]) - np.count_nonzero(present > 0)
        if present[0] < 0:
            raise refuse(0, "is out of range; labels of images are class numbers from 0")
        # A few digits may be missing, but a lone far label is a mistake.
        if missing and present[-1] > 9:
            raise refuse(-1 % len(present), f"is out of range: {missing} classes below it have no example")
        known = tuple(map(str, range(present[-1] + 1)))
    else:
        known = names
    numbered = {name: number for number, name in enumerate(known)}
    for wrong, name in enumerate(names):
        if name not in numbered:
            raise refuse(wrong, f"is not one of the {len(known)} classes of the training data")
    return np.array([numbered[name] for name in names], np.int64)[places], known


class LabelCodes:
    """Labels that arrive in parts, each kept as the number of a distinct value."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}
        self._codes: list[NDArray[np.int32]] = []

    def __len__(self) -> int:
        return sum(map(len, self._codes))

    def add(self, labels: NDArray[Any], where: str) -> None:
        """Add the labels of the next examples, (n,)."""
        values, known = _plain(labels, where).tolist(), self._numbers
        self._codes.append(np.array([known.setdefault(value, len(known)) for value in values], np.int32))

    def encode(
        self, where: str, classes: Sequence[str] | None = None, *, images: bool
    ) -> tuple[NDArray[np.int64], tuple[str, ...]]:
        """Number all labels, (N,), as `encode_labels` does."""
        codes = np.concatenate(self._codes)

        def locate(code: int) -> int:
            return int((codes == code).argmax())

        labels, names = encode_labels(
            np.array([*self._numbers]), where, classes, images=images, locate=locate
        )
        return labels[codes], names


def parse_number(text: str) -> float:
    """Read a number as tables write it; NaN where the text is none."""
    try:
        return float("nan") if "_" in text else float(text)
    except ValueError:
        return float("nan")


def shown(text: str) -> str:
    """Quote a text from a file in one line of bounded length."""
    return repr(text if len(text) <= 30 else f"{text[:29]}…")


def _plain(values: NDArray[Any], where: str) -> NDArray[Any]:
    """Convert labels to numbers, or texts without spaces around them."""
    if values.dtype.kind == "S":
        values = np.strings.decode(values, "utf-8", "replace")
    if values.dtype.kind == "O" and all(isinstance(value, str) for value in values):
        values = values.astype(str)
    if values.dtype.kind == "U":
        return np.strings.strip(values)
    if values.dtype.kind not in "uifb":
        raise HandgradError(f"{where}: labels of type {values.dtype} are neither numbers nor names")
    return values.astype(np.uint8) if values.dtype.kind == "b" else values


def _numbers(present: NDArray[Any]) -> NDArray[np.float64]:
    if present.dtype.kind == "U":
        return np.array([parse_number(text) for text in present])
    return present.astype(np.float64)
