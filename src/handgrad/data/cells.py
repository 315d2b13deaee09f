"""The rows of a CSV or Parquet file in batches of arrays. Polars, which reads them, is imported only then."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from handgrad.data.labels import parse_number, shown
from handgrad.data.scan import ROW, csv_rows, is_blank, is_parquet, scan_csv, scan_parquet
from handgrad.errors import HandgradError

if TYPE_CHECKING:
    import polars as pl

LABEL = "label"
CELLS = 2**21
"""Cells of a batch: some 32 MB while they are texts."""
TO_PEEK = 100
"""Rows of a CSV that show which of its columns can hold names."""


@dataclass(frozen=True)
class Columns:
    """The columns of a file.

    `names` are in the order of the file, ``label`` perhaps among them; `header` is the number of rows up to
    its header, 0 where it has none; `dtype` is that of the numbers: uint8 for pixels, float32 or float64;
    `texts` are the columns of names with their sorted values; `unlabelled` is whether labels may be missing.
    """

    names: Sequence[str]
    header: int
    dtype: "np.dtype[Any]"
    texts: Mapping[str, list[str]] = field(default_factory=dict)
    unlabelled: bool = False

    @property
    def numbers(self) -> list[str]:
        """The columns of numbers."""
        return [name for name in self.names if name != LABEL and name not in self.texts]

    @property
    def images(self) -> bool:
        """Whether the numbers are pixels."""
        return self.dtype == np.uint8

    def shown(self, name: str) -> str:
        """Return a column's name for messages: quoted, or its number where the file has no header."""
        return f"column {shown(name) if self.header else name}"


class Batch(NamedTuple):
    """Consecutive rows: numbers (n, K), the n cells of each column of names, and n labels where there are any."""

    numbers: NDArray[Any]
    texts: dict[str, list[str]]
    labels: NDArray[Any] | None


def first_row(path: Path) -> tuple[int, list[str]]:
    """Return the number, from 1, and the cells of the first row that is not empty; in Parquet the column names."""
    if path.exists() and not path.is_file():  # opening a pipe would block
        raise HandgradError(f"{path} is a folder or not a plain file; name a CSV or Parquet file")
    if is_parquet(path):
        return 1, list(scan_parquet(path).collect_schema())
    for number, (_, row) in enumerate(csv_rows(path), 1):
        if not is_blank(row):
            if row[0].lstrip().lower().startswith(("<!doctype", "<html", "<?xml")):
                raise HandgradError(f"{path} is a web page (HTML), not a CSV; download the file itself")
            return number, row
    raise HandgradError(f"{path} is empty; a CSV with a row for each example is expected")


def count_rows(path: Path) -> int:
    """Return the number of rows of a Parquet file, or about that of a CSV, from its size and its first lines."""
    import polars as pl

    if is_parquet(path):
        return int(scan_parquet(path).select(pl.len()).collect().item())
    with path.open("rb") as file:
        head = file.read(2**20)
    return path.stat().st_size * (head.count(b"\n") + 1) // max(1, len(head))


