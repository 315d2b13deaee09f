"""What the classifier's parameters mean in the library's own terms."""

import os
from collections.abc import Sequence
from numbers import Real
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_scalar

from handgrad.data.dataset import naming
from handgrad.descriptions import Described
from handgrad.errors import HandgradError
from handgrad.kernels.threads import choose_threads
from handgrad.learning.optimizers import Optimizer
from handgrad.model.layers import Dense, Dropout, Layer
from handgrad.model.scaling import Scaling

Kind = TypeVar("Kind", bound=Described)

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
            built.append(one_of(Layer, name, "activation"))
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


def build_optimizer(optimizer: Any, weight_decay: float | None) -> Optimizer:
    """Make a fresh optimizer from a name, or from one that is left as it is.

    Parameters
    ----------
    optimizer : str or Optimizer
    weight_decay : float, optional
        Instead of the optimizer's own.
    """
    description = one_of(Optimizer, optimizer, "optimizer").describe()
    if weight_decay is not None:
        check_scalar(weight_decay, "weight_decay", Real, min_val=0)
        description["weight_decay"] = float(weight_decay)
    return Optimizer.from_description(description)


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

    Bytes that are all 0 or 1 are numbers, such as a table's categories, and no picture.
    """
    if isinstance(scaling, Scaling):
        return scaling
    if scaling is None:
        return Scaling(np.array(0.0), np.array(1.0))
    if scaling == "auto" and inputs.dtype == np.uint8 and inputs.max() > 1:
        return Scaling.of_bytes()
    if not isinstance(scaling, str) or scaling not in ("auto", "standard"):
        raise HandgradError(f"scaling must be 'auto', 'standard', None or an hg.Scaling; got {scaling!r:.60}")
    scaler = StandardScaler().fit(inputs, sample_weight=weights)
    return Scaling(scaler.mean_.astype(np.float64), scaler.scale_.astype(np.float64))


def usable_threads(threads: int | None) -> int:
    """Choose how many threads to train on: where none are named, all, or what joblib leaves to this process.

    joblib tells its workers in ``OMP_NUM_THREADS`` how many threads each should have.
    """
    if threads is not None:
        return choose_threads(threads)
    told = os.environ.get("OMP_NUM_THREADS", "")
    return min(choose_threads(), int(told) if told.isdecimal() and int(told) else 1024)
