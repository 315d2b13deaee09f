"""The cells of a table, CSV or Parquet: which reader it needs, and what comes out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.labels import parse_number, shown
from handgrad.errors import HandgradError

LABEL = "label"


@dataclass(frozen=True)
class Cells:
    """What a table holds.

    Parameters
    ----------
    numbers : (N, K)
        The columns of numbers.
    labels : (N,), or None
        As they are in the file; None where it has none.
    texts : dict
        The columns of names, each with its N cells.
    """

    numbers: NDArray[Any]
    labels: NDArray[Any] | None
    texts: dict[str, list[str]] = field(default_factory=dict)


def read_cells(
    path: Path,
    names: Sequence[str],
    named: bool,
    dtype: Any,
    *,
    named_columns: Collection[str] | None = None,
    unlabelled: bool = False,
) -> Cells:
    """Read a table whose columns are known by name, ``label`` perhaps among them.

    Parameters
    ----------
    path : Path
    names : sequence of str
    named : bool
        Whether they stand in the first line of the file.
    dtype : float32 or float64; or uint8, for pixels
    named_columns : collection of str, optional
        Those that hold names instead of numbers; they are found out unless given.
    unlabelled : bool
        Whether labels may be missing.

    Raises
    ------
    HandgradError
        If a cell is missing, not a number or out of range, or a row is ragged.
    """
    if is_parquet(path):
        from handgrad.data.parquet_cells import read_parquet

        return read_parquet(path, names, np.dtype(dtype), named_columns, unlabelled)
    from handgrad.data.csv_cells import read_csv

    return read_csv(path, names, named, np.dtype(dtype), named_columns, unlabelled)


def is_parquet(path: Path) -> bool:
    """Whether a file is one of Parquet, by its name."""
    return path.suffix.lower() == ".parquet"


def first_row(path: Path) -> list[str]:
    """Give the first row of a CSV, or the names of the columns of a Parquet file."""
    if path.exists() and not path.is_file():  # in a pipe one would wait for ever
        raise HandgradError(f"{path} is a folder, or no plain file; name a CSV or Parquet file")
    if is_parquet(path):
        from handgrad.data.parquet_cells import read_columns

        return list(read_columns(path, None).columns)
    from handgrad.data.csv_cells import first_csv_row

    return first_csv_row(path)


def complaint(cell: str, images: bool) -> str:
    """Say what is wrong with a cell that is no number, or no pixel."""
    number = parse_number(cell)
    if not cell.strip():
        return "no value; fill it in or drop the row"
    if images and np.isfinite(number):
        return f"{shown(cell)} is not a pixel, a whole number from 0 to 255"
    return f"{shown(cell)} is {'too large a' if np.isfinite(number) else 'not a finite'} number"
