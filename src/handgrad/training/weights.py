"""Validation of the weights of examples."""

from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handgrad.errors import HandgradError


def check_weights(
    weights: ArrayLike | None, examples: int, dtype: Any, name: str = "sample_weights"
) -> NDArray[Any] | None:
    """Return the weights of examples as an array (N,), or None where there are none."""
    if weights is None:
        return None
    given = np.empty(0)
    with suppress(ValueError, TypeError):
        array = np.asarray(weights)
        if array.dtype.kind != "c":
            given = array.astype(np.float64, copy=False)
    if given.shape != (examples,) or not (np.isfinite(given).all() and given.min() >= 0 and given.any()):
        found = f"; got an array of shape {np.shape(weights)}" if np.shape(weights) != (examples,) else ""
        raise HandgradError(f"{name} must be {examples} numbers of at least 0, not all zero{found}")
    with np.errstate(over="ignore", under="ignore"):
        converted, total = given.astype(dtype, copy=False), given.sum()
    if not (np.isfinite(converted).all() and np.isfinite(total) and converted.any()):
        raise HandgradError(
            f"{name} are too large or too small for {np.dtype(dtype)}; divide them by the largest"
        )
    return converted
