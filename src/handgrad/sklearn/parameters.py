"""The parameters of an estimator as objects of the library."""

import os
from dataclasses import replace
from math import inf
from numbers import Integral, Real
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_scalar

from handgrad.config import FRAMINGS
from handgrad.data.dataset import naming
from handgrad.errors import HandgradError
from handgrad.kernels.sparse_rows import SparseRows
from handgrad.kernels.threads import choose_threads
from handgrad.model.layers import Dense, Dropout, Layer
from handgrad.model.scaling import InputStatistics, Scaling, SparseStatistics, begin_statistics
from handgrad.sklearn.equivalents import SCHEDULES
from handgrad.training.optimizers import AdamW, Optimizer
from handgrad.training.optimizers.adaptive import default_decay

Statistics = TypeVar("Statistics", InputStatistics, SparseStatistics)

RANGES = (
    ("epochs", Integral, 1, inf, "left"),
    ("time_limit", Real, 0, inf, "neither"),
    ("tol", Real, 0, inf, "left"),
    ("validation_fraction", Real, 0, 1, "neither"),
    ("dropout", Real, 0, 1, "left"),
    ("verbose", Integral, 0, inf, "left"),
)
"""Type, minimum and maximum of parameters, and which of these are included."""


def check_parameters(estimator: Any) -> None:
    """Raise ValueError or TypeError if a parameter is out of range that no object of the library checks."""
    for name, kind, low, high, included in RANGES:
        value = getattr(estimator, name)
        if value is not None or name == "epochs":
            check_scalar(value, name, kind, min_val=low, max_val=high, include_boundaries=included)
    if estimator.framing not in FRAMINGS:
        raise HandgradError(f"framing must be {' or '.join(FRAMINGS)}; got {estimator.framing!r:.60}")
    if isinstance(estimator.learning_rate, str) and estimator.learning_rate in SCHEDULES:
        hint = f"use schedule={SCHEDULES[estimator.learning_rate]}"
        raise HandgradError(f"learning_rate must be a number; got {estimator.learning_rate!r}: {hint}")
    for callback in callbacks_of(estimator):
        if not callable(callback):
            raise HandgradError(f"callbacks must be callable; got {callback!r:.60}")


def callbacks_of(estimator: Any) -> list[Any]:
    """Return the callbacks: none, one, or a list of them."""
    callbacks = () if estimator.callbacks is None else estimator.callbacks
    return list(callbacks) if isinstance(callbacks, list | tuple) else [callbacks]


def build_layers(estimator: Any, outputs: int) -> list[Layer]:
    """Return the layers, the output layer included."""
    layers, activation, dropout = estimator.layers, estimator.activation, estimator.dropout
    if layers is not None:
        if not isinstance(layers, list | tuple):
            raise HandgradError(f"layers must be a list, e.g. [hg.Dense(32), hg.ReLU()]; got {layers!r:.60}")
        if dropout:
            raise HandgradError("dropout applies to `hidden`; with layers, add hg.Dropout to them")
        return [*layers, Dense(outputs)]
    built: list[Layer] = []
    for width in np.atleast_1d(np.asarray(estimator.hidden, dtype=object)):
        with naming("hidden"):
            built.append(Dense(width))
        if activation not in (None, "identity"):
            name = "sigmoid" if activation == "logistic" else activation  # as scikit-learn calls it
            built.append(Layer.resolve(name, "activation"))
        if dropout:
            built.append(Dropout(dropout))
    return [*built, Dense(outputs)]


def build_optimizer(estimator: Any, schedule: Any, rows: int, columns: int) -> Optimizer:
    """Return the optimizer, by default with the learning rate and weight decay of its class.

    With a schedule, "auto" is AdamW at 0.01 with more decay the fewer rows per column there are (bench/study.py).
    """
    values = {name: getattr(estimator, name) for name in ("learning_rate", "weight_decay")}
    changes = {name: value for name, value in values.items() if value is not None}
    if not _is_auto(estimator.optimizer):
        optimizer = Optimizer.resolve(estimator.optimizer, "optimizer")
    elif schedule is None:
        optimizer = AdamW()
    else:
        optimizer = AdamW(0.01, weight_decay=default_decay(rows, columns))
    return replace(optimizer, **changes)


def choose_schedule(estimator: Any, *, partial: bool) -> Any:
    """Return the schedule; "auto" is one cycle for the default optimizer, where the length of training is known."""
    if not _is_auto(estimator.schedule):
        return estimator.schedule
    return "one_cycle" if _is_auto(estimator.optimizer) and not (partial or estimator.warm_start) else None


def _is_auto(value: Any) -> bool:
    return isinstance(value, str) and value == "auto"


def choose_scaling(
    estimator: Any, inputs: Any, weights: NDArray[Any] | None
) -> tuple[Scaling, InputStatistics | SparseStatistics | None]:
    """Return the scaling of inputs, and what it was learned from, if it was."""
    scaling, shape = estimator.scaling, estimator.input_shape
    if isinstance(scaling, Scaling):
        return scaling, None
    if scaling is None:
        return Scaling(np.array(0.0), np.array(1.0)), None
    if not isinstance(scaling, str) or scaling not in ("auto", "standard"):
        raise HandgradError(f"scaling must be 'auto', 'standard', None or an hg.Scaling; got {scaling!r:.60}")
    if scaling == "auto" and inputs.dtype == np.uint8 and np.size(shape) in (2, 3):
        return Scaling.of_bytes(), None
    return learn_scaling(begin_statistics(inputs), inputs, weights)


def learn_scaling(
    statistics: Statistics, inputs: NDArray[Any] | SparseRows, weights: NDArray[Any] | None, name: str = "X"
) -> tuple[Scaling, Statistics]:
    """Return the scaling of the inputs of which these are the statistics, and of more; and theirs."""
    statistics = statistics.add(inputs, weights)
    with naming(name):
        return statistics.scaling(), statistics


def usable_threads(threads: int | None) -> int:
    """Return the number of threads, by default all processors, or in a joblib worker its share of them."""
    share = os.environ.get("OMP_NUM_THREADS", "")
    if threads is None and share.isdecimal():
        return min(choose_threads(), int(share) or 1)
    return choose_threads(threads)
