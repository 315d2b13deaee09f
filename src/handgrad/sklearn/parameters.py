"""What the classifier's parameters mean in the library's own terms."""

import os
from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.validation import check_scalar

from handgrad.config import Configurable
from handgrad.data.augment import Augmentation
from handgrad.data.dataset import naming
from handgrad.errors import HandgradError
from handgrad.kernels.threads import choose_threads
from handgrad.model.layers import Dense, Dropout, Layer
from handgrad.model.losses import CrossEntropy
from handgrad.model.scaling import Scaling
from handgrad.sklearn.session import Plateau
from handgrad.training.averaging import Averaging
from handgrad.training.optimizers import Optimizer
from handgrad.training.schedules import Schedule
from handgrad.training.stopping import EarlyStopping

Kind = TypeVar("Kind", bound=Configurable)

OTHER_NAMES = {"logistic": "sigmoid"}
"""What scikit-learn calls some activations."""


def build_layers(
    hidden: Any, activation: Any, dropout: Any, layers: Sequence[Layer] | None, classes: int
) -> list[Layer]:
    """Put the network's layers together, with a last dense one of as many outputs as there are classes.

    Parameters
    ----------
    hidden : int, or sequence of int
        Widths of the hidden layers.
    activation : str, Layer or None, or a sequence of them, one for each hidden layer
    dropout : float, or a sequence of them, one for each hidden layer
    layers : sequence of Layer, optional
        All layers but the last, instead of those.
    classes : int

    Raises
    ------
    HandgradError
        If a width, rate or name is refused, or there are more or fewer of them than hidden layers.
    """
    if layers is not None:
        if not isinstance(layers, list | tuple):
            raise HandgradError(
                f"layers must be a list, such as [hg.Dense(32), hg.ReLU()]; got {layers!r:.60}"
            )
        if np.any(dropout):
            raise HandgradError(
                "dropout is for hidden layers; where layers are given, put hg.Dropout among them"
            )
        return [*layers, Dense(classes)]
    built: list[Layer] = []
    widths = list(np.atleast_1d(np.asarray(hidden, dtype=object)))
    activations = _one_each(activation, len(widths), "activation")
    rates = _one_each(dropout, len(widths), "dropout")
    for width, name, rate in zip(widths, activations, rates, strict=True):
        with naming("hidden"):
            built.append(Dense(int(width) if isinstance(width, np.integer) else width))
        if name not in (None, "identity"):
            name = OTHER_NAMES.get(name, name) if isinstance(name, str) else name
            built.append(one_of(Layer, name, "activation"))  # type: ignore[type-abstract]
        check_scalar(rate, "dropout", Real, min_val=0, max_val=1, include_boundaries="left")
        if rate:
            built.append(Dropout(float(rate)))
    return [*built, Dense(classes)]


def _one_each(value: Any, count: int, parameter: str) -> list[Any]:
    if not isinstance(value, list | tuple | np.ndarray):
        return [value] * count
    if len(value) != count:
        raise HandgradError(f"{parameter} names {len(value)}, but there are {count} hidden layers")
    return list(value)


def build_optimizer(optimizer: Any, learning_rate: float | None, weight_decay: float | None) -> Optimizer:
    """Make an optimizer from a name, or from another one with some values changed.

    Parameters
    ----------
    optimizer : str or Optimizer
    learning_rate, weight_decay : float, optional
        Default: those of the optimizer.
    """
    changes = {}
    if learning_rate is not None:
        check_scalar(learning_rate, "learning_rate", Real, min_val=0, include_boundaries="neither")
        changes["learning_rate"] = learning_rate
    if weight_decay is not None:
        check_scalar(weight_decay, "weight_decay", Real, min_val=0)
        changes["weight_decay"] = weight_decay
    return replace(one_of(Optimizer, optimizer, "optimizer"), **changes)  # type: ignore[type-abstract]


def one_of(family: type[Kind], value: Any, parameter: str) -> Kind:
    """Give what a parameter names: one of a family as it is, or by its name in any case.

    Raises
    ------
    HandgradError
        If it is neither; the nearest name is told.
    """
    if isinstance(value, family):
        return value
    if not isinstance(value, str):
        raise HandgradError(f"{parameter} must be a name or an hg.{family.__name__}; got {value!r:.60}")
    with naming(parameter):
        return family.named(value)


def one_of_or_none(family: type[Kind], value: Any, parameter: str) -> Kind | None:
    """Give what a parameter names, as `one_of`; None stays None."""
    return None if value is None else one_of(family, value, parameter)


