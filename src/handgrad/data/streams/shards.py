"""The files of a split, read piece by piece: tables of the same columns, or one pair of IDX files."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.csv_tables import read_csv
from handgrad.data.idx import IdxContent, check_idx_pair, read_idx, reading_idx
from handgrad.data.parquet_tables import count_rows, read_parquet, row_bytes
from handgrad.data.tables import column_names, is_parquet, table_content
from handgrad.errors import HandgradError

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
        As in `Dataset`.
    """

    paths: Sequence[Path]
    images: bool
    input_shape: tuple[int, ...]
    features: Sequence[str]

    @abstractmethod
    def pieces(self, shard: int, start: Position, size: int) -> Iterator[Piece]:
        """Read a shard from a position on, in pieces of some `size` bytes."""


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
        self.images, self.input_shape, self.features = table_content(self.names, self.named)

    def pieces(self, shard: int, start: Position, size: int) -> Iterator[Piece]:
        """Read a table; see `Shards`."""
        path = self.paths[shard]
        return (self._parquet if is_parquet(path) else self._csv)(path, start, size)

    def _parquet(self, path: Path, start: Position, size: int) -> Iterator[Piece]:
        total, step = count_rows(path), max(1, size // row_bytes(path))
        for first in range(start[0] if start else 0, total, step):
            inputs, labels = read_parquet(path, self.names, self.images, first, step)
            yield Piece(inputs, labels, [first + len(labels)], (first + len(labels)) / total)

    def _csv(self, path: Path, start: Position, size: int) -> Iterator[Piece]:
        """Cut a CSV behind ends of lines that are not within quotes."""
        offset, line = start or (0, 0)
        total = path.stat().st_size
        with path.open("rb") as file:
            file.seek(offset)
            content = b""
            while True:
                more = file.read(size)
                content += more
                cut = len(content) if not more else _last_end(content)
                if not content:
                    return
                if cut:
                    piece, content = content[:cut], content[cut:]
                    read = read_csv(path, self.names, self.named and offset == 0, self.images, piece, line)
                    offset, line = offset + cut, line + piece.count(b"\n")
                    yield Piece(*read, [offset, line], offset / total)


def _last_end(content: bytes) -> int:
    """Find the last end of a line that is not within quotes; 0 where there is none."""
    end = content.rfind(b"\n") + 1
    while end and content.count(b'"', 0, end) % 2:
        end = content.rfind(b"\n", 0, end - 1) + 1
    return end


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
