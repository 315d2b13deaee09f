"""Types of the arrays that kernels take, and the bytes that stand for numbers."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.floating[Any]]
Integers: TypeAlias = NDArray[np.integer[Any]]

MAX_BYTE = 255
"""Inputs may be bytes x, which stand for the numbers x / MAX_BYTE from 0 to 1."""


def as_floats(x: NDArray[Any], dtype: np.dtype[Any]) -> Floats:
    """Return bytes as numbers from 0 to 1; other numbers unchanged."""
    return np.divide(x, MAX_BYTE, dtype=dtype) if x.dtype == np.uint8 else x
