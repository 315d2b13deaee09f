"""Tables with a label column: CSV and Parquet, in one file or in several shards."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from math import isqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.arrays import Store
from handgrad.data.cells import (
    LABEL,
    Columns,
    count_rows,
    find_categories,
    first_row,
    read_batches,
)
from handgrad.data.columns import aligned, input_names, one_hot
from handgrad.data.dataset import Dataset, naming
from handgrad.data.labels import LabelCodes, parse_number, shown
from handgrad.data.outofcore import Source, load_or_convert
from handgrad.data.scan import is_parquet
from handgrad.errors import HandgradError

PIXEL_NAME = re.compile(r"(p|px|pix|pixel)[ _-]?\d+|\d+x\d+", re.IGNORECASE)
ROW_NUMBERS = ("", "Unnamed: 0", "__index_level_0__")
"""The names that pandas gives to row numbers, from which nothing can be learned but which may reveal the label."""


@dataclass(frozen=True)
class Table:
    """The files of a table with their columns, which are the same in all: by name in any order, or by position."""

    parts: list[tuple[Path, Columns]]

    @classmethod
    def open(cls, paths: Sequence[Path]) -> "Table":
        """Read the names of the columns and find those of categories; HandgradError where files do not match."""
        parts: list[tuple[Path, Columns]] = []
        categories: dict[str, set[str]] = {}
        for path in paths:
            names, header = column_names(path)
            features = [name for name in names if name != LABEL]
            dtype = np.dtype(np.uint8 if _are_pixels(features, header > 0) else np.float32)
            columns = Columns(names, header, dtype)
            first = parts[0][1] if parts else columns
            if header and first.header:
                same = set(names) == set(first.names)
            else:  # by position
                same = len(names) == len(first.names)
                known = iter(name for name in first.names if name != LABEL)
                names = [name if name == LABEL else next(known) for name in names] if same else names
            if not same:
                raise HandgradError(f"{path} has other columns than {paths[0]}; make them the same")
            parts.append((path, replace(columns, names=names, dtype=first.dtype)))
        found = [find_categories(path, columns) for path, columns in parts]
        for name in {name for part in found for name in part}:
            if not all(name in part for part in found):
                continue  # numbers or nothing in one of the files, where the reader reports the names
            categories[name] = set().union(*(part[name] for part in found))
        texts = {name: sorted(values) for name, values in categories.items()}
        return cls([(path, replace(columns, texts=texts)) for path, columns in parts])

    @property
    def columns(self) -> Columns:
        """The columns of the first file."""
        return self.parts[0][1]

    @cached_property
    def names(self) -> list[str]:
        """The columns but the label."""
        return [name for name in self.columns.names if name != LABEL]

    @cached_property
    def features(self) -> tuple[str, ...]:
        """The names of the inputs: a column of names becomes one input for each of its values."""
        with naming(self.parts[0][0]):
            return input_names(self.names, self.columns.texts)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of an example: (1, H, W) for square images."""
        side = isqrt(len(self.features))
        square = self.columns.images and side * side == len(self.features)
        return (1, side, side) if square else (len(self.features),)

    def size(self) -> int:
        """Return about how many bytes the inputs take in memory."""
        rows = sum(count_rows(path) for path, _ in self.parts)
        return rows * len(self.features) * self.columns.dtype.itemsize

    def batches(self) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        """Yield inputs (n, I) and labels (n,) as in the files."""
        for path, columns in self.parts:
            place = {name: number for number, name in enumerate(columns.numbers)}
            order = [place[name] for name in self.columns.numbers]
            for numbers, texts, labels in read_batches(path, columns):
                assert labels is not None
                if order != sorted(order):
                    numbers = numbers[:, order]
                yield one_hot(self.names, numbers, texts, columns.texts), labels


