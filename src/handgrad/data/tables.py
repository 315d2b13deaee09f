"""Tables: CSV and Parquet, read by Polars (imported only when a table is read)."""

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from math import isqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.dataset import Dataset, naming
from handgrad.data.labels import encode_labels, parse_number, shown
from handgrad.errors import HandgradError

Columns = tuple[NDArray[Any], NDArray[Any]]
"""(N, I) inputs and (N,) labels as they are in the file."""

LABEL = "label"
PIXEL_NAME = re.compile(r"(p|px|pix|pixel)[ _-]?\d+|\d+x\d+", re.IGNORECASE)
PIXELS = {f"{pixel}{end}": pixel for pixel in range(256) for end in ("", ".0")}
ROW_NUMBERS = ("", "Unnamed: 0", "__index_level_0__")
"""Under these names pandas writes the numbers of rows: nothing to learn from, yet they may give the label away."""
BLOCK = 64
"""Columns of a Parquet file in hand at a time: it often holds pixels as int64, eight times their size."""


def read_table(path: Path, classes: Sequence[str] | None = None) -> Dataset:
    """Read a table with a label column.

    In a CSV without header the label is the first column; otherwise, and in Parquet, its name is ``label``.
    A table is one of images, whose values are bytes, where its columns are named as pixels (``pixel0``,
    ``1x1``), or unnamed and a square number from 49 on, or 784; every other table holds any finite numbers.

    Parameters
    ----------
    path : Path
        A ``.csv`` or ``.parquet`` file.
    classes : sequence of str, optional
        The classes of the training split, where this is another split of the same data.

    Returns
    -------
    Dataset
        With uint8 inputs for images, else float32.

    Raises
    ------
    HandgradError
        If a cell is missing, not a number or out of range, a row is ragged, or there is no label column.
    """
    names, named = column_names(path)
    features = [name for name in names if name != LABEL]
    images = _are_pixels(features, named)
    reader = _read_parquet if _is_parquet(path) else _read_csv
    inputs, values = reader(path, names, named, images)
    side = isqrt(len(features))
    shape = (1, side, side) if images and side * side == len(features) else (len(features),)
    labels, known = encode_labels(values, str(path), classes, images=images)
    with naming(path):
        return Dataset(inputs, labels, known, shape, features=features if named else ())


def column_names(path: Path) -> tuple[list[str], bool]:
    """Tell the names of a table's columns, and whether they are its own (else they are numbers).

    Raises
    ------
    HandgradError
        If two columns share a name, one has none, or none is named ``label``.
    """
    first = _read_columns(path, None).columns if _is_parquet(path) else _first_row(path)
    named = _is_parquet(path) or _is_header(first)
    names = first if named else [LABEL, *map(str, range(2, len(first) + 1))]
    names = [LABEL if name.strip().lower() == LABEL else name.strip() for name in names]
    if LABEL not in names:
        raise HandgradError(
            f"{path} has no column named 'label'; name it in the header, or put it first, without a header"
        )
    if len(names) < 2:
        raise HandgradError(
            f"{path} has a label column and nothing else; are its columns separated by commas?"
        )
    for index, name in enumerate(names):
        if name in ROW_NUMBERS:
            kept = f"{path}: column {index + 1} is named '{name}', as row numbers are"
            raise HandgradError(f"{kept}; save the table without them, or name the column")
        if name in names[:index]:
            raise HandgradError(f"{path} has two columns named {shown(name)}; rename one")
    return names, named


