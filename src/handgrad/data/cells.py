"""Files of tables: the cells of a CSV or Parquet file become arrays of inputs, batch by batch."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from handgrad.data.labels import parse_number, shown
from handgrad.data.scan import ROW, csv_rows, is_parquet, is_text, scan_csv, scan_parquet
from handgrad.errors import HandgradError

if TYPE_CHECKING:
    import polars as pl

LABEL = "label"
Columns: TypeAlias = Mapping[str, Sequence[str]]
"""The columns of inputs in order, those of names with their names."""
CELLS = 2**21
"""Cells of a batch: some 32 MB while they are texts."""


@dataclass(frozen=True)
class TableFile:
    """A file of a table: its columns in order, optionally with ``label``, and the number of rows up to its header."""

    path: Path
    names: list[str]
    header: int

    @property
    def inputs(self) -> list[str]:
        """The columns without the label."""
        return [name for name in self.names if name != LABEL]

    @property
    def chunk(self) -> int:
        """The number of rows of a batch."""
        return max(1, CELLS // len(self.names))

    def scan(self) -> "pl.LazyFrame":
        """Scan the rows, in a CSV with all cells as texts; HandgradError where a column holds anything else."""
        import polars as pl

        if not is_parquet(self.path):
            return scan_csv(self.path, dict.fromkeys(self.names, pl.String), self.header)
        frame = scan_parquet(self.path)
        kinds = frame.collect_schema()
        for name, kind in kinds.items():
            if not (kind.is_numeric() or kind == pl.Boolean or is_text(kind)):
                held = f"column {shown(name)} holds {kind.base_type()}"
                raise HandgradError(f"{self.path}: {held}, not numbers or text; convert or drop it")
        return frame.rename(dict(zip(kinds, self.names, strict=True))).with_row_index(ROW)

    def parts(self, start: int = 0) -> "Iterator[pl.DataFrame]":
        """Yield the rows from `start` on, without empty lines."""
        import polars as pl

        with self.explaining():
            for part in self.scan().filter(pl.col(ROW) >= start).collect_batches(chunk_size=self.chunk):
                if not is_parquet(self.path):
                    empty = part.select(stripped(self.names[0]) == "").to_series()
                    for name in self.names[1:] if empty.any() else ():
                        empty &= part.select(stripped(name) == "").to_series()
                    part = part.filter(~empty) if empty.any() else part
                yield part

    def count_rows(self) -> int:
        """Return the number of rows of a Parquet file, or about that of a CSV, from its size and first lines."""
        import polars as pl

        if is_parquet(self.path):
            return int(self.scan().select(pl.len()).collect().item())
        with self.path.open("rb") as file:
            head = file.read(2**20)
        return self.path.stat().st_size * (head.count(b"\n") + 1) // max(1, len(head))

    def batches(
        self, columns: Columns, dtype: np.dtype[Any], *, labelled: bool
    ) -> "Iterator[tuple[NDArray[Any], pl.Series | None]]":
        """Yield inputs of consecutive rows, (n, I), and their labels as texts, if the file has any.

        The inputs are in the order of `columns`; a column with names has one input for each. HandgradError where a
        cell is missing, not one of the names, or not a number in the range of `dtype`, where a label is missing
        though all rows should be `labelled`, or a row has too many or too few cells.
        """
        import polars as pl

        done = 0
        if not is_parquet(self.path) and "" in columns.get(self.inputs[-1], ()):
            self._check_widths()
        # Numbers show which lines are empty.
        if not is_parquet(self.path) and not all(columns.values()):
            number = {np.uint8: pl.UInt8, np.float32: pl.Float32}.get(dtype.type, pl.Float64)
            kinds: dict[str, type[pl.DataType]] = {
                name: pl.String if columns.get(name, LABEL) else number for name in self.names
            }
            with suppress(pl.exceptions.PolarsError):
                for part in scan_csv(self.path, kinds, self.header).collect_batches(chunk_size=self.chunk):
                    inputs, labels, bad = _convert(part, columns, dtype, labelled)
                    if bad:
                        break
                    yield inputs, labels
                    done += part.height
                else:
                    return
        # From the first problem on, cells are read as texts: spaces around numbers, empty lines, pixels such as 7.0.
        for part in self.parts(done):
            inputs, labels, bad = _convert(part, columns, dtype, labelled)
            if bad:
                raise self._complaint(part[ROW][bad[0]], bad[1], columns, dtype)
            yield inputs, labels

    def _complaint(self, row: int, name: str, columns: Columns, dtype: np.dtype[Any]) -> HandgradError:
        """Build the error for a bad cell, with its line in the file."""
        if is_parquet(self.path):
            where, cell = f"row {row + 1}", self.scan().slice(row, 1).select(name).collect().item()
            text = "" if cell is None else str(cell)
        else:
            line, cells = next(islice(csv_rows(self.path), self.header + row, None), (0, []))
            where, text = f"line {line}", dict(zip(self.names, cells, strict=False)).get(name, "")
        if known := columns.get(name):
            reason = f"{shown(text)} is not one of {', '.join(map(shown, known[:8]))}"
        elif not text.strip():
            reason = "no value; fill it in or drop the row"
        elif dtype == np.uint8 and np.isfinite(parse_number(text)):
            reason = f"{shown(text)} is not a pixel, an integer from 0 to 255"
        else:
            reason = f"{shown(text)} is not a finite number ({dtype})"
        return HandgradError(f"{self.path}, {where}, column {shown(name) if self.header else name}: {reason}")

    def _check_widths(self) -> None:
        """Raise HandgradError where a row of a CSV has too many or too few cells."""
        for line, cells in islice(csv_rows(self.path), self.header, None):
            if len(cells) > len(self.names) or (len(cells) < len(self.names) and "".join(cells).strip()):
                held = f"{len(cells)} columns where there should be {len(self.names)}"
                raise HandgradError(f"{self.path}, line {line}: {held}; correct or drop it")

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Find the line at which Polars could not read on."""
        import polars as pl

        try:
            yield
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            if not is_parquet(self.path):
                self._check_widths()
            reason = str(error).partition("\n")[0]
            raise HandgradError(
                f"{self.path} cannot be read: {reason:.100}; are quotes closed and doubled?"
            ) from error


