"""Labels from files: numbers or names on disk, whole numbers from 0 and a list of classes in memory."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import HandgradError


def encode_labels(
    values: NDArray[Any], where: str, classes: Sequence[str] | None = None, *, images: bool
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Number the labels of a file.

    Labels of images are class numbers as they stand (0 to C − 1, with C − 1 the largest that occurs). Labels of
    tables are categories: any whole numbers or names, sorted.

    Parameters
    ----------
    values : (N,) whole numbers, floats that are whole, or strings
    where : str
        The file, for messages.
    classes : sequence of str, optional
        The classes of the training split, where this is another split of the same data.
    images : bool
        Whether these are labels of images.

    Returns
    -------
    labels : (N,) int64
    classes : tuple of str

    Raises
    ------
    HandgradError
        If a label is missing, fractional, out of range, or not among `classes`; or numbers and names are mixed.
    """
    if len(values) == 0:
        raise HandgradError(f"{where} holds no examples")
    numbers = _whole_numbers(values, where)
    if images and numbers is not None:
        known = _numbered_classes(numbers, where) if classes is None else tuple(classes)
        labels, strange = numbers, numbers[(numbers < 0) | (numbers >= len(known))]
    else:
        categories = values if numbers is None else numbers
        known = tuple(map(str, np.unique(categories))) if classes is None else tuple(classes)
        names, classes_array = categories.astype(str), np.array(known)
        order = np.argsort(classes_array)
        places = np.searchsorted(classes_array[order], names).clip(max=len(known) - 1)
        labels = order[places]
        strange = names[classes_array[labels] != names]
    if len(strange):
        raise HandgradError(
            f"{where}: label '{strange[0]}' is not one of the {len(known)} classes of the training data"
        )
    if len(known) < 2:
        raise HandgradError(f"{where}: every label is '{known[0]}'; a classifier needs two classes or more")
    return labels, known


def _whole_numbers(values: NDArray[Any], where: str) -> NDArray[np.int64] | None:
    """Give the values as int64, or None where they are names."""
    if values.dtype.kind in "OUS":
        texts = values.astype(str)
        floats = np.array([_number(text) for text in texts])
        if np.isnan(floats).all():
            return None
        if np.isnan(floats).any():
            wrong = int(np.flatnonzero(np.isnan(floats))[0])
            raise HandgradError(
                f"{where}: label '{texts[wrong]}' (example {wrong + 1}) is not a number, though others are"
            )
    elif values.dtype.kind in "uifb":
        floats = values.astype(np.float64)
    else:
        raise HandgradError(f"{where}: labels of type {values.dtype} are neither numbers nor names")
    whole = np.isfinite(floats) & (floats == np.round(floats)) & (np.abs(floats) < 2**53)
    if not whole.all():
        wrong = int(np.flatnonzero(~whole)[0])
        raise HandgradError(
            f"{where}: label {floats[wrong]:g} (example {wrong + 1}) is not a whole number, as class labels are"
        )
    return floats.astype(np.int64)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _numbered_classes(labels: NDArray[np.int64], where: str) -> tuple[str, ...]:
    """Count the classes of images; a few digits may be missing, but a lone far label is a mistake."""
    present = np.unique(labels)
    lowest, highest = int(present[0]), int(present[-1])
    if lowest < 0:
        raise HandgradError(f"{where}: label {lowest} is out of range; labels are class numbers from 0")
    missing = highest - int((present > 0).sum())
    if highest > 9 and missing:
        raise HandgradError(
            f"{where}: label {highest} is out of range: {missing} of the classes below it have no example"
        )
    return tuple(map(str, range(max(highest + 1, 2))))