def find_categories(path: Path, columns: Columns) -> dict[str, set[str]]:
    """Find the columns of names of a file and their values.

    In Parquet they are the columns of texts. In a CSV they are those in which every cell that is not empty is a
    name, and not all are empty. Where `columns` has columns of names already, only their values are collected.
    """
    import polars as pl

    if columns.images:
        return {}
    features = [name for name in columns.names if name != LABEL]
    wanted, infer = list(columns.texts), False
    if is_parquet(path):
        frame = scan_parquet(path, columns.names)
        kinds = frame.collect_schema()
        wanted = wanted or [name for name in features if kinds[name] in (pl.String, pl.Categorical, pl.Enum)]
    else:
        frame = _scan_csv(path, columns, 0)
        if infer := not wanted:
            with _explained(path, columns):
                peek = frame.head(max(2, min(TO_PEEK, CELLS // len(columns.names)))).collect()
            numeric = ~np.isnan(_to_numbers(peek, features, np.dtype(np.float64))).all(axis=0)
            wanted = [name for name, number in zip(features, numeric, strict=True) if not number]
    found: dict[str, set[str]] = {name: set() for name in wanted}
    if found:
        frame = frame.select(wanted) if is_parquet(path) else frame
        with _explained(path, columns):
            for batch in frame.collect_batches(chunk_size=max(1, CELLS // len(columns.names))):
                texts = _texts(wanted, batch if is_parquet(path) else _without_empty(batch))
                for name in tuple(found):
                    found[name].update(texts[name])
                    if infer and not all(map(is_name, found[name] - {""})):
                        del found[name]
    found = {name: values for name, values in found.items() if not infer or values - {""}}
    if "" in found.get(columns.names[-1], ()) and not is_parquet(path):
        _check_widths(path, columns)  # a row that is too short looks the same
    return found


def is_name(cell: str) -> bool:
    """Whether a cell is a name, not a number nor meant as one (``12,5``, ``?``): it has a letter."""
    if not any(map(str.isalpha, cell)) or "\n" in cell or "\r" in cell:
        return False
    try:
        float(cell)  # nan, inf, 1e3
    except ValueError:
        return True
    return False


def read_batches(path: Path, columns: Columns) -> Iterator[Batch]:
    """Yield the rows of a file.

    HandgradError where a cell is missing, not a number or out of range, or a row has too few or too many cells.
    """
    import polars as pl

    size = max(1, CELLS // len(columns.names))
    if is_parquet(path):
        frame = scan_parquet(path, columns.names)
        for name, kind in frame.collect_schema().items():
            if name in columns.numbers and not (kind.is_numeric() or kind == pl.Boolean):
                holds = "names" if kind in (pl.String, pl.Categorical, pl.Enum) else kind.base_type()
                raise HandgradError(f"{path}: column {shown(name)} holds {holds}, not numbers")
        done = 0
        for part in frame.collect_batches(chunk_size=size):
            batch, bad = _convert(columns, part)
            if bad:
                raise _complaint(path, columns, done + bad[0], bad[1], part[bad])
            yield batch
            done += part.height
        return
    done = 0
    if columns.numbers:
        with suppress(pl.exceptions.PolarsError):
            for part in _scan_csv(path, columns).collect_batches(chunk_size=size):
                batch, bad = _convert(columns, part)
                if bad:
                    break
                yield batch
                done += part.height
            else:
                return
    # From the first problem on, all cells are read as texts: spaces around numbers, empty lines, pixels such as 7.0.
    with _explained(path, columns):
        for part in _scan_csv(path, columns, done).collect_batches(chunk_size=size):
            part = _without_empty(part)
            batch, bad = _convert(columns, part)
            if bad:
                raise _complaint(path, columns, part[ROW][bad[0]], bad[1], part[bad])
            yield batch


def _convert(columns: Columns, frame: "pl.DataFrame") -> tuple[Batch, tuple[int, str] | None]:
    """Convert rows of any types; the second result is row and column of the first bad cell."""
    import polars as pl

    values = _to_numbers(frame, columns.numbers, columns.dtype)
    valid = np.isfinite(values)
    if columns.images and values.dtype != np.uint8:
        valid &= (values >= 0) & (values <= 255) & (values == np.floor(values))
    labels = frame[LABEL] if LABEL in columns.names else None
    missing = np.zeros(len(values), bool)
    if labels is not None and not columns.unlabelled:
        missing = (labels.is_null() | (labels.cast(pl.String).str.strip_chars() == "")).to_numpy()
    wrong, bad = missing | ~valid.all(axis=1), None
    if wrong.any():
        row = int(wrong.argmax())
        bad = row, LABEL if missing[row] else columns.numbers[int(valid[row].argmin())]
    with np.errstate(invalid="ignore"):
        numbers = values.astype(columns.dtype, copy=False)
    marks = None if labels is None else labels.to_numpy()
    return Batch(numbers, _texts(columns.texts, frame), marks), bad


def _to_numbers(frame: "pl.DataFrame", names: list[str], dtype: "np.dtype[Any]") -> NDArray[Any]:
    """Return columns as numbers, (n, K), NaN where a cell is not a number."""
    import polars as pl

    if not names:
        return np.empty((frame.height, 0), dtype)
    part = frame.select(names)
    if set(part.dtypes) == {_kind(dtype)}:
        return part.to_numpy(order="c")
    kind = pl.Float32 if dtype == np.float32 else pl.Float64
    values = part.cast(kind, strict=False).to_numpy(order="c")
    if pl.String in part.dtypes and np.isnan(values).any():
        values = part.select(pl.all().str.strip_chars().cast(kind, strict=False)).to_numpy(order="c")
    return values


def _kind(dtype: "np.dtype[Any]") -> "type[pl.DataType]":
    import polars as pl

    return {np.dtype(np.uint8): pl.UInt8, np.dtype(np.float32): pl.Float32}.get(dtype, pl.Float64)


def _texts(names: Iterable[str], frame: "pl.DataFrame") -> dict[str, list[str]]:
    import polars as pl

    return {name: frame[name].cast(pl.String).fill_null("").str.strip_chars().to_list() for name in names}


def _without_empty(frame: "pl.DataFrame") -> "pl.DataFrame":
    """Drop the rows of texts that are empty."""
    import polars as pl

    empty = pl.repeat(True, frame.height, eager=True)
    for cells in frame.drop(ROW):
        if not empty.any():
            return frame
        empty &= cells.is_null() | (cells.str.strip_chars() == "")
    return frame.filter(~empty)


def _complaint(path: Path, columns: Columns, row: int, name: str, cell: object) -> HandgradError:
    """Build the error for a bad cell, with its line in the file."""
    where, text = f"{path}, row {row + 1}", "" if cell is None else str(cell)
    if not is_parquet(path):
        line, cells = next(islice(csv_rows(path), columns.header + row, None), (0, columns.names))
        where = f"{path}, line {line}"
        if len(cells) != len(columns.names):
            return _wrong_width(where, columns, len(cells))
    number = parse_number(text)
    if not text.strip():
        reason = "no value; fill it in or drop the row"
    elif columns.images and np.isfinite(number):
        reason = f"{shown(text)} is not a pixel, a whole number from 0 to 255"
    else:
        reason = f"{shown(text)} is {'too large a' if np.isfinite(number) else 'not a finite'} number"
    return HandgradError(
        f"{where}, {f'column {LABEL!r}' if name == LABEL else columns.shown(name)}: {reason}"
    )


def _wrong_width(where: str, columns: Columns, width: int) -> HandgradError:
    expected = f"{'the first line has' if columns.header else 'there should be'} {len(columns.names)}"
    return HandgradError(f"{where}: {width} columns where {expected}; correct or drop it")


def _check_widths(path: Path, columns: Columns) -> None:
    """Raise HandgradError at the first row with more or fewer cells than there are columns."""
    for line, row in islice(csv_rows(path), columns.header, None):
        if not is_blank(row) and len(row) != len(columns.names):
            raise _wrong_width(f"{path}, line {line}", columns, len(row))


@contextmanager
def _explained(path: Path, columns: Columns) -> Iterator[None]:
    """Find the line at which Polars could not read on."""
    import polars as pl

    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        if not is_parquet(path):
            _check_widths(path, columns)
        reason = next(iter(str(error).splitlines()), "")
        raise HandgradError(
            f"{path} cannot be read: {reason:.100}; are quotes closed and doubled?"
        ) from error


def _scan_csv(path: Path, columns: Columns, start: int | None = None) -> "pl.LazyFrame":
    """Scan a CSV with numbers as numbers; with `start`, from that row on with all cells as texts."""
    import polars as pl

    texts = {*columns.texts, LABEL} if start is None else {*columns.names}
    schema = {name: pl.String if name in texts else _kind(columns.dtype) for name in columns.names}
    return scan_csv(path, schema, columns.header, start=start)
