"""Types of the arrays that kernels take, how other objects become arrays, and the bytes that stand for numbers."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handgrad.errors import HandgradError

Floats: TypeAlias = NDArray[np.floating[Any]]
Integers: TypeAlias = NDArray[np.integer[Any]]

MAX_BYTE = 255
"""Inputs may be bytes x, which stand for the numbers x / MAX_BYTE from 0 to 1."""


def as_array(values: ArrayLike, name: str) -> NDArray[Any]:
    """Convert what users have to an array; HandgradError where rows differ in length, or entries are masked."""
    if type(values) is np.ndarray:
        return values
    if np.ma.is_masked(values):
        raise HandgradError(f"{name} have masked entries; fill or remove them")
    try:
        return np.asarray(values)
    except (ValueError, TypeError) as error:
        reason = str(error).partition(".")[0]
        raise HandgradError(f"{name} are not an array of numbers: {reason}") from error


def as_floats(x: NDArray[Any], dtype: np.dtype[Any]) -> Floats:
    """Return bytes as numbers from 0 to 1; other numbers unchanged."""
    return np.divide(x, MAX_BYTE, dtype=dtype) if x.dtype == np.uint8 else x