def read_table(
    paths: Path | Sequence[Path],
    classes: Sequence[str] | None = None,
    features: Sequence[str] = (),
) -> Dataset:
    """Read a table with a label column; one that would not fit into memory is converted once.

    In a CSV without header the label is the first column; otherwise, and in Parquet, its name is ``label``.
    A table holds images, with uint8 values, where its columns are named as pixels (``pixel0``, ``1x1``), or are
    unnamed and a square number of at least 49, or are 784. Every other table holds finite numbers, or columns of
    names, each of which becomes one float32 input for each name, ``soil=clay``.

    `paths` may be several files with the same columns. `classes` and `features` are the classes and inputs of the
    training split, where this is another split of the same data.
    """
    paths = [paths] if isinstance(paths, Path) else list(paths)
    where = str(paths[0]) if len(paths) == 1 else f"{paths[0]} … {paths[-1].name}"
    table = cache(lambda: Table.open(paths))
    known = [*(classes or ()), *features]
    return load_or_convert(
        Source(where, lambda: table().size(), paths, known=known),
        lambda store: _read(table(), where, classes, features, store),
    )


def _read(
    table: Table, where: str, classes: Sequence[str] | None, features: Sequence[str], store: Store
) -> Dataset:
    codes = LabelCodes()
    known_features = table.features if table.columns.header or table.columns.texts else ()
    ordered = bool(features and known_features)

    def blocks() -> Iterator[NDArray[Any]]:
        for inputs, labels in table.batches():
            if ordered:
                with naming(where):
                    inputs = aligned(inputs, known_features, features, before=len(codes))
            codes.add(labels, where)
            yield inputs
        if not len(codes):
            raise HandgradError(f"{where} holds no examples")

    inputs = store(blocks())
    labels, names = codes.encode(where, classes, images=table.columns.images)
    shape = table.input_shape if table.columns.images else inputs.shape[1:]
    with naming(where):
        return Dataset(inputs, labels, names, shape, features=features if ordered else known_features)


def column_names(path: Path) -> tuple[list[str], int]:
    """Return the names of a table's columns, and the number of rows up to the header (0: none, they are numbers).

    HandgradError where two columns share a name, one has none, or none is named ``label``.
    """
    row, cells = first_row(path)
    header = row if is_parquet(path) or is_header(cells) or _counts(cells) else 0
    names = cells if header else [LABEL, *map(str, range(2, len(cells) + 1))]
    names = [LABEL if name.strip().lower() == LABEL else name.strip() for name in names]
    if len(names) < 2:
        raise HandgradError(f"{path} has one column and nothing else; are its columns separated by commas?")
    if LABEL not in names:
        raise HandgradError(
            f"{path} has no column named 'label'; name it in the header, or put it first, without a header"
        )
    seen = set()
    for index, name in enumerate(names):
        if name in ROW_NUMBERS:
            raise HandgradError(
                f"{path}: column {index + 1} is named '{name}', as row numbers are; save the table without them, or "
                "name the column"
            )
        if name in seen:
            raise HandgradError(f"{path} has two columns named {shown(name)}; rename one")
        seen.add(name)
    return names, header


def is_header(cells: Sequence[str], known: Sequence[str] = ()) -> bool:
    """Whether a first row is a header: it has ``label`` or a known name, or no number.

    Where no names are known, a number in the first column may be that of a label.
    """
    cells = [LABEL if cell.strip().lower() == LABEL else cell.strip() for cell in cells]
    numbers = [cell for cell in (cells if known else cells[1:] or cells) if np.isfinite(parse_number(cell))]
    return not numbers or not {LABEL, *known}.isdisjoint(cells)


def _counts(cells: Sequence[str]) -> bool:
    """Whether the cells behind the first count the columns, from 0 or 1."""
    cells = [cell.strip() for cell in cells[1:]]
    return len(cells) > 4 and any(cells == [str(k + s) for k in range(len(cells))] for s in (0, 1))


def _are_pixels(features: list[str], named: bool) -> bool:
    square = isqrt(len(features)) ** 2 == len(features) >= 49
    return len(features) == 784 or (square and not named) or all(map(PIXEL_NAME.fullmatch, features))
