"""Tables, CSV and Parquet: with a label column to train with, and rows of them to predict."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import isqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.arrays import Store, stack
from handgrad.data.cells import LABEL, Columns, TableFile, stripped
from handgrad.data.columns import columns_of, input_names, is_name
from handgrad.data.dataset import Dataset, naming
from handgrad.data.labels import encode_labels, parse_number, shown
from handgrad.data.memory import check_memory
from handgrad.data.outofcore import Source, load_or_convert
from handgrad.data.scan import first_row, is_parquet, is_text
from handgrad.errors import HandgradError

PIXEL_NAME = re.compile(r"(p|px|pix|pixel)[ _-]?\d+|\d+x\d+", re.IGNORECASE)
ROW_NUMBERS = ("", "Unnamed: 0", "__index_level_0__")
"""The names that pandas gives to row numbers, from which nothing can be learned but which may reveal the label."""
PEEK = 100
"""Rows of a CSV that show which of its columns can hold names."""


@dataclass(frozen=True)
class Rows:
    """Examples of a table: inputs (N, I), float64 or uint8 for pixels; N labels or None; names of the inputs."""

    inputs: NDArray[Any]
    labels: list[str | None]
    features: tuple[str, ...]


def read_table(paths: Sequence[Path], like: Dataset | None = None) -> Dataset:
    """Read a table with a label column; one that would not fit into memory is converted once.

    In a CSV without header the label is the first column; otherwise, and in Parquet, its name is ``label``.
    A table holds images, with uint8 values, where its columns are named as pixels (``pixel0``, ``1x1``), or are
    unnamed and a square number of at least 49, or are 784. Every other table holds finite numbers, or columns of
    names, each of which becomes one float32 input for each name, ``soil=clay``.

    `paths` may be several files with the same columns. `like` is the training split, where this is another split of
    the same data.
    """
    where = str(paths[0]) if len(paths) == 1 else f"{paths[0]} … {paths[-1].name}"
    table = cache(lambda: Table.open(paths, like))
    known = [*like.class_names, *like.features] if like is not None else []
    return load_or_convert(
        Source(where, lambda: table().size(), paths, known=known),
        lambda store: table().read(where, store, like),
    )


def read_rows(path: Path, inputs: int, features: Sequence[str] = (), *, images: bool = False) -> Rows:
    """Read a CSV or Parquet file of one or many rows as a model with `inputs` inputs takes them.

    One additional column holds labels: that of this name, else the first. Where the model has names of inputs,
    `features`, a header may have its columns in any order. With `images`, values must be bytes.
    """
    if path.is_file():
        check_memory(path.stat().st_size, path, "; split it into several files")
    columns = _columns_of(path, features)
    file = open_file(path, [*columns], len(columns) or inputs, labelled=False)
    columns = columns or dict.fromkeys(file.inputs, ())
    dtype = np.dtype(np.uint8 if images else np.float64)
    batches = list(file.batches(columns, dtype, labelled=False))
    labels = [
        mark or None for part, marks in batches for mark in (marks if marks is not None else [""] * len(part))
    ]
    if not labels:
        raise HandgradError(f"{path} holds no examples")
    names = tuple(features) or (tuple(file.inputs) if file.header else ())
    return Rows(stack(part for part, _ in batches), labels, names)


def is_table(path: Path) -> bool:
    """Whether a file holds rows and not an image, by its name."""
    return path.suffix.lower() in (".csv", ".parquet")


@dataclass(frozen=True)
class Table:
    """The files of one table, and the columns of its inputs in order, those of names with their names."""

    files: list[TableFile]
    columns: Columns
    dtype: "np.dtype[Any]"

    @classmethod
    def open(cls, paths: Sequence[Path], like: Dataset | None) -> "Table":
        """Read the names of the columns and find those of names; HandgradError where files do not match."""
        columns = _columns_of(paths[0], like.features) if like is not None else {}
        files: list[TableFile] = []
        for path in paths:
            known = files[0].inputs if files else [*columns]
            count = len(known) or (like.inputs.shape[1] if like is not None else 0)
            files.append(open_file(path, known, count, labelled=True))
        pixels = like.inputs.dtype == np.uint8 if like is not None else _are_pixels(files[0])
        if not columns:
            found = {} if like is not None or pixels else _find_names(files)
            columns = {name: found.get(name, []) for name in files[0].inputs}
        with naming(paths[0]):
            input_names(columns)
        return cls(files, columns, np.dtype(np.uint8 if pixels else np.float32))

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the inputs."""
        return input_names(self.columns)

    def size(self) -> int:
        """Return about how many bytes the inputs take in memory."""
        return sum(file.count_rows() for file in self.files) * len(self.features) * self.dtype.itemsize

    def read(self, where: str, store: Store, like: Dataset | None) -> Dataset:
        """Read all rows into a data set."""
        import polars as pl

        images = self.dtype == np.uint8
        marks: list[pl.Series] = []

        def blocks() -> Iterator[NDArray[Any]]:
            for file in self.files:
                for inputs, labels in file.batches(self.columns, self.dtype, labelled=True):
                    assert labels is not None
                    marks.append(labels)
                    yield inputs
            if not any(map(len, marks)):
                raise HandgradError(f"{where} holds no examples")

        inputs, texts = store(blocks()), pl.concat(marks)
        present = texts.unique()
        places = texts.cast(pl.Enum(present)).to_physical().to_numpy()
        classes = like.class_names if like is not None else None
        labels, names = encode_labels(np.array(present), where, classes, images=images, places=places)
        side = isqrt(inputs.shape[1])
        shape = (1, side, side) if images and side**2 == inputs.shape[1] else inputs.shape[1:]
        named = self.files[0].header or any(self.columns.values())
        features = like.features if like is not None else self.features if named else ()
        with naming(where):
            return Dataset(inputs, labels, names, shape, features=features)


