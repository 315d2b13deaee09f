"""Tables: CSV and Parquet, read by Polars (imported only when a table is read)."""

import re
from collections.abc import Sequence
from math import isqrt
from pathlib import Path

from handgrad.data.cells import LABEL
from handgrad.data.csv_tables import first_row, is_header, read_csv
from handgrad.data.dataset import Dataset, naming
from handgrad.data.labels import encode_labels, shown
from handgrad.data.parquet_tables import parquet_columns, read_parquet
from handgrad.errors import HandgradError

PIXEL_NAME = re.compile(r"(p|px|pix|pixel)[ _-]?\d+|\d+x\d+", re.IGNORECASE)
ROW_NUMBERS = ("", "Unnamed: 0", "__index_level_0__")
"""Under these names pandas writes the numbers of rows: nothing to learn from, yet they may give the label away."""


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
    images, shape, features = table_content(names, named)
    if is_parquet(path):
        inputs, values = read_parquet(path, names, images)
    else:
        inputs, values = read_csv(path, names, named, images)
    labels, known = encode_labels(values, str(path), classes, images=images)
    with naming(path):
        return Dataset(inputs, labels, known, shape, features=features)


def table_content(names: list[str], named: bool) -> tuple[bool, tuple[int, ...], list[str]]:
    """Tell of a table with these columns whether it holds images, the shape of an example, and the inputs' names."""
    features = [name for name in names if name != LABEL]
    images, side = _are_pixels(features, named), isqrt(len(features))
    shape = (1, side, side) if images and side * side == len(features) else (len(features),)
    return images, shape, features if named else []


def column_names(path: Path) -> tuple[list[str], bool]:
    """Tell the names of a table's columns, and whether they are its own (else they are numbers).

    Raises
    ------
    HandgradError
        If two columns share a name, one has none, or none is named ``label``.
    """
    first = parquet_columns(path) if is_parquet(path) else first_row(path)
    named = is_parquet(path) or is_header(first)
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


def _are_pixels(features: list[str], named: bool) -> bool:
    square = isqrt(len(features)) ** 2 == len(features) >= 49
    return len(features) == 784 or (square and not named) or all(map(PIXEL_NAME.fullmatch, features))


def is_parquet(path: Path) -> bool:
    """Tell a Parquet file by its name."""
    return path.suffix.lower() == ".parquet"
