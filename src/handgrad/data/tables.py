"""Tables, CSV and Parquet: with target columns to train with, and rows of them to predict."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import islice
from math import isfinite, isqrt
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from handgrad.data.arrays import Store, stack
from handgrad.data.cells import MissingNumber, Table
from handgrad.data.columns import (
    DATE,
    NO_DATE,
    check_columns,
    columns_of,
    holds_numbers,
    input_names,
    is_name,
)
from handgrad.data.dataset import Dataset, naming
from handgrad.data.form import LABEL, Form
from handgrad.data.labels import parse_number, read_names
from handgrad.data.memory import check_memory
from handgrad.data.missing import with_means
from handgrad.data.outofcore import load_or_convert
from handgrad.data.scan import csv_rows, first_row, is_parquet
from handgrad.data.targets import decode_targets
from handgrad.errors import HandgradError, quoted, suggest

PIXEL_NAME = re.compile(r"(p|px|pix|pixel)[ _-]?\d+|\d+x\d+", re.IGNORECASE)
ROW_NUMBERS = ("", "Unnamed: 0", "__index_level_0__")
"""The names that pandas gives to row numbers, from which nothing can be learned but which may reveal the label."""
PEEK = 100
"""Rows that show which columns of a CSV can hold names."""
COLUMN = 16_000
"""Bytes that Polars needs for each column, however few rows there are."""


def read_table(path: Path, form: Form | None = None) -> Dataset:
    """Read a table with target columns; one that would not fit into memory is converted once.

    In a CSV without header the label is the first column; otherwise, and in Parquet, its name is ``label``, unless
    `form` names other targets. The task is inferred from their cells (`labels.infer_task`) unless it is named.
    A table holds images, with uint8 values, where its columns are named as pixels (``pixel0``, ``1x1``), or are
    unnamed and a square number of at least 49, or are 784. Every other table holds finite numbers, or columns of
    names, each of which becomes one float32 input for each name, ``soil=clay``. A column in which numbers are missing
    has their mean in place of them, and a second input ``age=``, which is 1 where a number is missing. A file
    ``NAME.classes`` beside ``NAME.csv`` names all classes, one per line, also those without an example.
    """
    form = form or Form()
    if form.classes is None and form.task in (None, "classification") and (classes := read_names(path)):
        form = replace(form, task="classification", classes=classes)
    table = cache(lambda: open_table(path, form, labelled=True))

    def read(store: Store) -> Dataset:
        opened = table()
        try:
            inputs, texts = _read(opened, store)
        except MissingNumber:
            opened = with_means(opened)
            inputs, texts = _read(opened, store)
        labels, outputs, task = decode_targets(texts, opened, form)
        side = isqrt(inputs.shape[1])
        square = inputs.dtype == np.uint8 and side**2 == inputs.shape[1]
        shape = (1, side, side) if square else inputs.shape[1:]
        with naming(path):
            features = form.features if form.inputs else opened.features
            return Dataset(inputs, labels, outputs, shape, features=features, task=task, means=opened.means)

    def alike(dataset: Dataset) -> list[list[str]]:
        found = Form.of(dataset, form.targets)
        return [found.key(), replace(found, classes=None).key()]  # that of a model has no classes

    return load_or_convert(path, lambda: table().size(), read, form.key(), alike)


def read_rows(path: Path, form: Form) -> tuple[NDArray[Any], list[Any], tuple[str, ...]]:
    """Read rows of a CSV or Parquet file as a model takes them, whose names or number of inputs are known.

    Returns inputs (N, I), uint8 or float64, the targets of each row, if the file has them, and the names of the
    inputs, if any. Targets are the text of a label, or a list of numbers for other tasks than classification, and
    None where one is missing.
    """
    if path.is_file():
        check_memory(path.stat().st_size, path, "; split it into several files")
    table = open_table(path, replace(form, dtype=form.dtype or np.float64))
    rows, texts = _read(table, stack)
    found: list[Any] = [None] * len(rows)
    if form.task in (None, "classification"):
        found = [text or None for text in texts.to_series()] if texts.width else found
    elif len(table.targets) == len(form.columns):
        numbers = texts.select(pl.col(form.columns).cast(pl.Float64, strict=False)).to_numpy()
        found = [values if np.isfinite(values).all() else None for values in numbers.tolist()]
    return rows, found, tuple(form.features) or table.features


def _read(table: Table, store: Store) -> tuple[NDArray[Any], pl.DataFrame]:
    """Read all rows: inputs (N, I) and N targets as texts, empty where there are none."""
    held: list[pl.DataFrame] = []

    def blocks() -> Iterator[NDArray[Any]]:
        for inputs, targets in table.batches():
            held.append(targets)
            yield inputs
        if not held:
            raise HandgradError(f"{table.path} holds no examples")

    return store(blocks()), pl.concat(held)


def open_table(path: Path, form: Form, *, labelled: bool = False) -> Table:
    """Find header and columns of a file; HandgradError where they are not those of the form."""
    known = columns_of(form.features)
    names, header = _read_header(path, form, [*known], labelled)
    check_memory(COLUMN * len(names), f"the {len(names):,} columns of {path}", "; save them as .npy")
    targets = [name for name in form.columns if name in names]
    columns = known or {name: [] for name in names if name not in targets}
    dtype = form.dtype
    if dtype is None:
        square = isqrt(len(columns)) ** 2 == len(columns) >= 49
        images = len(columns) == 784 or (square and not header) or all(map(PIXEL_NAME.fullmatch, columns))
        dtype = np.uint8 if images else np.float32
    measured = bool(known or form.inputs or dtype == np.uint8)
    means = {name: form.means.get(name, 0.0) for name, held in known.items() if held and holds_numbers(held)}
    table = Table(path, names, header, columns, np.dtype(dtype), targets, labelled, means, measured)
    if not measured:
        table = replace(table, columns=columns | _find_names(table))
    with naming(path):
        input_names(table.columns)
    return table


def _check_targets(targets: Sequence[str], names: Sequence[str], header: bool) -> None:
    """Raise HandgradError where a target column is missing, or no other column is there."""
    other = next((separator for separator in ";\t" if len(names) == 1 and separator in names[0]), None)
    if other:
        raise HandgradError(f"its columns are separated by {other!r}; save it with commas")
    if [*targets] == [LABEL] and LABEL not in names and len(names) > 1:
        first = f"{', '.join(names[:4]):.100}{', …' * (len(names) > 4)}"
        raise HandgradError(f"there is no column named 'label'; name one as target= or --target: {first}")
    if LABEL in targets and (LABEL not in names or len(names) < 2):
        raise HandgradError("there is no column named 'label' beside others; separate the columns by commas")
    for name in targets:
        if name not in names:
            hint = suggest(name, names) if header else ", as there is no header"
            raise HandgradError(f"there is no column named {quoted(name)}{hint}")
    if len(names) == len(targets):
        raise HandgradError("there are no columns beside the targets, from which these could be predicted")


def _read_header(path: Path, form: Form, known: Sequence[str], labelled: bool) -> tuple[list[str], int]:
    """Return the names of all columns and the number of rows up to the header; HandgradError where they do not fit.

    `known` are the columns beside the targets, if they are known.
    """
    row, cells = first_row(path)
    names = [cell.strip() for cell in cells]
    if LABEL in form.columns:
        names = [LABEL if name.lower() == LABEL else name for name in names]
    header = is_parquet(path) or _is_header(names, form.columns, known, labelled)
    count = len(known) or form.inputs
    if not header:
        more = len(cells) > (count or len(cells) - 1) and form.columns == (LABEL,)
        names = [LABEL] * more + [*(known or map(str, range(1 + more, len(cells) + 1)))]
    with naming(path):
        for name, times in Counter(names).items():
            if name in ROW_NUMBERS:
                raise HandgradError(f"there is a column named '{name}', as row numbers are; drop or name it")
            if times > 1:
                raise HandgradError(f"there are two columns named {quoted(name)}; rename one")
        if labelled:
            _check_targets(form.columns, names, header)
        if header and known:
            held = [name for name in names if name not in form.columns]
            check_columns(dict.fromkeys(held, ()), dict.fromkeys(known, ()))
        if count and len(cells) != count + len({*form.columns} & {*names}):
            wanted = f"{count} inputs are expected, optionally with a label before them or in a column named 'label'"
            if form.columns != (LABEL,):
                wanted = f"{count} inputs are expected, optionally with the targets in columns of their names"
            raise HandgradError(f"{wanted}; the first line has {len(cells)} cells")
    return names, row if header else 0


def _is_header(cells: Sequence[str], targets: Sequence[str], known: Sequence[str], labelled: bool) -> bool:
    """Whether a first row is a header: all known names, or it has a target or a known name, or no number."""
    if known and {*cells} - {*targets} == {*known}:
        return True
    counts = [[*map(str, range(start, start + len(cells) - 1))] for start in (0, 1)]
    if labelled and len(cells) > 5 and cells[1:] in counts:  # as pandas names columns
        return True
    # Where no names are known, a number in the first column may be that of a label.
    numbers = {cell for cell in (cells if known else cells[1:] or cells) if np.isfinite(parse_number(cell))}
    return not numbers or not {*targets, *known}.difference(numbers).isdisjoint(cells)


def _find_names(table: Table) -> dict[str, list[str]]:
    """Find the columns of names and their names: those of text in Parquet; in a CSV those in which every cell that is
    not empty is a name, and not all are empty.
    """
    parquet = is_parquet(table.path)
    texts = {name: k for k, name in enumerate(table.names) if name in table.columns}
    if parquet:
        kinds = table.scan().collect_schema()
        texts = {name: k for name, k in texts.items() if kinds[name] == pl.String}
    # Of a table of numbers one row is read here; Polars would take seconds for 100,000 columns.
    for _, row in () if parquet else islice(csv_rows(table.path), table.header, table.header + PEEK):
        texts = {name: k for name, k in texts.items() if k >= len(row) or not isfinite(parse_number(row[k]))}
        if not texts:
            break
    found: dict[str, set[str]] = {name: set() for name in table.columns if name in texts}
    for part in table.parts() if found else ():
        for name, held in found.items():
            held.update(part[name].unique())
    for name, held in found.items():
        if parquet and not any(held):
            raise HandgradError(f"{table.path}: column {quoted(name)} holds no values; drop it")
        if parquet and all(map(DATE.fullmatch, held - {""})):
            raise HandgradError(f"{table.path}: column {quoted(name)} holds dates; {NO_DATE}")
    return {
        name: sorted(held)
        for name, held in found.items()
        if parquet or (any(held) and all(map(is_name, held - {""})))
    }