def _read_csv(path: Path, names: list[str], named: bool, images: bool) -> Columns:
    import polars as pl

    kind = pl.UInt8 if images else pl.Float32
    schema = {name: pl.String if name == LABEL else kind for name in names}
    try:
        frame = pl.read_csv(path, has_header=False, skip_rows=int(named), schema=schema, glob=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return _read_rows(path, names, named, images)
    if frame.height == 0 or sum(frame.null_count().row(0)):
        return _read_rows(path, names, named, images)
    labels = frame.drop_in_place(LABEL).to_numpy()
    inputs = frame.to_numpy(order="c")
    return (inputs, labels) if np.isfinite(inputs).all() else _read_rows(path, names, named, images)


def _read_rows(path: Path, names: list[str], named: bool, images: bool) -> Columns:
    """Read slowly what Polars does not take: find what is wrong, or accept odd ways to write what is right.

    Such are pixels with a decimal point (``5.0``), spaces around numbers, and empty lines.
    """
    kind, place = (np.uint8 if images else np.float32), names.index(LABEL)
    lines: list[NDArray[Any]] = []
    labels: list[str] = []
    rows = _rows(path)
    if named:
        next(rows)
    for line, row in rows:
        where = f"{path}, line {line}"
        if len(row) != len(names):
            raise HandgradError(
                f"{where}: {len(row)} columns where the first line has {len(names)}; mend or drop it"
            )
        labels.append(row.pop(place))
        if not labels[-1].strip():
            raise HandgradError(f"{where}, column 'label': {_complaint('', images)}")
        values = _numbers(row, images)
        with np.errstate(over="ignore"):
            right = np.isfinite(values.astype(np.float32))
        if images:
            right &= (values >= 0) & (values <= 255) & (values == np.floor(values))
        if not right.all():
            wrong = int(right.argmin())
            name = names[wrong + (wrong >= place)]
            raise HandgradError(
                f"{where}, column {shown(name) if named else name}: {_complaint(row[wrong], images)}"
            )
        lines.append(values.astype(kind))
    if not lines:
        raise HandgradError(f"{path} holds no examples below its header")
    return np.stack(lines), np.array(labels)


def _numbers(cells: list[str], images: bool) -> NDArray[np.float64]:
    """Read numbers, NaN where there is none."""
    with suppress(KeyError, ValueError):  # nearly every row goes the fast way
        if images:
            return np.fromiter(map(PIXELS.__getitem__, cells), np.float64, len(cells))
        if "_" not in "".join(cells):
            return np.fromiter(map(float, cells), np.float64, len(cells))
    return np.fromiter(map(parse_number, cells), np.float64, len(cells))


def _read_parquet(path: Path, names: list[str], named: bool, images: bool) -> Columns:
    import polars as pl

    kind, place = (pl.UInt8 if images else pl.Float32), names.index(LABEL)
    own = _read_columns(path, None).columns
    labels = _read_columns(path, [own.pop(place)])
    if labels.height == 0:
        raise HandgradError(f"{path} holds no examples")
    if labels.to_series().null_count():
        row = labels.to_series().is_null().arg_max() or 0
        raise HandgradError(f"{path}, row {row + 1}, column 'label': {_complaint('', images)}")
    inputs = np.empty((labels.height, len(own)), np.uint8 if images else np.float32)
    for start in range(0, len(own), BLOCK):
        block = _read_columns(path, own[start : start + BLOCK])
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
    return inputs, labels.to_series().to_numpy()


def _read_columns(path: Path, columns: list[str] | None) -> Any:
    """Read some columns of a Parquet file; none of its rows where `columns` is None."""
    import polars as pl

    try:
        rows = 0 if columns is None else None
        return pl.read_parquet(path, columns=columns, n_rows=rows, glob=False, hive_partitioning=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        reason = getattr(error, "strerror", None) or "it is damaged or cut short; write or download it again"
        raise HandgradError(f"{path} cannot be read as Parquet: {reason}") from error


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


def _first_row(path: Path) -> list[str]:
    _, row = next(_rows(path), (0, []))
    if not row:
        raise HandgradError(f"{path} is empty; a CSV with a label column is expected")
    if row[0].lstrip().lower().startswith(("<!doctype", "<html", "<?xml")):
        raise HandgradError(f"{path} is a web page (HTML), not a CSV; download the file itself")
    return row


def _is_header(first: list[str]) -> bool:
    """Tell a header from a first example: it says ``label``, or has no number, or counts the columns."""
    cells = [cell.strip() for cell in first[1:]]
    counts = len(cells) > 4 and any(cells == [str(k + s) for k in range(len(cells))] for s in (0, 1))
    numbers = [cell for cell in cells if np.isfinite(parse_number(cell))]
    return counts or (bool(cells) and not numbers) or LABEL in (cell.strip().lower() for cell in first)


def _are_pixels(features: list[str], named: bool) -> bool:
    square = isqrt(len(features)) ** 2 == len(features) >= 49
    return len(features) == 784 or (square and not named) or all(map(PIXEL_NAME.fullmatch, features))


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


def _complaint(cell: str, images: bool) -> str:
    number = parse_number(cell)
    if not cell.strip():
        return "no value; fill it in or drop the row"
    if images and np.isfinite(number):
        return f"{shown(cell)} is not a pixel, a whole number from 0 to 255"
    return f"{shown(cell)} is {'too large a' if np.isfinite(number) else 'not a finite'} number"
