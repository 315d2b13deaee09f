"""Targets of an estimator: `y` as classes, as several labels per example, or as numbers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import assert_all_finite, check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from handgrad.config import count_outputs
from handgrad.errors import HandgradError, quoted
from handgrad.model.scaling import begin_statistics


@dataclass(frozen=True, eq=False)
class Targets:
    """The outputs of an estimator.

    Parameters
    ----------
    task : str
        Of the network.
    names : tuple of str
        Those of classes, labels or targets.
    classes : (C,) or (L,)
        As scikit-learn has them: classes, or the numbers of labels or targets.
    flat : bool
        Whether `y` and the predictions are (N,).
    """

    task: str
    names: tuple[str, ...]
    classes: NDArray[Any]
    flat: bool = True

    @classmethod
    def of_classes(cls, classes: NDArray[Any]) -> "Targets":
        """Return the outputs for one class per example."""
        return cls("classification", tuple(map(str, classes)), classes)

    def check(self, task: str, count: int) -> None:
        """Raise HandgradError unless further data are of the same task and number of outputs."""
        ours, theirs = _describe(self.task, len(self.names)), _describe(task, count)
        if ours != theirs:
            raise HandgradError(f"the estimator was fitted to {ours}; this y has {theirs}")


def encode_labels(y: Any, known: Targets | None) -> tuple[Targets, NDArray[Any]]:
    """Return the outputs of a classifier, and labels: numbers of classes (N,), or 0 and 1 for several labels (N, L).

    `known` are the outputs if there are some already. ValueError as scikit-learn raises it.
    """
    if y is None:
        raise ValueError("the classifier requires y to be passed, but the target y is None")
    if not issparse(y):
        assert_all_finite(y, input_name="y")
    if type_of_target(y, input_name="y") == "multilabel-indicator":
        names = tuple(map(str, getattr(y, "columns", ())))
        labels = y.toarray() if issparse(y) else np.asarray(y)
        found = known or _numbered("multilabel", labels.shape[1], names)
        found.check("multilabel", labels.shape[1])
        if not np.isin(labels, (0, 1)).all():
            raise HandgradError("y with several labels per example must hold only 0 and 1; convert it")
        return found, labels.astype(np.uint8)
    y = column_or_1d(y, warn=True)
    check_classification_targets(y)
    encoder = LabelEncoder().fit(y)
    found = known or Targets.of_classes(encoder.classes_)
    found.check("classification", 1)
    encoder.classes_ = found.classes
    return found, encoder.transform(y).astype(np.int64)


def encode_numbers(y: Any, known: Targets | None, least: int = 1) -> tuple[Targets, NDArray[np.float64]]:
    """Return the outputs of a regressor, and its targets (N, T), for which y must have `least` rows."""
    if y is None:
        raise ValueError("the regressor requires y to be passed, but the target y is None")
    columns = getattr(y, "columns", None)
    name = getattr(y, "name", None) if columns is None else None
    targets = check_array(y, dtype=None, ensure_2d=False, ensure_min_samples=least, input_name="y")
    if targets.dtype.kind in "mM":
        raise HandgradError(f"y must hold numbers; got {targets.dtype}; convert it")
    if targets.dtype.kind not in "uifb":
        try:
            targets = targets.astype(np.float64)
        except (TypeError, ValueError):
            wrong = next(value for value in targets.flat if not _is_number(value))
            raise HandgradError(f"y must hold numbers; got {quoted(str(wrong))}, which is not one") from None
    flat, targets = targets.ndim == 1, targets.astype(np.float64).reshape(len(targets), -1)
    assert_all_finite(targets, input_name="y")  # None among objects, e.g., has become NaN
    names = tuple(map(str, (name,) if name is not None else () if columns is None else columns))
    found = known or _numbered("regression", targets.shape[1], names, flat)
    found.check("regression", targets.shape[1])
    return found, targets


def check_constants(targets: Targets, values: NDArray[np.float64], weights: NDArray[Any] | None) -> None:
    """Raise HandgradError if a target (N, T) is the same in all examples that have a weight, but for rounding."""
    constant = np.flatnonzero(begin_statistics(values).add(values, weights).constant)
    if constant.size:
        which = "y" if targets.flat else f"target {quoted(targets.names[constant[0]])}"
        raise HandgradError(f"{which} is the same in all examples; there is nothing to learn")


def _describe(task: str, count: int) -> str:
    """Return what an example has, where the number of classes may be unknown."""
    if task == "classification":
        return "one class per example"
    return f"{count_outputs(task, count)} per example"


def _numbered(task: str, count: int, names: tuple[str, ...], flat: bool = False) -> Targets:
    """Return several outputs with their names, or else their numbers."""
    numbers = np.arange(count)
    return Targets(task, names if len(set(names)) == count else tuple(map(str, numbers)), numbers, flat)


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
