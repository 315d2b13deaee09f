"""Labels: numbers or names as users have them, class numbers from 0 and the names of the classes in memory."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.config import TASKS, check_task, count_outputs, unique_names
from handgrad.errors import HandgradError, quoted

MOST_CLASSES = 1_000_000
MOST_INFERRED = 100
"""Different integers that are classes where no task is named."""


def infer_task(values: NDArray[Any], *, images: bool = False) -> str:
    """Infer the task from the numbers in target columns, (N,) or (N, T), of which names are NaN.

    Several columns are labels if they hold only 0 and 1 (multilabel), else targets (regression). One column holds
    targets if it has a number with a fraction, or more than `MOST_INFERRED` different integers, and no `images` are
    labelled; else it holds classes.
    """
    if values.ndim == 2 and values.shape[1] > 1:
        return "multilabel" if ((values == 0) | (values == 1)).all() else "regression"
    numbers = values[np.isfinite(values)]
    if (numbers != np.round(numbers)).any():
        return "regression"
    return "regression" if not images and len(np.unique(numbers)) > MOST_INFERRED else "classification"


def encode_labels(
    values: NDArray[Any],
    where: str,
    classes: Sequence[str] | None = None,
    places: NDArray[np.integer] | None = None,
    *,
    images: bool = False,
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Number categories, integers or names: int64 labels (N,), and `classes` or the sorted names that are present.

    `values` are the labels (N,), or distinct ones, if `places` (N,) has the index of each example's label among them.
    Numbers of `images` are class numbers: all from 0 to the largest are classes.
    """
    present, found = np.unique(_plain(values, where), return_inverse=True)
    places = found if places is None else found[places]
    if not places.size:
        raise HandgradError(f"{where} holds no examples")

    def refuse(wrong: int, reason: str) -> HandgradError:
        example = int(np.argmax(places == wrong)) + 1
        return HandgradError(f"{where}: label {quoted(str(present[wrong]))} (example {example}) {reason}")

    for wrong, value in enumerate(present):
        if str(value) in ("", "nan"):
            raise refuse(wrong, "is missing; fill it in or drop the example")
    numbers = np.array([parse_number(str(value)) for value in present])
    if not np.isnan(numbers).all():
        for wrong in np.flatnonzero(~((abs(numbers) < 2.0**53) & (numbers == np.round(numbers)))).tolist():
            raise refuse(wrong, "is not an integer, or too large; correct it, or make all labels names")
        # Different texts may mean one number: 5, 5.0 and 05.
        present, again = np.unique(numbers.astype(np.int64), return_inverse=True)
        places = again[places]
    names = tuple(map(str, present))
    if classes is None and len(names) < 2:
        raise refuse(0, "is the only one; a classifier needs two classes or more")
    if classes is None and images and present.dtype.kind == "i":
        # A few digits may be missing, but a lone far label is a mistake.
        if present[0] < 0 or (present[-1] > 9 and np.count_nonzero(present > 0) < present[-1]):
            reason = "is out of range; labels of images are class numbers from 0, without large gaps"
            raise refuse(0 if present[0] < 0 else len(present) - 1, reason)
        classes = tuple(map(str, range(present[-1] + 1)))
    numbered = {name: number for number, name in enumerate(names if classes is None else classes)}
    for wrong, name in enumerate(names):
        if name not in numbered:
            raise refuse(wrong, f"is not one of the {len(numbered)} classes")
    return np.array([numbered[name] for name in names], np.int64)[places], tuple(numbered)


def names_file(table: Path) -> Path:
    """Return the path of the file that may name the classes of a table, one per line: ``NAME.classes``."""
    return table.with_suffix(".classes")


def read_names(table: Path) -> tuple[str, ...]:
    """Read the file of `names_file`; empty where there is none."""
    path = names_file(table)
    if not path.is_file():
        return ()
    try:
        names = [*map(str.strip, path.read_bytes().decode("utf-8-sig").split("\n"))]
    except UnicodeDecodeError:
        raise HandgradError(
            f"{path} is not text in UTF-8; write the name of a class into each line"
        ) from None
    except OSError as error:
        raise HandgradError(f"{path} cannot be read: {error.strerror}") from error
    names = [*filter(None, names)]
    if len({*names}) < max(2, len(names)):
        raise HandgradError(f"{path} must hold two different names of classes or more, one per line")
    return tuple(names)


