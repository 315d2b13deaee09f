"""Rows of CSV and Parquet files, read by Polars.

It is slow to import: `tables`, `cells` and this module are imported only where a table is read.
"""

import csv
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import polars as pl

from handgrad.data.columns import NO_DATE
from handgrad.errors import HandgradError, quoted

ROW = "\0row"
"""The column of row numbers that scans add; no other column has this name."""
VERIFY = (
    "import sys, polars as pl; table = pl.scan_parquet(sys.argv[1], glob=False, hive_partitioning=False); "
    "rows = sum(part.height for part in table.collect_batches()); "
    "sys.exit(rows != table.select(pl.len()).collect().item())"  # a panic ends the batches without an error
)
PROCESS = os.getpid()
"""The process that loaded this module; the threads of Polars do not run in others that are forked from it."""
THREADS = Path("/proc/self/task")
FORKED = THREADS.is_dir() and pl.thread_pool_size() > 0 and len(list(THREADS.iterdir())) == 1
"""Whether this process was forked after other code used Polars: asking for the size starts threads, if none were."""


def check_process() -> None:
    """Raise HandgradError in a process that was forked from one that used Polars, which would wait forever."""
    if FORKED or os.getpid() != PROCESS:
        raise HandgradError("tables cannot be read in a process that was forked after Polars; use 'spawn'")


def is_parquet(path: Path) -> bool:
    """Whether a file is a Parquet file, by its name."""
    return path.suffix.lower() == ".parquet"


def scan_parquet(path: Path) -> pl.LazyFrame:
    """Scan a Parquet file; one that is damaged, or holds neither numbers nor text, is refused."""
    facts = path.stat()
    _verify_parquet(path.resolve(), facts.st_size, facts.st_mtime_ns)
    frame = pl.scan_parquet(path, glob=False, hive_partitioning=False)
    for name, kind in frame.collect_schema().items():
        if kind in (pl.Categorical, pl.Enum, pl.Boolean):
            frame = frame.with_columns(pl.col(name).cast(pl.UInt8 if kind == pl.Boolean else pl.String))
        elif not (kind.is_numeric() or kind == pl.String):
            held = f"column {quoted(name)} holds {kind.base_type()}, not numbers or text"
            hint = NO_DATE if kind in (pl.Date, pl.Datetime) else "convert or drop it"
            raise HandgradError(f"{path}: {held}; {hint}")
    return frame


def first_row(path: Path) -> tuple[int, list[str]]:
    """Return the number, from 1, and the cells of the first row that is not empty; in Parquet the column names."""
    if not path.is_file():  # opening a pipe would block
        raise HandgradError(f"{path} is not a file; name a CSV or Parquet file")
    check_process()
    if is_parquet(path):
        return 1, [*scan_parquet(path).collect_schema()]
    for number, (_, row) in enumerate(csv_rows(path), 1):
        if "".join(row).strip():
            if row[0].lstrip().lower().startswith(("<!doctype", "<html", "<?xml")):
                raise HandgradError(f"{path} is a web page (HTML), not a CSV; download the file itself")
            return number, row
    raise HandgradError(f"{path} is empty; a CSV with a row for each example is expected")


def csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield all rows of a CSV, empty ones too, each with the number of its (last) line."""
    line = 0
    try:
        with path.open(newline="\n", encoding="utf-8-sig") as lines:
            reader = csv.reader(lines, strict=True)
            for row in reader:
                line = reader.line_num
                yield line, row
    except UnicodeDecodeError:
        raise HandgradError(f"{path} is not text in UTF-8; save it as CSV in UTF-8") from None
    except csv.Error as error:  # a quote that is not closed, or line ends of old systems
        reason = str(error).partition(" - ")[0]
        raise HandgradError(f"{path}, line {line + 1}: {reason}; save it as CSV again") from None
    except OSError as error:
        raise HandgradError(f"{path} cannot be read: {error.strerror}") from error


def ends_with_quote(path: Path) -> bool:
    """Whether a CSV ends with a quote after a comma or a line end, at which Polars may panic, and prints that."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 2))
        return file.read() in (b',"', b'\n"')


@cache
def _verify_parquet(path: Path, size: int, changed: int) -> None:
    """Read a Parquet file once in a child process, since damage can abort the process that reads it."""
    command = [sys.executable, "-P", "-c", VERIFY, str(path)]
    if subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True).returncode:
        raise HandgradError(f"{path} cannot be read as Parquet: it is damaged; download it again")
