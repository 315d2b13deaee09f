"""The cells of a Parquet file, read by Polars (imported only then)."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from handgrad.data.cells import LABEL, Cells, complaint
from handgrad.data.labels import shown
from handgrad.errors import HandgradError

BLOCK = 64
"""Columns in hand at a time: a file often holds pixels as int64, eight times their size."""


def read_parquet(
    path: Path,
    names: Sequence[str],
    dtype: np.dtype[Any],
    named_columns: Collection[str] | None,
    unlabelled: bool,
) -> Cells:
    """Read a Parquet file; see `read_cells`."""
    import polars as pl

    images = dtype.kind == "u"
    kind = {"u": pl.UInt8, "f": pl.Float32 if dtype == np.float32 else pl.Float64}[dtype.kind]
    own = read_columns(path, None)
    height = read_columns(path, own.columns[:1]).height
    if height == 0:
        raise HandgradError(f"{path} holds no examples")
    labels, texts = None, dict[str, list[str]]()
    words, numbers = [], []
    for name, column, own_kind in zip(names, own.columns, own.dtypes, strict=True):
        if name == LABEL:
            labels = read_columns(path, [column]).to_series()
        elif own_kind in (pl.String, pl.Categorical, pl.Enum) and not images:
            words.append((name, column))
        else:
            numbers.append(column)
    if labels is not None and labels.null_count() and not unlabelled:
        row = labels.is_null().arg_max() or 0
        raise HandgradError(f"{path}, row {row + 1}, column 'label': {complaint('', images)}")
    for name, column in words:
        if named_columns is not None and name not in named_columns:
            raise HandgradError(f"{path}: column {shown(name)} holds names, where numbers are expected")
        cells = read_columns(path, [column]).to_series().cast(pl.String).fill_null("")
        texts[name] = [cell.strip() for cell in cells.to_list()]
    inputs = np.empty((height, len(numbers)), dtype)
    for start in range(0, len(numbers), BLOCK):
        block = read_columns(path, numbers[start : start + BLOCK])
        for column in block:
            if not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
                raise HandgradError(
                    f"{path}: column {shown(column.name)} holds {column.dtype.base_type()}, not numbers"
                )
            values = column.cast(kind, strict=False)
            wrong = values.is_null() | ((values != column) if images else ~values.is_finite())
            if wrong.any():
                row = wrong.fill_null(True).arg_max() or 0
                value = "" if column[row] is None else str(column[row])
                where = f"{path}, row {row + 1}, column {shown(column.name)}"
                raise HandgradError(f"{where}: {complaint(value, images)}")
        inputs[:, start : start + BLOCK] = block.cast(kind).to_numpy()
    return Cells(inputs, None if labels is None else labels.to_numpy(), texts)


def read_columns(path: Path, columns: list[str] | None) -> Any:
    """Read some columns of a Parquet file; none of its rows where `columns` is None."""
    import polars as pl

    try:
        rows = 0 if columns is None else None
        return pl.read_parquet(path, columns=columns, n_rows=rows, glob=False, hive_partitioning=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        reason = getattr(error, "strerror", None) or "it is damaged or cut short; write or download it again"
        raise HandgradError(f"{path} cannot be read as Parquet: {reason}") from error
