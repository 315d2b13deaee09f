"""DataFrames with columns of names beside those of numbers, of pandas or Polars, as numbers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.columns import spread
from handgrad.errors import HandgradError

MISSING = ("None", "nan", "<NA>", "NaT")
"""How values that are missing print, whatever library they are of."""


def spread_frame(X: Any) -> tuple[NDArray[Any], tuple[str, ...]] | None:
    """Spread the columns of names in a DataFrame into inputs of 0 and 1; a missing name is one, too.

    Parameters
    ----------
    X : DataFrame, or whatever else `fit` takes

    Returns
    -------
    inputs : (N, I) float64, or float32 where all columns of numbers are
    features : tuple of str
        As `spread` names them. None instead of both where X is no DataFrame, or has no column of names.

    Raises
    ------
    HandgradError
        If a column holds something else than numbers and names, such as dates.
    """
    if not hasattr(X, "columns") or not hasattr(X, "dtypes"):
        return None
    columns = {str(name): np.asarray(X[name]) for name in X.columns}
    texts = {name: texts for name, values in columns.items() if (texts := _texts(values)) is not None}
    if not texts:
        return None
    for name, values in columns.items():
        if name not in texts and values.dtype.kind not in "buifO":
            raise HandgradError(f"column '{name:.40}' holds {values.dtype}, not numbers or names")
    numbers = [values for name, values in columns.items() if name not in texts]
    kind = np.float32 if numbers and all(values.dtype == np.float32 for values in numbers) else np.float64
    stacked = (
        np.column_stack([values.astype(kind) for values in numbers]) if numbers else np.empty((len(X), 0))
    )
    return spread(list(columns), stacked, texts)


def _texts(values: NDArray[Any]) -> list[str] | None:
    """Give a column of names as texts; None for one of anything else."""
    if values.dtype.kind not in "OUT":
        return None
    texts = [
        "" if not isinstance(value, str) and str(value) in MISSING else value for value in values.tolist()
    ]
    return texts if any(texts) and all(isinstance(text, str) for text in texts) else None
