"""Labels: numbers or names in files, class numbers from 0 and the names of the classes in memory."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import HandgradError

LARGEST = 2.0**53
"""Below it, float64 represents every integer."""


def encode_labels(
    values: NDArray[Any],
    where: str,
    classes: Sequence[str] | None = None,
    *,
    images: bool,
    places: NDArray[np.integer] | None = None,
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Number the labels of a file: int64 labels (N,) and the names of the classes.

    Labels of images are class numbers, 0 to the largest. Labels of tables are categories: integers or names, sorted.

    Parameters
    ----------
    values : (N,)
        The labels; or distinct labels, where `places` (N,) has the index of each example's label among them.
    where : str
        Names the file in messages.
    classes : sequence of str, optional
        Those of the training split, where this is another one.
    images : bool
        Whether the examples are images.
    """
    present, found = np.unique(_plain(values, where), return_inverse=True)
    places = found if places is None else found[places]
    if not places.size:
        raise HandgradError(f"{where} holds no examples")

    def refuse(wrong: int, reason: str) -> HandgradError:
        example = int(np.argmax(places == wrong)) + 1
        return HandgradError(f"{where}: label {shown(str(present[wrong]))} (example {example}) {reason}")

    numbers = np.array([parse_number(str(value)) for value in present])
    numeric = not np.isnan(numbers).all()
    if numeric:
        for wrong in np.flatnonzero(~((abs(numbers) < LARGEST) & (numbers == np.round(numbers)))).tolist():
            raise refuse(wrong, "is not an integer, or too large; correct it, or make all labels names")
        # Different texts may mean one number: 5, 5.0 and 05.
        present, again = np.unique(numbers.astype(np.int64), return_inverse=True)
        places = again[places]
    names = tuple(map(str, present))
    if classes is not None:
        known = tuple(classes)
    elif names[0] in ("", "nan"):
        raise refuse(0, "is missing; fill it in or drop the example")
    elif len(names) < 2:
        raise refuse(0, "is the only one; a classifier needs two classes or more")
    elif images and numeric:
        # A few digits may be missing, but a lone far label is a mistake.
        if present[0] < 0 or (present[-1] > 9 and np.count_nonzero(present > 0) < present[-1]):
            wrong = 0 if present[0] < 0 else len(present) - 1
            raise refuse(
                wrong, "is out of range; labels of images are class numbers from 0, without large gaps"
            )
        known = tuple(map(str, range(present[-1] + 1)))
    else:
        known = names
    numbered = {name: number for number, name in enumerate(known)}
    for wrong, name in enumerate(names):
        if name not in numbered:
            raise refuse(wrong, f"is not one of the {len(known)} classes of the training data")
    return np.array([numbered[name] for name in names], np.int64)[places], known


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
    if values.dtype.kind == "O" and all(isinstance(value, str) for value in values.flat):
        values = values.astype(str)
    if values.dtype.kind == "U":
        return np.strings.strip(values)
    if values.dtype.kind not in "uifb":
        raise HandgradError(f"{where}: labels of type {values.dtype} are neither numbers nor names")
    return values.astype(np.uint8) if values.dtype.kind == "b" else values