def _convert(
    part: "pl.DataFrame", columns: Columns, dtype: np.dtype[Any], labelled: bool
) -> "tuple[NDArray[Any], pl.Series | None, tuple[int, str] | None]":
    """Convert rows to inputs and labels; the third result is row and column of the first bad cell."""
    import polars as pl

    float_kind = pl.Float64 if dtype == np.float64 else pl.Float32
    part = part.with_columns(
        stripped(name).cast(pl.Enum([*known]), strict=False) for name, known in columns.items() if known
    )
    kinds = part.schema
    inputs, sources, changes = [], [], [stripped(LABEL)] if LABEL in kinds else []
    for name, known in columns.items():
        names = [f"{name}={value}" for value in known] or [name]
        if known:
            changes += [
                (pl.col(name) == v).cast(float_kind).alias(n) for n, v in zip(names, known, strict=True)
            ]
        elif is_text(kinds[name]):
            changes.append(pl.col(name).str.strip_chars().cast(float_kind, strict=False))
        elif kinds[name] not in (pl.UInt8, float_kind):
            changes.append(pl.col(name).cast(float_kind, strict=False))
        inputs += names
        sources += [name] * len(names)
    part = part.with_columns(changes)
    values = part[inputs].to_numpy(order="c")
    with np.errstate(invalid="ignore"):
        numbers = values.astype(dtype, copy=False)
    valid = (numbers == values) & np.isfinite(numbers)
    wrong = ~valid.all(axis=1)
    labels = part[LABEL] if LABEL in kinds else None
    if labels is not None and labelled:
        wrong |= (labels == "").to_numpy()
    if not wrong.any():
        return numbers, labels, None
    row = int(wrong.argmax())
    return numbers, labels, (row, LABEL if valid[row].all() else sources[int(valid[row].argmin())])


def stripped(name: str) -> "pl.Expr":
    """Take a column as texts, without spaces around them, empty where there is none."""
    import polars as pl

    return pl.col(name).cast(pl.String).str.strip_chars().fill_null("")
