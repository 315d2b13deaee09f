"""Parquet, in whole files or in slices of their rows, read by Polars."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.cells import LABEL, Columns, complaint
from handgrad.data.labels import shown
from handgrad.errors import HandgradError

BLOCK = 64
"""Columns in hand at a time of a whole file: it often holds pixels as int64, eight times their size."""
SIZES = {"8": 1, "16": 2, "32": 4}
"""Bytes of a number, by the end of its type's name; 8 of all others."""


def read_parquet(
    path: Path, names: list[str], images: bool, first: int = 0, rows: int | None = None
) -> Columns:
    """Read a Parquet file, or some of its rows.

    Parameters
    ----------
    path : Path
    names : list of str
        Of its columns.
    images : bool
        Whether values are bytes, else float32.
    first, rows : int, optional
        The first row to read, from 0, and how many; all unless given.

    Raises
    ------
    HandgradError
        If the file is damaged, a cell is missing, no number or out of range, or there are no such rows.
    """
    import polars as pl

    kind, place = (pl.UInt8 if images else pl.Float32), names.index(LABEL)
    own = parquet_columns(path)
    labels = _read_columns(path, [own.pop(place)], first, rows)
    if labels.height == 0:
        raise HandgradError(f"{path} holds no examples")
    if labels.to_series().null_count():
        row = first + (labels.to_series().is_null().arg_max() or 0)
        raise HandgradError(f"{path}, row {row + 1}, column 'label': {complaint('', images)}")
    inputs = np.empty((labels.height, len(own)), np.uint8 if images else np.float32)
    width = BLOCK if rows is None else len(own)
    for start in range(0, len(own), width):
        block = _read_columns(path, own[start : start + width], first, rows)
        if (values := _cast_at_once(block, kind, images)) is not None:
            inputs[:, start : start + width] = values
            continue
        for column in block:
            if not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
                raise HandgradError(
                    f"{path}: column {shown(column.name)} holds {column.dtype.base_type()}, not numbers"
                )
            cast = column.cast(kind, strict=False)
            wrong = cast.is_null() | ((cast != column) if images else ~cast.is_finite())
            if wrong.any():
                row = wrong.fill_null(True).arg_max() or 0  # within the block
                value = "" if column[row] is None else str(column[row])
                where = f"{path}, row {first + row + 1}, column {shown(column.name)}"
                raise HandgradError(f"{where}: {complaint(value, images)}")
        inputs[:, start : start + width] = block.cast(kind).to_numpy()
    return inputs, labels.to_series().to_numpy()


def _cast_at_once(block: Any, kind: Any, images: bool) -> NDArray[Any] | None:
    """Make numbers of all columns together; None where that would not show which are wrong, or hide it."""
    import polars as pl

    if not all(dtype.is_integer() or (dtype.is_float() and not images) for dtype in block.dtypes):
        return None
    try:
        values: NDArray[Any] = block.cast(kind).to_numpy(order="c")
    except pl.exceptions.PolarsError:
        return None
    return None if sum(block.null_count().row(0)) or not np.isfinite(values).all() else values


def parquet_columns(path: Path) -> list[str]:
    """Tell the names of a Parquet file's columns."""
    columns: list[str] = _read_columns(path, None, 0, 0).columns
    return columns


def count_rows(path: Path) -> int:
    """Tell how many rows a Parquet file has, by its metadata."""
    import polars as pl

    counted: int = _collected(
        path, pl.scan_parquet(path, glob=False, hive_partitioning=False).select(pl.len())
    ).item()
    return counted


def row_bytes(path: Path) -> int:
    """Tell about how many bytes of memory a row takes as it is in the file."""
    import polars as pl

    scanned = pl.scan_parquet(path, glob=False, hive_partitioning=False)
    kinds = [str(kind) for kind in _collected(path, scanned.slice(0, 0)).dtypes]
    return sum(SIZES.get(kind.lstrip("UIntFloa"), 8) for kind in kinds)


def _read_columns(path: Path, columns: list[str] | None, first: int, rows: int | None) -> Any:
    """Read some columns, all where `columns` is None, of some rows."""
    import polars as pl

    frame = pl.scan_parquet(path, glob=False, hive_partitioning=False)
    if columns is not None:
        frame = frame.select(columns)
    return _collected(path, frame.slice(first, rows))


def _collected(path: Path, frame: Any) -> Any:
    import polars as pl

    try:
        return frame.collect()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        reason = getattr(error, "strerror", None) or "it is damaged or cut short; write or download it again"
        raise HandgradError(f"{path} cannot be read as Parquet: {reason}") from error
