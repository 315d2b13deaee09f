"""The parameters of an estimator as objects of the library."""

import os
from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_scalar

from handgrad.data.dataset import naming
from handgrad.errors import HandgradError
from handgrad.kernels.threads import choose_threads
from handgrad.model.layers import Dense, Dropout, Layer
from handgrad.model.scaling import Scaling
from handgrad.training.optimizers import Optimizer

ALIASES = {"logistic": "sigmoid"}
"""Activations whose names in scikit-learn differ."""

RANGES: dict[str, tuple[type, float, float | None, str]] = {
    "epochs": (Integral, 1, None, "left"),
    "time_limit": (Real, 0, None, "neither"),
    "tol": (Real, 0, None, "left"),
    "patience": (Integral, 1, None, "left"),
    "verbose": (Integral, 0, None, "left"),
    "validation_fraction": (Real, 0, 1, "neither"),
    "label_smoothing": (Real, 0, 1, "left"),
}
"""Type, minimum, maximum, and which of these are included."""

OPTIONAL = ("time_limit", "tol", "validation_fraction")


def check_parameters(estimator: Any) -> None:
    """Raise ValueError or TypeError if a number is out of range."""
    for name, (kind, low, high, included) in RANGES.items():
        value = getattr(estimator, name, None)
        if value is not None or (hasattr(estimator, name) and name not in OPTIONAL):
            check_scalar(value, name, kind, min_val=low, max_val=high, include_boundaries=included)


def build_layers(
    hidden: Any, activation: Any, dropout: Any, layers: Sequence[Layer] | None, outputs: int
) -> list[Layer]:
    """Return the layers, the output layer included; the other arguments are those of `HandgradClassifier`."""
    if layers is not None:
        if not isinstance(layers, list | tuple):
            raise HandgradError(f"layers must be a list, e.g. [hg.Dense(32), hg.ReLU()]; got {layers!r:.60}")
        if np.any(dropout):
            raise HandgradError(
                "dropout is for hidden layers; if layers are given, put hg.Dropout among them"
            )
        return [*layers, Dense(outputs)]
    built: list[Layer] = []
    widths = list(np.atleast_1d(np.asarray(hidden, dtype=object)))
    activations = _per_layer(activation, len(widths), "activation")
    for width, name, rate in zip(
        widths, activations, _per_layer(dropout, len(widths), "dropout"), strict=True
    ):
        with naming("hidden"):
            built.append(Dense(int(width) if isinstance(width, np.integer) else width))
        if name not in (None, "identity"):
            name = ALIASES.get(name, name) if isinstance(name, str) else name
            built.append(Layer.resolve(name, "activation"))
        check_scalar(rate, "dropout", Real, min_val=0, max_val=1, include_boundaries="left")
        if rate:
            built.append(Dropout(float(rate)))
    return [*built, Dense(outputs)]


def _per_layer(value: Any, count: int, parameter: str) -> list[Any]:
    if not isinstance(value, list | tuple | np.ndarray):
        return [value] * count
    if len(value) != count:
        raise HandgradError(f"{parameter} has {len(value)} values for {count} hidden layers")
    return list(value)


def build_optimizer(optimizer: Any, learning_rate: float | None, weight_decay: float | None) -> Optimizer:
    """Return an optimizer, by default with the learning rate and weight decay of its class."""
    changes = {}
    if learning_rate is not None:
        check_scalar(learning_rate, "learning_rate", Real, min_val=0, include_boundaries="neither")
        changes["learning_rate"] = learning_rate
    if weight_decay is not None:
        check_scalar(weight_decay, "weight_decay", Real, min_val=0)
        changes["weight_decay"] = weight_decay
    return replace(Optimizer.resolve(optimizer, "optimizer"), **changes)


def choose_scaling(scaling: Any, inputs: NDArray[Any], weights: NDArray[Any] | None) -> Scaling:
    """Return the scaling of inputs.

    Bytes below 128 are numbers, such as ages or categories, and not images.
    """
    if isinstance(scaling, Scaling):
        return scaling
    if scaling is None:
        return Scaling(np.array(0.0), np.array(1.0))
    if not isinstance(scaling, str) or scaling not in ("auto", "standard"):
        raise HandgradError(f"scaling must be 'auto', 'standard', None or an hg.Scaling; got {scaling!r:.60}")
    if scaling == "auto" and inputs.dtype == np.uint8 and inputs.max() >= 128:
        return Scaling.of_bytes()
    with np.errstate(over="ignore", invalid="ignore"):  # numbers that are too large are refused once scaled
        scaler = StandardScaler().fit(inputs, sample_weight=weights)
    return Scaling(scaler.mean_.astype(np.float64), scaler.scale_.astype(np.float64))


def choose_dtype(dtype: Any, inputs: NDArray[Any]) -> type[np.floating[Any]]:
    """Return the type of parameters and arithmetic, by default float64 for float64 inputs, else float32."""
    if dtype is None:
        return np.float64 if inputs.dtype == np.float64 else np.float32
    for kind in (np.float32, np.float64):
        if dtype in (kind, kind.__name__, np.dtype(kind)):
            return kind
    raise HandgradError(f"dtype must be 'float32', 'float64' or None; got {dtype!r:.60}")


def usable_threads(threads: int | None) -> int:
    """Return the number of threads, by default all processors, or in a joblib worker its share of them."""
    if threads is not None:
        return choose_threads(threads)
    share = os.environ.get("OMP_NUM_THREADS", "")
    return min(choose_threads(), int(share) if share.isdecimal() and int(share) else 1024)
