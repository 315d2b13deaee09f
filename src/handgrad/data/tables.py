"""Tables with a label column: CSV and Parquet."""

import re
from collections.abc import Sequence
from math import isqrt
from pathlib import Path

import numpy as np

from handgrad.data.cells import LABEL, first_row, is_parquet, read_cells
from handgrad.data.columns import spread
from handgrad.data.dataset import Dataset, naming
from handgrad.data.labels import encode_labels, parse_number, shown
from handgrad.errors import HandgradError

PIXEL_NAME = re.compile(r"(p|px|pix|pixel)[ _-]?\d+|\d+x\d+", re.IGNORECASE)
ROW_NUMBERS = ("", "Unnamed: 0", "__index_level_0__")
"""Under these names pandas writes the numbers of rows: nothing to learn from, yet they may give the label away."""


def read_table(path: Path, classes: Sequence[str] | None = None) -> Dataset:
    """Read a table with a label column.

    In a CSV without header the label is the first column; otherwise, and in Parquet, its name is ``label``.
    A table is one of images, whose values are bytes, where its columns are named as pixels (``pixel0``,
    ``1x1``), or unnamed and a square number from 49 on, or 784; every other table holds finite numbers, or columns of
    names, each of which becomes an input of its own, ``soil=clay``.

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
    images, features, shape = table_content(names, named)
    cells = read_cells(path, names, named, np.uint8 if images else np.float32)
    assert cells.labels is not None
    labels, known = encode_labels(cells.labels, str(path), classes, images=images)
    with naming(path):
        inputs, inputs_named = spread(features, cells.numbers, cells.texts)
        known_names = inputs_named if named or cells.texts else ()
        return Dataset(inputs, labels, known, shape or inputs.shape[1:], features=known_names)


def table_content(names: Sequence[str], named: bool) -> tuple[bool, list[str], tuple[int, ...]]:
    """Tell of a table whether it holds images, its columns but the label, and the shape of an image, () for none."""
    features = [name for name in names if name != LABEL]
    images, side = _are_pixels(features, named), isqrt(len(features))
    return images, features, (1, side, side) if images and side * side == len(features) else ()


def column_names(path: Path) -> tuple[list[str], bool]:
    """Tell the names of a table's columns, and whether they are its own (else they are numbers).

    Raises
    ------
    HandgradError
        If two columns share a name, one has none, or none is named ``label``.
    """
    first = first_row(path)
    named = is_parquet(path) or _is_header(first)
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


def _is_header(first: list[str]) -> bool:
    """Tell a header from a first example: it says ``label``, or has no number, or counts the columns."""
    cells = [cell.strip() for cell in first[1:]]
    counts = len(cells) > 4 and any(cells == [str(k + s) for k in range(len(cells))] for s in (0, 1))
    numbers = [cell for cell in cells if np.isfinite(parse_number(cell))]
    return counts or (bool(cells) and not numbers) or LABEL in (cell.strip().lower() for cell in first)


def _are_pixels(features: list[str], named: bool) -> bool:
    square = isqrt(len(features)) ** 2 == len(features) >= 49
    return len(features) == 784 or (square and not named) or all(map(PIXEL_NAME.fullmatch, features))
