"""The cells of a Parquet file, read by Polars (imported only then)."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.cells import LABEL, Cells, complaint
from handgrad.data.labels import shown
from handgrad.errors import HandgradError

BLOCK = 64
"""Columns in hand at a time of a whole file: it often holds pixels as int64, eight times their size."""
SIZES = {"8": 1, "16": 2, "32": 4}
"""Bytes of a number, by the end of its type's name; 8 of all others."""


def read_parquet(
    path: Path,
    names: Sequence[str],
    dtype: np.dtype[Any],
    named_columns: Collection[str] | None,
    unlabelled: bool,
    first: int = 0,
    rows: int | None = None,
    width: int = BLOCK,
) -> Cells:
    """Read a Parquet file, or `rows` of its rows from `first` on, so many columns at a time; see `read_cells`."""
    import polars as pl

    images = dtype.kind == "u"
    kind = {"u": pl.UInt8, "f": pl.Float32 if dtype == np.float32 else pl.Float64}[dtype.kind]
    own = read_columns(path, None)
    height = read_columns(path, own.columns[:1], first, rows).height
    if height == 0:
        raise HandgradError(f"{path} holds no examples")
    labels, texts = None, dict[str, list[str]]()
    words, numbers = [], []
    for name, column, own_kind in zip(names, own.columns, own.dtypes, strict=True):
        if name == LABEL:
            labels = read_columns(path, [column], first, rows).to_series()
        elif holds_names(own_kind) and not images:
            words.append((name, column))
        else:
            numbers.append(column)
    if labels is not None and labels.null_count() and not unlabelled:
        row = first + (labels.is_null().arg_max() or 0)
        raise HandgradError(f"{path}, row {row + 1}, column 'label': {complaint('', images)}")
    for name, column in words:
        if named_columns is not None and name not in named_columns:
            raise HandgradError(f"{path}: column {shown(name)} holds names, where numbers are expected")
        cells = read_columns(path, [column], first, rows).to_series().cast(pl.String).fill_null("")
        texts[name] = [cell.strip() for cell in cells.to_list()]
    inputs = np.empty((height, len(numbers)), dtype)
    for start in range(0, len(numbers), width):
        block = read_columns(path, numbers[start : start + width], first, rows)
        if (at_once := _cast_at_once(block, kind, images)) is not None:
            inputs[:, start : start + width] = at_once
            continue
        for column in block:
            if not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
                raise HandgradError(
                    f"{path}: column {shown(column.name)} holds {column.dtype.base_type()}, not numbers"
                )
            values = column.cast(kind, strict=False)
            wrong = values.is_null() | ((values != column) if images else ~values.is_finite())
            if wrong.any():
                row = wrong.fill_null(True).arg_max() or 0  # within the block
                value = "" if column[row] is None else str(column[row])
                where = f"{path}, row {first + row + 1}, column {shown(column.name)}"
                raise HandgradError(f"{where}: {complaint(value, images)}")
        inputs[:, start : start + width] = block.cast(kind).to_numpy()
    return Cells(inputs, None if labels is None else labels.to_numpy(), texts)


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


def columns_of_names(path: Path, names: Sequence[str]) -> list[str]:
    """Tell which columns hold names, where the columns are called `names`."""
    kinds = read_columns(path, None).dtypes
    return [name for name, kind in zip(names, kinds, strict=True) if name != LABEL and holds_names(kind)]


def holds_names(kind: Any) -> bool:
    """Tell whether a column of this type holds names."""
    import polars as pl

    return kind in (pl.String, pl.Categorical, pl.Enum)


def count_rows(path: Path) -> int:
    """Tell how many rows a Parquet file has, by its metadata."""
    import polars as pl

    counted: int = _collected(path, _scanned(path).select(pl.len())).item()
    return counted


def row_bytes(path: Path) -> int:
    """Tell about how many bytes of memory a row takes as it is in the file."""
    kinds = [str(kind) for kind in read_columns(path, None).dtypes]
    return sum(SIZES.get(kind.lstrip("UIntFloa"), 8) for kind in kinds)


def read_columns(path: Path, columns: list[str] | None, first: int = 0, rows: int | None = None) -> Any:
    """Read some columns of a Parquet file, and of all or some rows; none of these where `columns` is None."""
    frame = _scanned(path)
    if columns is None:
        return _collected(path, frame.slice(0, 0))
    return _collected(path, frame.select(columns).slice(first, rows))


def _scanned(path: Path) -> Any:
    import polars as pl

    return pl.scan_parquet(path, glob=False, hive_partitioning=False)


def _collected(path: Path, frame: Any) -> Any:
    import polars as pl

    try:
        return frame.collect()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        reason = getattr(error, "strerror", None) or "it is damaged or cut short; write or download it again"
        raise HandgradError(f"{path} cannot be read as Parquet: {reason}") from error
