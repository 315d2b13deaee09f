"""The cells of a table, CSV or Parquet, read by Polars (imported only when a table is read)."""

import csv
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.columns import is_name
from handgrad.data.labels import parse_number, shown
from handgrad.errors import HandgradError

LABEL = "label"
PIXELS = {f"{pixel}{end}": pixel for pixel in range(256) for end in ("", ".0")}
BLOCK = 64
"""Columns of a Parquet file in hand at a time: it often holds pixels as int64, eight times their size."""


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
    read = _read_parquet if is_parquet(path) else _read_csv
    return read(path, names, named, np.dtype(dtype), named_columns, unlabelled)


def is_parquet(path: Path) -> bool:
    """Whether a file is one of Parquet, by its name."""
    return path.suffix.lower() == ".parquet"


def first_row(path: Path) -> list[str]:
    """Give the first row of a CSV, or the names of the columns of a Parquet file."""
    if is_parquet(path):
        return list(_read_columns(path, None).columns)
    _, row = next(_rows(path), (0, []))
    if not row:
        raise HandgradError(f"{path} is empty; a CSV with a row for each example is expected")
    if row[0].lstrip().lower().startswith(("<!doctype", "<html", "<?xml")):
        raise HandgradError(f"{path} is a web page (HTML), not a CSV; download the file itself")
    return row