def choose_scaling(scaling: Any, inputs: NDArray[Any], weights: NDArray[Any] | None) -> Scaling:
    """Choose how inputs are scaled; see `HandgradClassifier`.

    Bytes none of which reaches half of 255 are numbers, such as ages or categories, and no pictures.
    """
    if isinstance(scaling, Scaling):
        return scaling
    if scaling is None:
        return Scaling(np.array(0.0), np.array(1.0))
    if scaling == "auto" and inputs.dtype == np.uint8 and inputs.max() >= 128:
        return Scaling.of_bytes()
    if not isinstance(scaling, str) or scaling not in ("auto", "standard"):
        raise HandgradError(f"scaling must be 'auto', 'standard', None or an hg.Scaling; got {scaling!r:.60}")
    with np.errstate(over="ignore", invalid="ignore"):  # what is too large is refused as soon as it is scaled
        scaler = StandardScaler().fit(inputs, sample_weight=weights)
    return Scaling(scaler.mean_.astype(np.float64), scaler.scale_.astype(np.float64))


def choose_dtype(dtype: Any, inputs: NDArray[Any]) -> Any:
    """Choose the type of arithmetic: what was asked for, or float64 for inputs that need it."""
    if dtype is None:
        return np.float64 if inputs.dtype == np.float64 else np.float32
    for known in (np.float32, np.float64):
        if dtype in (known, known.__name__, np.dtype(known)):
            return known
    raise HandgradError(f"dtype must be 'float32', 'float64' or None; got {dtype!r:.60}")


def usable_threads(threads: int | None) -> int:
    """Choose how many threads to train on: where none are named, all, or what joblib leaves to this process.

    joblib tells its workers in ``OMP_NUM_THREADS`` how many threads each should have.
    """
    if threads is not None:
        return choose_threads(threads)
    told = os.environ.get("OMP_NUM_THREADS", "")
    return min(choose_threads(), int(told) if told.isdecimal() and int(told) else 1024)


def build_loss(classifier: Any, labels: NDArray[np.int64]) -> CrossEntropy:
    """Make the loss for training on these labels, (N,), of the classifier's classes."""
    smoothing = float(classifier.label_smoothing)
    if classifier.class_weight is None:
        return CrossEntropy(smoothing)
    classes = classifier.classes_
    return CrossEntropy(
        smoothing, tuple(compute_class_weight(classifier.class_weight, classes=classes, y=classes[labels]))
    )


RANGES: dict[str, tuple[type, float, float | None, str]] = {
    "label_smoothing": (Real, 0, 1, "left"),
    "epochs": (Integral, 1, None, "left"),
    "time_limit": (Real, 0, None, "neither"),
    "tol": (Real, 0, None, "left"),
    "patience": (Integral, 1, None, "left"),
    "verbose": (Integral, 0, None, "left"),
    "validation_fraction": (Real, 0, 1, "neither"),
}
"""What numbers may be: their type, from what, to what, and which of the two included."""

OPTIONAL = ("time_limit", "tol", "validation_fraction")


def training_arguments(classifier: Any) -> dict[str, Any]:
    """Check how a classifier is to be trained, and give the arguments of `Session.train`, but for data and loss.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range, or none.
    HandgradError
        If a name is unknown.
    """
    for name, (kind, low, high, included) in RANGES.items():
        value = getattr(classifier, name)
        if value is not None or name not in OPTIONAL:
            check_scalar(value, name, kind, min_val=low, max_val=high, include_boundaries=included)
    callbacks = classifier.callbacks
    callbacks = list(callbacks) if isinstance(callbacks, list | tuple) else [callbacks]
    callbacks = [callback for callback in callbacks if callback is not None]
    for callback in callbacks:
        if not callable(callback):
            raise HandgradError(
                f"callbacks are called with the classifier and a record; {callback!r:.60} is no callable"
            )
    patience = int(classifier.patience)
    return {
        "epochs": int(classifier.epochs),
        "plateau": Plateau(None if classifier.early_stopping else classifier.tol, patience),
        "early_stopping": EarlyStopping(patience, classifier.monitor) if classifier.early_stopping else None,
        "callbacks": callbacks,
        "time_limit": classifier.time_limit,
        "verbose": classifier.verbose,
        "batch_size": classifier.batch_size,
        "schedule": one_of_or_none(Schedule, classifier.schedule, "schedule"),
        "augmentation": one_of_or_none(Augmentation, classifier.augmentation, "augmentation"),
        "averaging": one_of_or_none(Averaging, classifier.averaging, "averaging"),
        "threads": usable_threads(classifier.threads),
    }
