"""Scans of CSV and Parquet files by Polars, which is imported only here and where its frames are converted."""

import csv
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from handgrad.errors import HandgradError

if TYPE_CHECKING:
    import polars as pl

ROW = "\0row"
"""A name that no column has."""
VERIFY = (
    "import sys, polars as pl; table = pl.scan_parquet(sys.argv[1], glob=False, hive_partitioning=False); "
    "rows = sum(part.height for part in table.collect_batches()); "
    "sys.exit(rows != table.select(pl.len()).collect().item())"  # a panic ends the batches without an error
)


def is_parquet(path: Path) -> bool:
    """Whether a file is a Parquet file, by its name."""
    return path.suffix.lower() == ".parquet"


def scan_csv(
    path: Path, schema: "dict[str, type[pl.DataType]]", header: int, *, start: int | None = None
) -> "pl.LazyFrame":
    """Scan a CSV below its header. With `start`, from that row on, and with the number of the row as column `ROW`."""
    import polars as pl

    _check_process()
    frame = pl.scan_csv(
        path,
        has_header=False,
        skip_rows=header,
        schema=schema,
        glob=False,
        missing_columns="insert",
        row_index_name=None if start is None else ROW,
    )
    return frame.filter(pl.col(ROW) >= start) if start else frame


def scan_parquet(path: Path, names: Sequence[str] | None = None) -> "pl.LazyFrame":
    """Scan a Parquet file, perhaps under other names of its columns; a damaged file is refused."""
    import polars as pl

    _check_process()
    _verify_parquet(path)
    frame = pl.scan_parquet(path, glob=False, hive_partitioning=False)
    return frame.rename(dict(zip(frame.collect_schema(), names, strict=True))) if names else frame


def csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield all rows of a CSV, empty ones too, each with the number of its (last) line."""
    reader, line = None, 0
    try:
        with path.open(newline="\n", encoding="utf-8-sig") as lines:
            reader = csv.reader(lines)
            for row in reader:
                line = reader.line_num
                yield line, row
    except UnicodeDecodeError:
        raise HandgradError(f"{path} is not text in UTF-8; save it as CSV in UTF-8") from None
    except csv.Error as error:
        if "field limit" in str(error):
            raise HandgradError(
                f"{path}: the cell that begins in line {line + 1} does not end within "
                f"{csv.field_size_limit():,} characters; close the quote there"
            ) from None
        what = "lines that do not end in a newline" if "new-line" in str(error) else str(error)
        line = reader.line_num if reader else 0
        raise HandgradError(f"{path}, line {line}: {what}; save it as CSV again") from None
    except OSError as error:
        raise HandgradError(f"{path} cannot be read: {error.strerror}") from error


def is_blank(row: list[str]) -> bool:
    """Whether all cells of a row are empty."""
    return not "".join(row).strip()


_verified: set[tuple[str, int, int]] = set()


def _verify_parquet(path: Path) -> None:
    """Read a Parquet file once in a child process, since damage can abort the process that reads it."""
    try:
        with path.open("rb") as file:
            facts, begin = os.fstat(file.fileno()), file.read(4)
            file.seek(max(0, facts.st_size - 4))
            whole = begin == file.read(4) == b"PAR1"
    except OSError as error:
        raise HandgradError(f"{path} cannot be read as Parquet: {error.strerror}") from error
    key = (os.path.realpath(path), facts.st_size, facts.st_mtime_ns)
    if key in _verified:
        return
    command = [sys.executable, "-P", "-c", VERIFY, str(path)]
    if not whole or subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True).returncode:
        raise HandgradError(
            f"{path} cannot be read as Parquet: it is damaged or cut short; download it again"
        )
    _verified.add(key)


_forks: list[bool] = []  # for each fork that led to this process, whether Polars was loaded
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _forks.append("polars" in sys.modules))


def _check_process() -> None:
    """Raise HandgradError in a process that was forked after Polars was loaded: its threads do not run there."""
    if any(_forks):
        raise HandgradError(
            "tables cannot be read in a process that was forked after Polars was loaded; start it with 'spawn'"
        )
