"""Rows of a table, with or without their labels, as a model takes them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.cells import LABEL, Columns, find_categories, first_row, read_batches
from handgrad.data.columns import aligned, columns_of, input_names, one_hot
from handgrad.data.dataset import naming
from handgrad.data.labels import shown
from handgrad.data.memory import check_memory
from handgrad.data.scan import is_parquet
from handgrad.data.tables import is_header
from handgrad.errors import HandgradError


@dataclass(frozen=True)
class Rows:
    """Examples of a table: inputs (N, I), float64 or uint8 for pixels; N labels or None; names of the inputs."""

    inputs: NDArray[Any]
    labels: list[str | None]
    features: tuple[str, ...]


def read_rows(path: Path, inputs: int, features: Sequence[str] = (), *, images: bool = False) -> Rows:
    """Read a CSV or Parquet file of one or many rows as a model with `inputs` inputs takes them.

    One additional column holds labels: that of this name, else the first. Where the model has names of inputs,
    `features`, a header may have its columns in any order. With `images`, values must be bytes.
    """
    if path.is_file():
        check_memory(path.stat().st_size, path, "; split it into several files")
    names, header = _column_names(path, inputs, features)
    inputs_here = [name for name in names if name != LABEL]
    texts: dict[str, list[str]] = {}
    if set(features) != set(inputs_here):  # else the file has an input for each name already
        texts = {column: [] for column, known in columns_of(features).items() if known}
    kind = np.dtype(np.uint8 if images else np.float64)
    columns = Columns(names, header, kind, texts, unlabelled=True)
    if texts:
        found = find_categories(path, columns)
        columns = replace(columns, texts={name: sorted(values) for name, values in found.items()})
    blocks, labels = [], list[str | None]()
    for numbers, cells, marks in read_batches(path, columns):
        blocks.append(one_hot(inputs_here, numbers, cells, columns.texts))
        labels += [None] * len(numbers) if marks is None else [_text(mark) for mark in marks.tolist()]
    if not labels:
        raise HandgradError(f"{path} holds no examples")
    values = np.concatenate(blocks)
    with naming(path):
        known_names = input_names(inputs_here, columns.texts)
        if features:
            values, known_names = aligned(values, known_names, features), tuple(features)
    return Rows(values, labels, known_names if header or features else ())


def read_row(path: Path, inputs: int, features: Sequence[str] = (), *, images: bool = False) -> Rows:
    """Read a file of one row; see `read_rows`."""
    rows = read_rows(path, inputs, features, images=images)
    if len(rows.inputs) != 1:
        raise HandgradError(f"{path} holds {len(rows.inputs):,} rows where one is expected; leave one")
    return rows


def is_table(path: Path) -> bool:
    """Whether a file holds rows and not an image, by its name."""
    return path.suffix.lower() in (".csv", ".parquet")


def _text(label: object) -> str | None:
    return None if label is None else str(label).strip() or None


def _column_names(path: Path, inputs: int, features: Sequence[str]) -> tuple[list[str], int]:
    """Return the names of the columns, and the number of rows up to the header (0 for none)."""
    row, first = first_row(path)
    first = [LABEL if cell.strip().lower() == LABEL else cell.strip() for cell in first]
    columns = columns_of(features)
    known = list(features if any(name in first and name not in columns for name in features) else columns)
    wanted = len(known) or inputs
    named = is_parquet(path) or is_header(first, known)
    if named:
        takes = f"takes {', '.join(known[:8])}" + (", …" if len(known) > 8 else "")
        there, taken, seen = set(first), {*known, LABEL}, set()
        for name in known:
            if name not in there:
                raise HandgradError(f"{path} has no column {shown(name)}; the model {takes}")
        for name in first:
            if known and name not in taken:
                raise HandgradError(f"{path}: the model takes no column {shown(name)}; it {takes}")
            if name in seen:
                raise HandgradError(f"{path} has two columns named {shown(name)}; rename one")
            seen.add(name)
    if len(first) - (named and LABEL in first) == wanted:
        names = first if named else known or [str(place + 1) for place in range(wanted)]
    elif len(first) == wanted + 1:
        names = [LABEL, *(first[1:] if named else known or [str(place + 2) for place in range(wanted)])]
    else:
        raise HandgradError(
            f"{path}: the model takes {wanted} inputs, perhaps with a label before them; the first line has "
            f"{len(first)} cells"
        )
    return names, row if named else 0
