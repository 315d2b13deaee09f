"""Cells of tables: numbers or names, and what to say of those that are neither."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.labels import parse_number, shown

Columns = tuple[NDArray[Any], NDArray[Any]]
"""(N, I) inputs and (N,) labels as they are in the file."""

LABEL = "label"


def complaint(cell: str, images: bool) -> str:
    """Say what is wrong with a cell that should hold a pixel, or any number."""
    number = parse_number(cell)
    if not cell.strip():
        return "no value; fill it in or drop the row"
    if images and np.isfinite(number):
        return f"{shown(cell)} is not a pixel, a whole number from 0 to 255"
    return f"{shown(cell)} is {'too large a' if np.isfinite(number) else 'not a finite'} number"
