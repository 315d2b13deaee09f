"""Tables: CSV and Parquet, read by Polars (imported only when a table is read)."""

import csv
import re
from collections.abc import Sequence
from math import isqrt
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from handgrad.data.dataset import Dataset
from handgrad.data.labels import encode_labels
from handgrad.errors import HandgradError

if TYPE_CHECKING:
    import polars as pl

LABEL = "label"
PIXEL_NAME = re.compile(r"(p|px|pix|pixel)[ _-]?\d+|\d+x\d+", re.IGNORECASE)


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
    parquet = path.suffix.lower() == ".parquet"
    frame, images = _read_parquet(path) if parquet else _read_csv(path)
    features = frame.drop(LABEL)
    inputs = features.to_numpy(order="c")
    side = isqrt(inputs.shape[1])
    labels, known = encode_labels(frame[LABEL].to_numpy(), str(path), classes, images=images)
    square = images and side * side == inputs.shape[1]
    return Dataset(inputs, labels, known, (1, side, side) if square else inputs.shape[1:])


def _read_parquet(path: Path) -> tuple["pl.DataFrame", bool]:
    import polars as pl

    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise HandgradError(f"{path} cannot be read as Parquet: {_first_line(error)}") from error
    frame = _with_label(frame, path)
    if frame.height == 0:
        raise HandgradError(f"{path} holds no examples")
    names = [name for name in frame.columns if name != LABEL]
    for name in frame.columns:
        if name != LABEL and not frame[name].dtype.is_numeric():
            raise HandgradError(f"{path}: column '{name}' holds {frame[name].dtype}, not numbers")
        if frame[name].null_count():
            row = frame[name].is_null().arg_max()
            raise HandgradError(
                f"{path}: column '{name}' has no value in row {(row or 0) + 1}; fill or drop it"
            )
    images = _looks_like_images(names, named=True)
    kind = pl.UInt8 if images else pl.Float32
    try:
        return frame.with_columns(pl.col(names).cast(kind)), images
    except pl.exceptions.PolarsError as error:
        raise HandgradError(
            f"{path}: a pixel is not a whole number from 0 to 255: {_first_line(error)}"
        ) from error


def _read_csv(path: Path) -> tuple["pl.DataFrame", bool]:
    import polars as pl

    first = _first_row(path)
    named = LABEL in map(_plain, first) or not all(_is_number(cell) for cell in first[1:])
    names = first if named else [LABEL, *(f"{index}" for index in range(len(first) - 1))]
    names = [LABEL if _plain(name) == LABEL else name for name in names]
    if LABEL not in names:
        raise HandgradError(
            f"{path} has no column named 'label'; name it in the header, or put it first, without a header"
        )
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise HandgradError(f"{path} has two columns named '{twice}'; rename one")
    if len(names) < 2:
        raise HandgradError(
            f"{path} has a label column and nothing else; are its columns separated by commas?"
        )
    images = _looks_like_images([name for name in names if name != LABEL], named=named)
    kind = pl.UInt8 if images else pl.Float32
    schema = {name: pl.String if name == LABEL else kind for name in names}
    try:
        frame = pl.read_csv(path, has_header=False, skip_rows=int(named), schema=schema)
    except pl.exceptions.NoDataError:
        raise HandgradError(f"{path} holds no examples below its header") from None
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _diagnosis(path, names, named, images, str(error)) from error
    if sum(frame.null_count().row(0)):
        raise _diagnosis(path, names, named, images, "it has missing values")
    if not images and not np.isfinite(frame.drop(LABEL).to_numpy()).all():
        raise _diagnosis(path, names, named, images, "it has values that are not finite")
    return frame, images


def _diagnosis(path: Path, names: list[str], named: bool, images: bool, reason: str) -> HandgradError:
    """Read again, slowly, to name the line and the column of the first thing that is wrong."""
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        reader = csv.reader(file)
        for row in reader:
            if reader.line_num == 1 and named:
                continue
            place = f"{path}, line {reader.line_num}"
            if len(row) != len(names):
                return HandgradError(f"{place}: {len(row)} columns where the first line has {len(names)}")
            for name, cell in zip(names, row, strict=True):
                if cell.strip() == "":
                    return HandgradError(f"{place}, column '{name}': no value; fill it in or drop the row")
                if name == LABEL:
                    continue
                if not _is_number(cell) or not np.isfinite(float(cell)):
                    return HandgradError(f"{place}, column '{name}': '{cell}' is not a number")
                if images and not (float(cell).is_integer() and 0 <= float(cell) <= 255):
                    return HandgradError(
                        f"{place}, column '{name}': {cell} is not a pixel, a whole number from 0 to 255"
                    )
    return HandgradError(f"{path} cannot be read as CSV: {reason.splitlines()[0]}")


def _with_label(frame: "pl.DataFrame", path: Path) -> "pl.DataFrame":
    for name in frame.columns:
        if _plain(name) == LABEL:
            return frame.rename({name: LABEL})
    raise HandgradError(f"{path} has no column named 'label'; rename the one that holds the classes")


def _first_row(path: Path) -> list[str]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            row = next(csv.reader(file), [])
    except UnicodeDecodeError:
        raise HandgradError(f"{path} is not a text file; a CSV is expected") from None
    except (OSError, csv.Error) as error:
        raise HandgradError(f"{path} cannot be read: {_first_line(error)}") from error
    if not row:
        raise HandgradError(f"{path} is empty; a CSV with a label column is expected")
    if row[0].lstrip().lower().startswith(("<!doctype", "<html", "<?xml")):
        raise HandgradError(f"{path} is a web page (HTML), not a CSV; download the file itself")
    return row


def _looks_like_images(names: list[str], *, named: bool) -> bool:
    square = isqrt(len(names)) ** 2 == len(names) >= 49
    return len(names) == 784 or (square and not named) or all(PIXEL_NAME.fullmatch(name) for name in names)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _plain(name: str) -> str:
    return name.strip().strip('"').lower()


def _first_line(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).splitlines()[0]
