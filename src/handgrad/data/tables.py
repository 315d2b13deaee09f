"""Tables, CSV and Parquet: with a label column to train with, and rows of them to predict."""

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
from handgrad.data.cells import LABEL, Table
from handgrad.data.columns import check_columns, columns_of, input_names, is_name
from handgrad.data.dataset import Dataset, naming
from handgrad.data.labels import encode_labels, parse_number, read_names
from handgrad.data.memory import check_memory
from handgrad.data.outofcore import load_or_convert
from handgrad.data.scan import csv_rows, first_row, is_parquet
from handgrad.errors import HandgradError, quoted

PIXEL_NAME = re.compile(r"(p|px|pix|pixel)[ _-]?\d+|\d+x\d+", re.IGNORECASE)
ROW_NUMBERS = ("", "Unnamed: 0", "__index_level_0__")
"""The names that pandas gives to row numbers, from which nothing can be learned but which may reveal the label."""
PEEK = 100
"""Rows that show which columns of a CSV can hold names."""
COLUMN = 16_000
"""Bytes that Polars needs for each column, however few rows there are."""


def read_table(path: Path, like: Dataset | None = None) -> Dataset:
    """Read a table with a label column; one that would not fit into memory is converted once.

    In a CSV without header the label is the first column; otherwise, and in Parquet, its name is ``label``.
    A table holds images, with uint8 values, where its columns are named as pixels (``pixel0``, ``1x1``), or are
    unnamed and a square number of at least 49, or are 784. Every other table holds finite numbers, or columns of
    names, each of which becomes one float32 input for each name, ``soil=clay``. A file ``NAME.classes`` beside
    ``NAME.csv`` names all classes, one per line, also those without an example.

    `like` is the training split, where this is another split of the same data.
    """
    classes = like.classes if like is not None else read_names(path) or None
    known = [*(classes or ()), *(like.features if like is not None else ())]
    form = () if like is None else (like.features, like.inputs.shape[1], like.inputs.dtype)
    table = cache(lambda: open_table(path, *form, labelled=True))

    def read(store: Store) -> Dataset:
        inputs, labels = _read(table(), store)
        present = labels.unique()
        places = labels.cast(pl.Enum(present)).to_physical().to_numpy()
        images = inputs.dtype == np.uint8
        numbers, names = encode_labels(np.array(present), str(path), classes, places, images=images)
        side = isqrt(inputs.shape[1])
        shape = (1, side, side) if images and side**2 == inputs.shape[1] else inputs.shape[1:]
        with naming(path):
            features = table().features if like is None else like.features
            return Dataset(inputs, numbers, names, shape, features=features)

    return load_or_convert(path, lambda: table().size(), read, known)


def read_rows(
    path: Path, inputs: int, features: Sequence[str] = (), *, images: bool = False
) -> tuple[NDArray[Any], list[str | None], tuple[str, ...]]:
    """Read rows of a CSV or Parquet file as a model with `inputs` inputs, named `features` if any, takes them.

    Returns inputs (N, I), with `images` uint8, else float64, N labels or None, and the names of the inputs, if any.
    """
    if path.is_file():
        check_memory(path.stat().st_size, path, "; split it into several files")
    table = open_table(path, features, inputs, np.uint8 if images else np.float64)
    rows, labels = _read(table, stack)
    return rows, [label or None for label in labels], tuple(features) or table.features


def _read(table: Table, store: Store) -> tuple[NDArray[Any], pl.Series]:
    """Read all rows: inputs (N, I) and N labels as texts, empty where there are none."""
    held: list[pl.Series] = []

    def blocks() -> Iterator[NDArray[Any]]:
        for inputs, labels in table.batches():
            held.append(labels)
            yield inputs
        if not held:
            raise HandgradError(f"{table.path} holds no examples")

    return store(blocks()), pl.concat(held)


def open_table(
    path: Path, features: Sequence[str] = (), inputs: int = 0, dtype: Any = None, *, labelled: bool = False
) -> Table:
    """Find header and columns of a file; HandgradError where they are not the inputs of a model that are given."""
    known = columns_of(features)
    names, header = _read_header(path, [*known], inputs, labelled)
    check_memory(COLUMN * len(names), f"the {len(names):,} columns of {path}", "; save them as .npy")
    if labelled and (LABEL not in names or len(names) < 2):
        raise HandgradError(
            f"{path} has no column named 'label' beside others, separated by commas; name it in the header, or put "
            "it first, without a header"
        )
    columns = known or {name: [] for name in names if name != LABEL}
    if dtype is None:
        square = isqrt(len(columns)) ** 2 == len(columns) >= 49
        images = len(columns) == 784 or (square and not header) or all(map(PIXEL_NAME.fullmatch, columns))
        dtype = np.uint8 if images else np.float32
    table = Table(path, names, header, columns, np.dtype(dtype), labelled)
    if not known and not inputs and dtype != np.uint8:
        table = replace(table, columns=columns | _find_names(table))
    with naming(path):
        input_names(table.columns)
    return table


def _read_header(path: Path, known: Sequence[str], inputs: int, labelled: bool) -> tuple[list[str], int]:
    """Return the names of all columns and the number of rows up to the header; HandgradError where they do not fit.

    `known` are the columns besides the label, and `inputs` is their number; empty and 0 where neither is known.
    """
    row, cells = first_row(path)
    names = [LABEL if cell.strip().lower() == LABEL else cell.strip() for cell in cells]
    header = is_parquet(path) or _is_header(names, known, labelled)
    count = len(known) or inputs
    if not header:
        more = len(cells) > (count or len(cells) - 1)
        names = [LABEL] * more + [*(known or map(str, range(1 + more, len(cells) + 1)))]
    with naming(path):
        for name, times in Counter(names).items():
            if name in ROW_NUMBERS:
                raise HandgradError(f"there is a column named '{name}', as row numbers are; drop or name it")
            if times > 1:
                raise HandgradError(f"there are two columns named {quoted(name)}; rename one")
        if header and known:
            held = [name for name in names if name != LABEL]
            check_columns(dict.fromkeys(held, ()), dict.fromkeys(known, ()))
        if count and len(cells) != count + (LABEL in names):
            wanted = f"{count} inputs are expected, optionally with a label before them or in a column named 'label'"
            raise HandgradError(f"{wanted}; the first line has {len(cells)} cells")
    return names, row if header else 0


def _is_header(cells: Sequence[str], known: Sequence[str], labelled: bool) -> bool:
    """Whether a first row is a header: all known names, or it has ``label`` or a known name, or no number."""
    if known and {*cells} - {LABEL} == {*known}:
        return True
    counts = [[*map(str, range(start, start + len(cells) - 1))] for start in (0, 1)]
    if labelled and len(cells) > 5 and cells[1:] in counts:  # as pandas names columns
        return True
    # Where no names are known, a number in the first column may be that of a label.
    numbers = {cell for cell in (cells if known else cells[1:] or cells) if np.isfinite(parse_number(cell))}
    return not numbers or not {LABEL, *known}.difference(numbers).isdisjoint(cells)


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
    return {
        name: sorted(held)
        for name, held in found.items()
        if parquet or (any(held) and all(map(is_name, held - {""})))
    }