def encode_classes(labels: NDArray[Any], classes: Any) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Convert labels, integers from 0 or names, to numbers from 0, and name the classes."""
    if isinstance(classes, int | np.integer):
        classes = range(min(classes, MOST_CLASSES + 1))
    names = () if classes is None else unique_names(classes, "classes")
    if classes is not None and not 0 < len(names) <= MOST_CLASSES:
        raise HandgradError(f"there must be 1 to {MOST_CLASSES:,} classes")
    if labels.dtype.kind == "U" or (labels.dtype.kind == "O" and all(isinstance(x, str) for x in labels)):
        present, places = np.unique(labels.astype(str), return_inverse=True)
        names = names or tuple(map(str, present))
        if unknown := set(map(str, present)) - set(names):
            raise HandgradError(f"label {quoted(min(unknown))} is not one of the {len(names)} classes")
        numbers = {name: number for number, name in enumerate(names)}
        return np.array([numbers[str(name)] for name in present], np.int64)[places], names
    whole = labels.dtype.kind == "f" and ((abs(labels) < 2.0**63) & (labels == np.floor(labels))).all()
    if labels.dtype.kind == "b" or whole:
        labels = labels.astype(np.int64)
    if labels.dtype.kind not in "ui":
        raise HandgradError(f"labels must be integers or names of classes; got {labels.dtype}")
    low, high = (int(labels.min()), int(labels.max())) if len(labels) else (0, 0)
    known = len(names) or max(2, min(high + 1, MOST_CLASSES))
    if low < 0 or high >= known:
        wrong = low if low < 0 else high
        raise HandgradError(f"label {wrong} is out of range: there are {known} classes, 0 to {known - 1}")
    return labels.astype(labels.dtype.newbyteorder("="), copy=False), names or tuple(map(str, range(known)))


def encode_targets(labels: NDArray[Any], names: Any, task: str) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Convert what a data set of a task is to learn, and name the outputs.

    Classes become numbers (N,), several labels zeros and ones (N, L) in uint8, and targets float64 (N, T).
    """
    if check_task(task) == "classification":
        if labels.ndim > 1:
            hint = "task='multilabel' is for several labels of an example, task='regression' for numbers"
            raise HandgradError(f"labels of shape {labels.shape} are not one class for each example; {hint}")
        return encode_classes(labels, names)
    noun = TASKS[task]
    if task == "regression" and labels.ndim == 1:
        labels = labels[:, np.newaxis]
    if labels.ndim != 2 or not labels.shape[1] or labels.dtype.kind not in "uifb":
        raise HandgradError(
            f"{noun} must be numbers (N, {noun[0].upper()}); got {labels.dtype} {labels.shape}"
        )
    count = labels.shape[1]
    outputs = unique_names(range(count) if names is None else names, noun)
    if len(outputs) != count:
        raise HandgradError(f"there are {count_outputs(task, count)}, but {len(outputs)} names of them")
    if task == "multilabel":
        if not ((labels == 0) | (labels == 1)).all():
            raise HandgradError("labels must be 0 or 1 in every column; convert those that differ")
        return labels.astype(np.uint8), outputs
    numbers = labels.astype(np.float64)
    if not np.isfinite(numbers).all():
        row, column = np.argwhere(~np.isfinite(numbers))[0].tolist()
        where = f"target {quoted(outputs[column])} of example {row + 1}"
        raise HandgradError(f"{where} is {numbers[row, column]}, not a finite number; drop the example")
    return numbers, outputs


def parse_number(text: str) -> float:
    """Read a number as tables write it; NaN where the text is none."""
    try:
        return float("nan") if "_" in text else float(text)
    except ValueError:
        return float("nan")


def _plain(values: NDArray[Any], where: str) -> NDArray[Any]:
    """Convert labels to numbers, or texts without spaces around them."""
    if values.dtype.kind == "U" or (values.dtype.kind == "O" and all(isinstance(x, str) for x in values)):
        return np.strings.strip(values.astype(str))
    if values.dtype.kind not in "uifb":
        raise HandgradError(f"{where}: labels of type {values.dtype} are neither numbers nor names")
    return values
