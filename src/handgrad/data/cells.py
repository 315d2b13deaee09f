"""Tables: the cells of a CSV or Parquet file become arrays of inputs, batch by batch."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from polars import selectors

from handgrad.data.columns import DATE, NO_DATE, Columns, holds_numbers, input_names
from handgrad.data.labels import parse_number
from handgrad.data.scan import ROW, csv_rows, ends_with_quote, is_parquet, scan_parquet
from handgrad.errors import HandgradError, quoted

MISSING = ("na", "n/a", "nan", "null", "none", "-", "?")
CELLS = 2**21
"""Cells of a batch: some 32 MB while they are texts."""


class MissingNumber(Exception):
    """A number is missing in a table of which it is not known yet which columns lack some."""


@dataclass(frozen=True)
class Table:
    """A file: the names of its columns in order, the number of rows up to its header, and its inputs.

    Inputs are numbers of a type, from `columns` in their order; a column with names has one input for each. One of
    numbers, some of which are missing, has an input for the numbers, of which `means` has the mean for the missing
    ones, and one that is 1 where a number is missing.
    """

    path: Path
    names: Sequence[str]
    header: int
    columns: Columns
    dtype: np.dtype[Any]
    targets: Sequence[str] = ()
    """The columns that are predicted."""
    labelled: bool = False
    """Whether every row must have them."""
    means: Mapping[str, float] = field(default_factory=dict)
    measured: bool = True
    """Whether the columns that lack numbers are known; else `batches` raises MissingNumber at the first."""

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the inputs; none where all columns are unnamed and hold numbers."""
        return input_names(self.columns) if self.header or any(self.columns.values()) else ()

    def size(self) -> int:
        """Return how many bytes the inputs take in memory."""
        rows = self.scan().select(pl.len()).collect().item()
        return int(rows * len(input_names(self.columns)) * self.dtype.itemsize)

    def scan(self, number: type[pl.DataType] | None = None) -> pl.LazyFrame:
        """Scan the rows with column `ROW`; the cells of a CSV are texts, or those of columns of numbers `number`."""
        if is_parquet(self.path):
            rows = scan_parquet(self.path)
            rows = rows.rename(dict(zip(rows.collect_schema(), self.names, strict=True)))
        else:
            if ends_with_quote(self.path):
                self._check_widths()  # raises where it is not closed
            numbers = [name for name, known in self.columns.items() if holds_numbers(known)]
            schema = dict.fromkeys(self.names, pl.String) | dict.fromkeys(numbers, number or pl.String)
            rows = pl.scan_csv(
                self.path,
                has_header=False,
                skip_rows=self.header,
                schema=schema,
                glob=False,
                missing_columns="insert",
            )
        return rows.with_row_index(ROW)

    def parts(
        self, number: type[pl.DataType] | None = None, start: int = 0, count: int | None = None
    ) -> Iterator[pl.DataFrame]:
        """Yield rows of `scan`, from `start` on or the first `count`, without spaces around texts or empty lines."""
        texts = selectors.string()
        rows = self.scan(number)
        # Below `head`, Polars ends at a quote that is not closed without an error.
        rows = rows.head(count) if count else rows.filter(pl.col(ROW) >= start)
        rows = rows.with_columns(texts.str.strip_chars().fill_null(""))
        if not number and not is_parquet(self.path):
            rows = rows.filter(pl.any_horizontal(texts != ""))
        try:
            yield from filter(len, rows.collect_batches(chunk_size=max(1, CELLS // len(self.names))))
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            if number:  # a cell is not a number of that type
                raise
            self._check_widths()
            reason = f"{str(error).splitlines()[0]:.100}; are quotes closed and doubled?"
            raise HandgradError(f"{self.path} cannot be read: {reason}") from error

    def _check_widths(self) -> None:
        """Raise HandgradError at a row of a CSV with too many or too few cells, or an open quote."""
        for line, cells in () if is_parquet(self.path) else csv_rows(self.path):
            if len(cells) > len(self.names) or (len(cells) < len(self.names) and "".join(cells).strip()):
                held = f"{len(cells)} columns where there should be {len(self.names)}"
                raise HandgradError(f"{self.path}, line {line}: {held}; correct or drop it")

    def batches(self) -> Iterator[tuple[NDArray[Any], pl.DataFrame]]:
        """Yield inputs of consecutive rows, (n, I), and their targets as texts; HandgradError at a bad cell."""
        if "" in self.columns.get([name for name in self.names if name not in self.targets][-1], ()):
            self._check_widths()  # Polars reads what a short row lacks as empty
        number: Any = {"uint8": pl.UInt8, "float32": pl.Float32}.get(self.dtype.name, pl.Float64)
        held = self.columns.values()
        if not any(map(holds_numbers, held)) or not (self.labelled or any("" not in known for known in held)):
            number = None  # or empty lines would be rows of missing cells
        start = 0
        with suppress(pl.exceptions.PolarsError, pl.exceptions.PanicException):
            for part in self.parts(number):
                inputs, targets, bad = self._convert(part)
                if bad:
                    self._check_missing(part, *bad)
                    break
                yield inputs, targets
                start = part.item(-1, ROW) + 1
            else:
                return
        # From the first problem on, cells are read as texts: spaces around numbers, empty lines, pixels such as 7.0.
        for part in self.parts(start=start):
            inputs, targets, bad = self._convert(part)
            if bad:
                self._check_missing(part, *bad)
                raise self._complaint(part, *bad)
            yield inputs, targets

    def _convert(self, part: pl.DataFrame) -> tuple[NDArray[Any], pl.DataFrame, tuple[int, str] | None]:
        """Convert rows to inputs and targets; the third result is row and column of the first bad cell."""
        kinds = part.schema
        number = pl.Float64 if self.dtype == np.float64 else pl.Float32
        if not any(self.columns.values()) and {kinds[name] for name in self.columns} == {number}:
            sources, values = (
                [*self.columns],
                part[[*self.columns]].to_numpy(order="c"),
            )  # without expressions
        else:
            part, cells = self._encode_names(part), [*self._cells(kinds, number)]
            sources = [name for name, _ in cells]
            values = part.select(cell.alias(str(k)) for k, (_, cell) in enumerate(cells)).to_numpy(order="c")
        with np.errstate(invalid="ignore"):
            inputs = values.astype(self.dtype, copy=False)
        valid = (inputs == values) & np.isfinite(inputs)
        texts = part.select(pl.col(name).cast(pl.String).fill_null("") for name in self.targets)
        wrong = ~valid.all(axis=1)
        if self.labelled:
            wrong |= texts.select(pl.any_horizontal(pl.all() == "")).to_series().to_numpy()
        if not wrong.any():
            return inputs, texts, None
        row = int(wrong.argmax())
        if valid[row].all():
            return inputs, texts, (row, next(name for name in self.targets if not texts.item(row, name)))
        return inputs, texts, (row, sources[int(valid[row].argmin())])

    def _encode_names(self, part: pl.DataFrame) -> pl.DataFrame:
        return part.with_columns(
            pl.col(name).cast(pl.String).cast(pl.Enum([*known]), strict=False)
            for name, known in self.columns.items()
            if not holds_numbers(known)
        )

    def _cells(self, kinds: pl.Schema, number: type[pl.DataType]) -> Iterator[tuple[str, pl.Expr]]:
        """Yield the column and the expression of each input."""
        for name, known in self.columns.items():
            cell = pl.col(name)
            if not known:
                yield name, cell if kinds[name] == pl.UInt8 else cell.cast(number, strict=False)
            elif holds_numbers(known):
                missing, mean = self._is_missing(name, kinds[name]), pl.lit(self.means[name])
                yield (
                    name,
                    pl.when(missing).then(mean).otherwise(cell.cast(number, strict=False)).cast(number),
                )
                yield name, missing.cast(number)
            else:
                for value in known:
                    yield name, (cell == value).cast(number)

    def _is_missing(self, name: str, kind: pl.DataType) -> pl.Expr:
        cell = pl.col(name)
        if kind == pl.String:
            return cell == ""
        return cell.is_null() | cell.is_nan() if kind.is_float() and is_parquet(self.path) else cell.is_null()

    def _complaint(self, part: pl.DataFrame, index: int, name: str) -> HandgradError:
        """Build the error for a bad cell, with its line in the file."""
        cell, known = part.item(index, name), self.columns.get(name)
        text = "" if cell is None else str(cell)
        if known and not holds_numbers(known):
            reason = f"{quoted(text)} is not one of {', '.join(map(repr, known)):.200}"
        elif not text:
            reason = "no value; fill it in or drop the row"
        elif self.dtype == np.uint8 and np.isfinite(parse_number(text)):
            reason = f"{quoted(text)} is not a pixel, an integer from 0 to 255"
        elif DATE.fullmatch(text):
            reason = f"{quoted(text)} is a date; {NO_DATE}"
        else:
            hint = "; leave the cell empty if the number is missing" * (text.lower() in MISSING)
            reason = f"{quoted(text)} is not a finite number ({self.dtype}){hint}"
        return self._error(part.item(index, ROW), name, reason)

    def _check_missing(self, part: pl.DataFrame, index: int, name: str) -> None:
        """Raise MissingNumber where a bad cell is a missing number, and not in an empty line."""
        if self.measured or name not in self.columns or not holds_numbers(self.columns[name]):
            return
        missing = part[index].select(self._is_missing(name, part.schema[name])).item()
        if missing and any(cell not in (None, "") for cell in part.drop(ROW).row(index)):
            raise MissingNumber

    def refusal(self, example: int, name: str, reason: str) -> HandgradError:
        """Build the error for a cell of an example, by its number, which is looked up in the file."""
        for part in self.parts():
            if example < len(part):
                return self._error(part.item(example, ROW), name, reason)
            example -= len(part)
        return HandgradError(f"{self.path}, column {quoted(name)}: {reason}")  # the file has changed

    def _error(self, row: int, name: str, reason: str) -> HandgradError:
        if is_parquet(self.path):
            where = f"row {row + 1}"
        else:
            where = f"line {next(islice(csv_rows(self.path), self.header + row, None))[0]}"
        column = quoted(name) if self.header else name
        return HandgradError(f"{self.path}, {where}, column {column}: {reason}")
