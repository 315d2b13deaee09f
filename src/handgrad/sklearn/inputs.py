"""Validation of data by scikit-learn's public functions; DataFrames with text columns become numbers."""

from math import prod
from operator import index
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from sklearn.utils.validation import check_array, check_X_y, validate_data

from handgrad.data.columns import aligned, columns_of, spread
from handgrad.errors import HandgradError
from handgrad.model.network import Network

TYPES = (np.float64, np.float32, np.uint8)
"""Types of inputs; all other numbers become the first."""

MISSING = ("None", "nan", "<NA>", "NaT")
"""Missing values as text, in any library."""


class TrainingData(NamedTuple):
    """Valid examples: inputs (N, I), targets (N,), weights (N,) or None, and the names of the inputs, if any."""

    inputs: NDArray[Any]
    targets: NDArray[Any]
    weights: NDArray[np.float64] | None
    features: tuple[str, ...]


def check_training_data(
    estimator: Any, X: Any, y: Any, sample_weight: ArrayLike | None, features: tuple[str, ...] | None
) -> TrainingData:
    """Check the arguments of `fit`; `features` are the names of the inputs in an earlier call.

    Raises
    ------
    ValueError, TypeError
        As scikit-learn raises them.
    """
    reset = features is None
    if (spread := _spread_frame(X)) is None:
        X, y = validate_data(estimator, X, y, reset=reset, accept_sparse="csr", dtype=TYPES)
        _check_columns(X, features or ())
        names = getattr(estimator, "feature_names_in_", ()) if X.dtype != np.uint8 else ()
        features = tuple(map(str, names)) if features is None else features
    else:
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        X, y = check_X_y(spread[0], y, dtype=TYPES, estimator=estimator)
        X, features = (X, spread[1]) if features is None else (_align(X, spread[1], features), features)
    weights = None
    if sample_weight is not None:
        weights = check_array(
            sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight", estimator=estimator
        )
        if weights.shape != (X.shape[0],):
            raise ValueError(f"sample_weight.shape == {weights.shape}, expected {(X.shape[0],)}")
        if weights.min() < 0:
            raise ValueError("Negative values in sample_weight")
        if not weights.any():
            raise ValueError("sample_weight is zero for every example")
    return TrainingData(X.toarray() if issparse(X) else X, y, weights, features)


def check_inputs(estimator: Any, X: Any, network: Network) -> NDArray[Any]:
    """Check examples to predict, and return them as (N, I) in the order of training."""
    if (spread := _spread_frame(X)) is not None:
        validate_data(estimator, X, reset=False, skip_check_array=True)
        return _align(check_array(spread[0], dtype=TYPES, estimator=estimator), spread[1], network.features)
    X = validate_data(estimator, X, reset=False, accept_sparse="csr", dtype=TYPES)
    X = X.toarray() if issparse(X) else X
    _check_columns(X, network.features)
    for_bytes = network.scaling is not None and network.scaling.for_bytes
    if for_bytes and X.dtype != np.uint8 and X.max() <= 1 and (X % 1).any():
        raise HandgradError("the estimator was trained on bytes, 0 to 255; X is scaled to 0 to 1 already")
    return X


def _spread_frame(X: Any) -> tuple[NDArray[Any], tuple[str, ...]] | None:
    """Convert a DataFrame with text columns to inputs (N, I) and their names; None for anything else."""
    if not hasattr(X, "columns") or not hasattr(X, "dtypes"):
        return None
    columns = {str(name): np.asarray(X[name]) for name in X.columns}
    texts = {name: texts for name, values in columns.items() if (texts := _texts(values)) is not None}
    if not texts:
        return None
    numbers = {name: values for name, values in columns.items() if name not in texts}
    for name, values in numbers.items():
        if values.dtype.kind not in "buifO":
            raise HandgradError(f"column '{name:.40}' holds {values.dtype}, not numbers or text")
    kind = np.float32 if numbers and all(v.dtype == np.float32 for v in numbers.values()) else np.float64
    stacked = np.column_stack([v.astype(kind) for v in numbers.values()] or [np.empty((len(X), 0))])
    return spread(list(columns), stacked, texts)


def _texts(values: NDArray[Any]) -> list[str] | None:
    """Return a column of text, with missing values as empty text; None for a column of anything else."""
    if values.dtype.kind not in "OUT":
        return None
    texts = ["" if not isinstance(v, str) and str(v) in MISSING else v for v in values.tolist()]
    return texts if any(texts) and all(isinstance(text, str) for text in texts) else None


def _align(X: NDArray[Any], names: tuple[str, ...], features: tuple[str, ...]) -> NDArray[Any]:
    """Reorder inputs as in training; categories that training did not contain become zeros."""
    try:
        return aligned(X, names, features, leniently=True)
    except HandgradError as error:
        raise HandgradError(f"X: {error}") from error


def _check_columns(X: Any, features: tuple[str, ...]) -> None:
    """Refuse numbers alone if training had text columns."""
    if features and X.shape[1] != len(features):
        column = next(column for column, names in columns_of(features).items() if names)
        raise HandgradError(
            f"training had text in the column '{column:.40}'; pass a DataFrame with such a column"
        )


def example_shape(inputs: NDArray[Any], input_shape: Any) -> tuple[int, ...]:
    """Return the shape of one example, by default ``(I,)``."""
    if input_shape is None:
        return inputs.shape[1:]
    try:
        shape = tuple(map(index, np.atleast_1d(np.asarray(input_shape, dtype=object))))
    except TypeError:
        shape = ()
    if not shape or min(shape) < 1:
        raise HandgradError(
            f"input_shape must be whole numbers from 1, e.g. (1, 28, 28); got {input_shape!r:.60}"
        )
    if prod(shape) != inputs.shape[1]:
        raise HandgradError(f"input_shape is {shape}, that is {prod(shape)} inputs; X has {inputs.shape[1]}")
    return shape
