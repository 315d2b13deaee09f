"""Validation of data by scikit-learn's public functions; DataFrames with text columns become numbers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.utils.validation import check_array, validate_data

from handgrad.data.columns import aligned, spread
from handgrad.data.dataset import naming
from handgrad.errors import HandgradError
from handgrad.kernels.sparse_rows import SparseRows

TYPES = (np.float64, np.float32, np.uint8)
"""Types of inputs; all other numbers become the first."""

MISSING = ("None", "nan", "<NA>", "NaT")
"""Missing values as text, in any library."""


def check_inputs(
    estimator: Any, X: Any, features: tuple[str, ...] | None
) -> tuple[NDArray[Any] | SparseRows, tuple[str, ...]]:
    """Return examples as (N, I) in the order of training, with the names of the inputs, if any.

    `features` are those names in an earlier call, None in the first one. ValueError and TypeError as scikit-learn
    raises them, and HandgradError where the columns are not those of training.
    """
    numbers, names = _encode_texts(X)
    inputs = check_array(numbers, accept_sparse="csr", dtype=TYPES, estimator=estimator, input_name="X")
    validate_data(estimator, X, reset=features is None, skip_check_array=True)
    inputs = SparseRows.of(inputs) if issparse(inputs) else inputs
    if features is None:
        columns = getattr(estimator, "feature_names_in_", ()) if inputs.dtype != np.uint8 else ()
        return inputs, names or tuple(map(str, columns))
    if features:
        there = names or tuple(map(str, getattr(estimator, "feature_names_in_", range(inputs.shape[1]))))
        with naming("X"):
            inputs = aligned(inputs, there, features, leniently=True)
    return inputs, features


def _encode_texts(X: Any) -> tuple[Any, tuple[str, ...]]:
    """Convert a DataFrame with text columns to inputs (N, I) and their names; anything else is unchanged."""
    if not hasattr(X, "columns") or not hasattr(X, "dtypes") or hasattr(X, "sparse"):
        return X, ()  # pandas has `sparse` where all columns are so
    columns = {str(name): np.asarray(X[name]) for name in X.columns}
    for name, values in columns.items():
        if values.dtype.kind not in "buifOUT":
            raise HandgradError(f"column '{name:.40}' holds {values.dtype}, not numbers or text")
    texts = {name: cells for name, values in columns.items() if (cells := _texts(values)) is not None}
    if not texts:
        return X, ()
    numbers = [values for name, values in columns.items() if name not in texts]
    single = numbers and all(values.dtype == np.float32 for values in numbers)
    stacked = np.array(numbers, np.float32 if single else np.float64).reshape(len(numbers), len(X))
    return spread(list(columns), stacked.T, texts)


def _texts(values: NDArray[Any]) -> list[str] | None:
    """Return a column of text, with missing values as empty text; None for a column of anything else."""
    if values.dtype.kind not in "OUT":
        return None
    texts = ["" if not isinstance(v, str) and str(v) in MISSING else v for v in values.tolist()]
    return texts if any(texts) and all(isinstance(text, str) for text in texts) else None
