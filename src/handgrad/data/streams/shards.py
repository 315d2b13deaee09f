"""The files of a split, read piece by piece: tables of the same columns, or one pair of IDX files."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.cells import Cells, is_parquet
from handgrad.data.columns import aligned, input_names, is_name, spread
from handgrad.data.csv_cells import find_named_columns, read_csv, rows_below
from handgrad.data.dataset import naming
from handgrad.data.idx import check_idx_pair, read_idx
from handgrad.data.idx_content import IdxContent, reading_idx
from handgrad.data.labels import shown
from handgrad.data.parquet_cells import columns_of_names, count_rows, read_parquet, row_bytes
from handgrad.data.parquet_footer import group_bytes
from handgrad.data.streams.csv_pieces import LINE, csv_pieces
from handgrad.data.tables import column_names, table_content
from handgrad.errors import HandgradError

GROUPS = 2
"""Bytes of columns of a group of rows that are in memory while a piece is read, in pieces."""
FIRST = 2**20
"""Bytes of a CSV by which it is told which of its columns hold names."""

Position = list[int]
"""Where in a file the next piece begins, as numbers that JSON can hold; [] at its beginning."""


@dataclass(frozen=True)
class Piece:
    """Some examples: inputs (n, I) as they will be kept, labels (n,) as in the file, and how far the file is read."""

    inputs: NDArray[Any]
    labels: NDArray[Any]
    next: Position
    share: float


class Shards(ABC):
    """Files that make up a split, in order.

    Attributes
    ----------
    paths : list of Path
        One a shard.
    images : bool
        Whether inputs are bytes, else float32.
    input_shape, features
        As in `Dataset`; not known before `open`.
    """

    paths: Sequence[Path]
    images: bool
    input_shape: tuple[int, ...]
    features: Sequence[str]

    @abstractmethod
    def open(self, known: Sequence[str], size: int) -> None:
        """Find out what must be known before the first piece, in pieces of some `size` bytes.

        Parameters
        ----------
        known : sequence of str
            The `features` of the training split, where this is another.
        size : int

        Raises
        ------
        HandgradError
            If a file cannot be read.
        """

    @abstractmethod
    def pieces(self, shard: int, start: Position, size: int) -> Iterator[Piece]:
        """Read a shard from a position on, in pieces of some `size` bytes."""

    @abstractmethod
    def place(self, shard: int, start: Position, example: int) -> str:
        """Say for messages where an example is, counted from 0 behind a position."""


class TableShards(Shards):
    """CSV or Parquet files with the same columns.

    Parameters
    ----------
    paths : sequence of Path

    Raises
    ------
    HandgradError
        If the columns of one are not those of the first.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = paths
        self.names, self.named = column_names(paths[0])
        for path in paths[1:]:
            if column_names(path) != (self.names, self.named):
                raise HandgradError(
                    f"{path} has other columns than {paths[0]}, or in another order; make them the same"
                )
        self.images, self.columns, self._shape = table_content(self.names, self.named)
        self.dtype = np.dtype(np.uint8 if self.images else np.float32)
        self._words: Collection[str] = ()

    def open(self, known: Sequence[str], size: int) -> None:
        """Find the columns of names, by the first piece, and, by passing over everything, the names in them."""
        inputs: Sequence[str] = self.columns
        if not self.images:
            self._words = self._named_columns(size)
        if self._words:
            inputs = known or self._find_names(size)
        self.input_shape = self._shape or (len(inputs),)
        self.features = inputs if self.named or self._words else ()

    def pieces(self, shard: int, start: Position, size: int) -> Iterator[Piece]:
        """Read a table; see `Shards`."""
        path = self.paths[shard]
        for before, cells, position, share in self._cells(path, start, size):
            assert cells.labels is not None
            inputs = cells.numbers
            if self._words:
                with naming(path):
                    own = spread(self.columns, cells.numbers, cells.texts)
                    inputs = aligned(*own, self.features, before=before)
            yield Piece(inputs, cells.labels, position, share)

    def place(self, shard: int, start: Position, example: int) -> str:
        """Name file and line, or row; see `Shards`."""
        path = self.paths[shard]
        if is_parquet(path):
            return f"{path}, row {(start[0] if start else 0) + example + 1}"
        offset, line = start or (0, 0)
        for piece, _, next_line in csv_pieces(path, offset, line, FIRST):
            for number, _ in rows_below(path, self.named, piece, line):
                if example == 0:
                    return f"{path}, line {number}"
                example -= 1
            line = next_line
        return str(path)  # shorter than it was

    def _named_columns(self, size: int) -> Collection[str]:
        path = self.paths[0]
        if is_parquet(path):
            return columns_of_names(path, self.names)
        piece, _, _ = next(csv_pieces(path, 0, 0, min(size, FIRST)))
        return find_named_columns(path, self.names, self.named, piece)

    def _find_names(self, size: int) -> Sequence[str]:
        """Pass over all shards, and name the inputs that the columns become."""
        found: dict[str, set[str]] = {name: set() for name in self._words}
        for path in self.paths:
            for _, cells, _, _ in self._cells(path, [], size):  # which names the file itself
                for name, values in cells.texts.items():
                    found[name].update(values)
                    if not is_parquet(path):
                        with naming(path):
                            _check_names(name, found[name])
                with naming(path):
                    inputs = input_names(self.columns, found)
        return inputs

    def _cells(self, path: Path, start: Position, size: int) -> Iterator[tuple[int, Cells, Position, float]]:
        """Read pieces; give the rows before each, where the next begins, and which share of the file is read."""
        return (self._parquet if is_parquet(path) else self._csv)(path, start, size)

    def _parquet(
        self, path: Path, start: Position, size: int
    ) -> Iterator[tuple[int, Cells, Position, float]]:
        total, step = count_rows(path), max(1, size // (row_bytes(path) + LINE))
        width = max(1, GROUPS * size * len(self.names) // max(1, group_bytes(path)))
        for first in range(start[0] if start else 0, total, step):
            cells = read_parquet(path, self.names, self.dtype, self._words, False, first, step, width)
            last = first + len(cells.numbers)
            yield first, cells, [last], last / total

    def _csv(self, path: Path, start: Position, size: int) -> Iterator[tuple[int, Cells, Position, float]]:
        offset, line = start or (0, 0)
        total = path.stat().st_size
        for piece, following, next_line in csv_pieces(path, offset, line, size):
            cells = read_csv(path, self.names, self.named, self.dtype, self._words, False, piece, line)
            yield max(0, line - self.named), cells, [following, next_line], following / total
            offset, line = following, next_line


def _check_names(column: str, values: Collection[str]) -> None:
    """Refuse numbers among names: without a stream, all of the column would have to be numbers."""
    wrong = [value for value in values if value and not is_name(value)]
    if wrong:
        raise HandgradError(
            f"column {shown(column)} begins with names, and holds {shown(wrong[0])}, too; make all of it "
            "names, or numbers"
        )


class IdxShards(Shards):
    """One file of images and one of labels, as in `idx.read_idx_folder`.

    Parameters
    ----------
    images, labels : Path
    """

    images = True
    features = ()

    def __init__(self, images: Path, labels: Path) -> None:
        self.paths = (images,)
        self.labels_path = labels
        with reading_idx(images) as file:
            content = IdxContent(images, file)
        self.labels = read_idx(labels)
        check_idx_pair(images, content.dtype, content.shape, labels, self.labels)
        shape = content.shape
        self.input_shape = shape[1:] if len(shape) == 4 else (1, *shape[1:])

    def open(self, known: Sequence[str], size: int) -> None:
        """Images have no columns that would have to be known."""

    def place(self, shard: int, start: Position, example: int) -> str:
        """Name the file of labels, and which one it is in it; see `Shards`."""
        return f"{self.labels_path}, example {(start[0] if start else 0) + example + 1}"

    def pieces(self, shard: int, start: Position, size: int) -> Iterator[Piece]:
        """Read the images; see `Shards`. A gzipped file is unzipped anew up to `start`."""
        total, row = len(self.labels), prod(self.input_shape)
        step, skipped = max(1, size // row), start[0] if start else 0
        with reading_idx(self.paths[0]) as file:
            content = IdxContent(self.paths[0], file)
            for first in range(0, total, step):
                # Pieces begin where they began before, if as many bytes make one: what was kept is passed over.
                inputs = np.empty((min(step, total - first), row), np.uint8)
                content.fill(inputs.data.cast("B"))
                last = first + len(inputs)
                if last == total:
                    content.finish()
                if last > skipped:
                    kept = slice(max(0, skipped - first), None)
                    yield Piece(inputs[kept], self.labels[first:last][kept], [last], last / total)