def _read_csv(
    path: Path,
    names: Sequence[str],
    named: bool,
    dtype: np.dtype[Any],
    named_columns: Collection[str] | None,
    unlabelled: bool,
) -> Cells:
    import polars as pl

    slowly = (path, names, named, dtype, named_columns, unlabelled)
    texts = [name for name in names if name in (named_columns or ())]
    kind = {"u": pl.UInt8, "f": pl.Float32 if dtype == np.float32 else pl.Float64}[dtype.kind]
    schema = {name: pl.String if name == LABEL or name in texts else kind for name in names}
    try:
        frame = pl.read_csv(path, has_header=False, skip_rows=int(named), schema=schema, glob=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return _read_rows(*slowly)
    if frame.height == 0 or sum(frame.null_count().row(0)):
        return _read_rows(*slowly)
    labels = frame.drop_in_place(LABEL).to_numpy() if LABEL in names else None
    columns = {name: frame.drop_in_place(name).to_list() for name in texts}
    numbers = frame.to_numpy(order="c") if frame.width else np.empty((frame.height, 0), dtype)
    return Cells(numbers, labels, columns) if np.isfinite(numbers).all() else _read_rows(*slowly)


def _read_rows(
    path: Path,
    names: Sequence[str],
    named: bool,
    dtype: np.dtype[Any],
    named_columns: Collection[str] | None,
    unlabelled: bool,
) -> Cells:
    """Read slowly what Polars does not take: names, what is wrong, and odd ways to write what is right.

    Such are pixels with a decimal point (``5.0``), spaces around numbers, and empty lines.
    """
    images = dtype.kind == "u"
    if named_columns is None:
        named_columns = () if images else _find_named_columns(path, names, named)
    texts: dict[str, list[str]] = {name: [] for name in names if name in named_columns}
    places = [place for place, name in enumerate(names) if name != LABEL and name not in texts]
    lines: list[NDArray[Any]] = []
    labels: list[str] = []
    for line, row in _rows_below(path, named):
        where = f"{path}, line {line}"
        if len(row) != len(names):
            raise HandgradError(
                f"{where}: {len(row)} columns where {'the first line has' if named else 'there should be'} "
                f"{len(names)}; mend or drop it"
            )
        if LABEL in names:
            labels.append(row[names.index(LABEL)])
            if not (labels[-1].strip() or unlabelled):
                raise HandgradError(f"{where}, column 'label': {_complaint('', images)}")
        for name, cells in texts.items():
            cells.append(row[names.index(name)].strip())
        row = [row[place] for place in places]
        values = _numbers(row, images)
        with np.errstate(over="ignore"):
            right = np.isfinite(values if images else values.astype(dtype))
        if images:
            right &= (values >= 0) & (values <= 255) & (values == np.floor(values))
        if not right.all():
            wrong = int(right.argmin())
            name = names[places[wrong]]
            raise HandgradError(
                f"{where}, column {shown(name) if named else name}: {_complaint(row[wrong], images)}"
            )
        lines.append(values.astype(dtype))
    if not lines:
        raise HandgradError(f"{path} holds no examples below its header")
    return Cells(np.stack(lines), np.array(labels) if LABEL in names else None, texts)


def _find_named_columns(path: Path, names: Sequence[str], named: bool) -> set[str]:
    """Find the columns of a CSV in which every cell that is not empty is a name, and not all are empty."""
    open_ones = {place for place, name in enumerate(names) if name != LABEL}
    found: set[int] = set()
    for _, row in _rows_below(path, named):
        if len(row) != len(names):
            break  # of which the reader tells
        for place in tuple(open_ones):
            if cell := row[place].strip():
                (found.add if is_name(cell) else open_ones.discard)(place)
        if not open_ones:
            break
    return {names[place] for place in open_ones & found}


def _numbers(cells: list[str], images: bool) -> NDArray[np.float64]:
    """Read numbers, NaN where there is none."""
    with suppress(KeyError, ValueError):  # nearly every row goes the fast way
        if images:
            return np.fromiter(map(PIXELS.__getitem__, cells), np.float64, len(cells))
        if "_" not in "".join(cells):
            return np.fromiter(map(float, cells), np.float64, len(cells))
    return np.fromiter(map(parse_number, cells), np.float64, len(cells))


def _read_parquet(
    path: Path,
    names: Sequence[str],
    named: bool,
    dtype: np.dtype[Any],
    named_columns: Collection[str] | None,
    unlabelled: bool,
) -> Cells:
    import polars as pl

    images = dtype.kind == "u"
    kind = {"u": pl.UInt8, "f": pl.Float32 if dtype == np.float32 else pl.Float64}[dtype.kind]
    own = _read_columns(path, None)
    height = _read_columns(path, own.columns[:1]).height
    if height == 0:
        raise HandgradError(f"{path} holds no examples")
    labels, texts = None, dict[str, list[str]]()
    words, numbers = [], []
    for name, column, own_kind in zip(names, own.columns, own.dtypes, strict=True):
        if name == LABEL:
            labels = _read_columns(path, [column]).to_series()
        elif own_kind in (pl.String, pl.Categorical, pl.Enum) and not images:
            words.append((name, column))
        else:
            numbers.append(column)
    if labels is not None and labels.null_count() and not unlabelled:
        row = labels.is_null().arg_max() or 0
        raise HandgradError(f"{path}, row {row + 1}, column 'label': {_complaint('', images)}")
    for name, column in words:
        if named_columns is not None and name not in named_columns:
            raise HandgradError(f"{path}: column {shown(name)} holds names, where numbers are expected")
        cells = _read_columns(path, [column]).to_series().cast(pl.String).fill_null("")
        texts[name] = [cell.strip() for cell in cells.to_list()]
    inputs = np.empty((height, len(numbers)), dtype)
    for start in range(0, len(numbers), BLOCK):
        block = _read_columns(path, numbers[start : start + BLOCK])
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
                raise HandgradError(f"{where}: {_complaint(value, images)}")
        inputs[:, start : start + BLOCK] = block.cast(kind).to_numpy()
    return Cells(inputs, None if labels is None else labels.to_numpy(), texts)


def _read_columns(path: Path, columns: list[str] | None) -> Any:
    """Read some columns of a Parquet file; none of its rows where `columns` is None."""
    import polars as pl

    try:
        rows = 0 if columns is None else None
        return pl.read_parquet(path, columns=columns, n_rows=rows, glob=False, hive_partitioning=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        reason = getattr(error, "strerror", None) or "it is damaged or cut short; write or download it again"
        raise HandgradError(f"{path} cannot be read as Parquet: {reason}") from error


def _rows_below(path: Path, named: bool) -> Iterator[tuple[int, list[str]]]:
    rows = _rows(path)
    if named:
        next(rows)
    return rows


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV that are not empty, each with the number of its (last) line."""
    try:
        with path.open(newline="\n", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            for row in reader:
                if len(row) > 1 or "".join(row).strip():
                    yield reader.line_num, row
    except UnicodeDecodeError:
        raise HandgradError(f"{path} is not text in UTF-8; save it as CSV in UTF-8") from None
    except csv.Error as error:
        what = "lines that do not end in a newline" if "new-line" in str(error) else str(error)
        raise HandgradError(f"{path}, line {reader.line_num}: {what}; save it as CSV again") from None
    except OSError as error:
        raise HandgradError(f"{path} cannot be read: {error.strerror}") from error


def _complaint(cell: str, images: bool) -> str:
    number = parse_number(cell)
    if not cell.strip():
        return "no value; fill it in or drop the row"
    if images and np.isfinite(number):
        return f"{shown(cell)} is not a pixel, a whole number from 0 to 255"
    return f"{shown(cell)} is {'too large a' if np.isfinite(number) else 'not a finite'} number"