def open_file(path: Path, known: Sequence[str], count: int, *, labelled: bool) -> TableFile:
    """Find the header of a file and its columns; HandgradError where these are not the expected ones.

    `known` are the columns besides the label, and `count` is their number; empty and 0 where neither is known. A file
    of `count` columns and one more has labels in that one: the first, or that of the name ``label``.
    """
    row, cells = first_row(path)
    cells = [LABEL if cell.strip().lower() == LABEL else cell.strip() for cell in cells]
    named = is_parquet(path) or _is_header(cells, known, labelled)
    width = count or len(cells) - 1
    more = len(cells) > width
    names = cells if named else [LABEL] * more + [*(known or map(str, range(1 + more, len(cells) + 1)))]
    if named:
        taken, there = {*known, LABEL}, set(cells)
        expected = f"expected {', '.join(known[:8])}{', …' if len(known) > 8 else ''}"
        for name, times in Counter(cells).items():
            if name in ROW_NUMBERS:
                raise HandgradError(
                    f"{path} has a column named '{name}', as row numbers are; drop or name it"
                )
            if times > 1:
                raise HandgradError(f"{path} has two columns named {shown(name)}; rename one")
            if known and name not in taken:
                raise HandgradError(f"{path} has an unknown column {shown(name)}; {expected}")
        for name in known:
            if name not in there:
                raise HandgradError(f"{path} has no column {shown(name)}; {expected}")
        if more and not known and not labelled and LABEL not in names:
            names = [LABEL, *names[1:]]
    if labelled and (LABEL not in names or len(names) < 2):
        raise HandgradError(
            f"{path} has no column named 'label' beside others, separated by commas; name it in the header, or "
            "put it first, without a header"
        )
    if len(names) != len(cells) or len(names) != width + (LABEL in names):
        raise HandgradError(
            f"{path}: {width} inputs are expected, optionally with a label before them; the first line has "
            f"{len(cells)} cells"
        )
    return TableFile(path, names, row if named else 0)


def _columns_of(path: Path, features: Sequence[str]) -> Columns:
    """Return the columns of inputs; a file with numbers in columns such as ``a=1`` has these in its header."""
    columns = columns_of(features)
    if any(columns.values()) and {*features} <= {cell.strip() for cell in first_row(path)[1]}:
        return dict.fromkeys(features, ())
    return columns


def _is_header(cells: Sequence[str], known: Sequence[str], labelled: bool) -> bool:
    """Whether a first row is a header: all known names, or it has ``label`` or a known name, or no number.

    Where no names are known, a number in the first column may be that of a label. In a file to train with, numbers
    that count the columns are a header, too.
    """
    if known and sorted(cell for cell in cells if cell != LABEL) == sorted(known):
        return True
    tail = list(cells[1:])
    counts = [[str(k + start) for k in range(len(tail))] for start in (0, 1)]
    if labelled and len(tail) > 4 and tail in counts:
        return True
    numbers = [cell for cell in (cells if known else tail or cells) if np.isfinite(parse_number(cell))]
    return not numbers or not {LABEL, *known}.difference(numbers).isdisjoint(cells)


def _are_pixels(file: TableFile) -> bool:
    names = file.inputs
    square = isqrt(len(names)) ** 2 == len(names) >= 49
    return len(names) == 784 or (square and not file.header) or all(map(PIXEL_NAME.fullmatch, names))


def _find_names(files: Sequence[TableFile]) -> dict[str, list[str]]:
    """Find the columns of names and their names: in Parquet those of text, in a CSV those in which every cell that is
    not empty is a name, and not all are empty.
    """
    import polars as pl

    first, parquet = files[0], is_parquet(files[0].path)
    if parquet:
        kinds = first.scan().collect_schema()
        wanted = [name for name in first.inputs if is_text(kinds[name])]
        for file in files[1:]:
            others = file.scan().collect_schema()
            for name in first.inputs:
                if is_text(others[name]) != is_text(kinds[name]):
                    held, other = ("text", "numbers") if is_text(others[name]) else ("numbers", "text")
                    reason = f"holds {held}, in {first.path.name} {other}; convert one of them"
                    raise HandgradError(f"{file.path}: column {shown(name)} {reason}")
    else:
        with first.explaining():
            peek = first.scan().head(min(PEEK, first.chunk)).collect()
        numbers = pl.col(first.inputs).str.strip_chars().cast(pl.Float64, strict=False)
        wanted = [name for name, (none,) in peek.select(numbers.is_null().all()).to_dict().items() if none]
    found: dict[str, set[str]] = {name: set() for name in wanted}
    for file in files if wanted else ():
        for part in file.parts():
            for name, texts in part.select(map(stripped, wanted)).to_dict().items():
                found[name].update(texts.unique())
    return {
        name: sorted(texts)
        for name, texts in found.items()
        if parquet or (any(texts) and all(map(is_name, texts - {""})))
    }
