"""The cells of a CSV, read by Polars (imported only then), or row by row where it is at a loss."""

import csv
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from handgrad.data.cells import LABEL, Cells, complaint
from handgrad.data.columns import is_name
from handgrad.data.labels import parse_number, shown
from handgrad.data.memory import format_bytes
from handgrad.errors import HandgradError

PIXELS = {f"{pixel}{end}": pixel for pixel in range(256) for end in ("", ".0")}


def read_csv(
    path: Path,
    names: Sequence[str],
    named: bool,
    dtype: np.dtype[Any],
    named_columns: Collection[str] | None,
    unlabelled: bool,
    piece: bytes | None = None,
    before: int = 0,
) -> Cells:
    """Read a CSV, or a piece of one; see `read_cells`.

    Parameters
    ----------
    named : bool
        Whether the file begins with a header, and so does a piece that no line is before.
    piece : bytes, optional
        Some whole lines of the file; there may be none that hold an example.
    before : int
        Lines of the file before the piece.
    """
    import polars as pl

    slowly = (path, names, named, dtype, named_columns, unlabelled, piece, before)
    texts = [name for name in names if name in (named_columns or ())]
    kind = {"u": pl.UInt8, "f": pl.Float32 if dtype == np.float32 else pl.Float64}[dtype.kind]
    schema = {name: pl.String if name == LABEL or name in texts else kind for name in names}
    content = path if piece is None else BytesIO(piece)
    try:
        frame = pl.read_csv(
            content, has_header=False, skip_rows=int(named and not before), schema=schema, glob=False
        )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return _read_rows(*slowly)
    if frame.height == 0 or sum(frame.null_count().row(0)):
        return _read_rows(*slowly)
    labels = frame.drop_in_place(LABEL).to_numpy() if LABEL in names else None
    columns = {name: frame.drop_in_place(name).to_list() for name in texts}
    numbers = frame.to_numpy(order="c") if frame.width else np.empty((frame.height, 0), dtype)
    return Cells(numbers, labels, columns) if np.isfinite(numbers).all() else _read_rows(*slowly)


def _read_rows(
    path: Path,
    names: Sequence[str],
    named: bool,
    dtype: np.dtype[Any],
    named_columns: Collection[str] | None,
    unlabelled: bool,
    piece: bytes | None,
    before: int,
) -> Cells:
    """Read slowly what Polars does not take: names, what is wrong, and odd ways to write what is right.

    Such are pixels with a decimal point (``5.0``), spaces around numbers, and empty lines.
    """
    images = dtype.kind == "u"
    if named_columns is None:
        named_columns = () if images else find_named_columns(path, names, named, piece)
    texts: dict[str, list[str]] = {name: [] for name in names if name in named_columns}
    places = [place for place, name in enumerate(names) if name != LABEL and name not in texts]
    lines: list[NDArray[Any]] = []
    labels: list[str] = []
    for line, row in rows_below(path, named, piece, before):
        where = f"{path}, line {line}"
        if len(row) != len(names):
            raise HandgradError(
                f"{where}: {len(row)} columns where {'the first line has' if named else 'there should be'} "
                f"{len(names)}; mend or drop it"
            )
        if LABEL in names:
            labels.append(row[names.index(LABEL)])
            if not (labels[-1].strip() or unlabelled):
                raise HandgradError(f"{where}, column 'label': {complaint('', images)}")
        for name, cells in texts.items():
            cells.append(row[names.index(name)].strip())
        row = [row[place] for place in places]
        values = _numbers(row, images)
        with np.errstate(over="ignore"):
            right = np.isfinite(values if images else values.astype(dtype))
        if images:
            right &= (values >= 0) & (values <= 255) & (values == np.floor(values))
        if not right.all():
            wrong = int(right.argmin())
            name = names[places[wrong]]
            raise HandgradError(
                f"{where}, column {shown(name) if named else name}: {complaint(row[wrong], images)}"
            )
        lines.append(values.astype(dtype))
    if not lines and piece is None:
        raise HandgradError(f"{path} holds no examples below its header")
    lines = lines or [np.empty((0, len(places)), dtype)]
    return Cells(np.vstack(lines), np.array(labels, str) if LABEL in names else None, texts)


def find_named_columns(path: Path, names: Sequence[str], named: bool, piece: bytes | None = None) -> set[str]:
    """Find the columns of a CSV in which every cell that is not empty is a name, and not all are empty."""
    open_ones = {place for place, name in enumerate(names) if name != LABEL}
    found: set[int] = set()
    for _, row in rows_below(path, named, piece):
        if len(row) != len(names):
            break  # of which the reader tells
        for place in tuple(open_ones):
            if cell := row[place].strip():
                (found.add if is_name(cell) else open_ones.discard)(place)
        if not open_ones:
            break
    return {names[place] for place in open_ones & found}


def _numbers(cells: list[str], images: bool) -> NDArray[np.float64]:
    """Read numbers, NaN where there is none."""
    with suppress(KeyError, ValueError):  # nearly every row goes the fast way
        if images:
            return np.fromiter(map(PIXELS.__getitem__, cells), np.float64, len(cells))
        if "_" not in "".join(cells):
            return np.fromiter(map(float, cells), np.float64, len(cells))
    return np.fromiter(map(parse_number, cells), np.float64, len(cells))


def first_csv_row(path: Path) -> list[str]:
    """Give the first row that is not empty."""
    _, row = next(_rows(path), (0, []))
    if not row:
        raise HandgradError(f"{path} is empty; a CSV with a row for each example is expected")
    if row[0].lstrip().lower().startswith(("<!doctype", "<html", "<?xml")):
        raise HandgradError(f"{path} is a web page (HTML), not a CSV; download the file itself")
    return row


def rows_below(
    path: Path, named: bool, piece: bytes | None = None, before: int = 0
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows below the header, each with the number of its (last) line; see `read_csv`."""
    rows = _rows(path, piece, before)
    if named and not before:
        next(rows, None)
    return rows


def _rows(path: Path, piece: bytes | None = None, before: int = 0) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV that are not empty, each with the number of its (last) line."""
    reader, line = None, before
    try:
        with _opened(path, piece) as lines:
            reader = csv.reader(lines)
            for row in reader:
                line = before + reader.line_num
                if len(row) > 1 or "".join(row).strip():
                    yield line, row
    except UnicodeDecodeError:
        raise HandgradError(f"{path} is not text in UTF-8; save it as CSV in UTF-8") from None
    except csv.Error as error:
        if "field limit" in str(error):
            raise endless(path, line, csv.field_size_limit()) from None
        what = "lines that do not end in a newline" if "new-line" in str(error) else str(error)
        line = before + (reader.line_num if reader else 0)
        raise HandgradError(f"{path}, line {line}: {what}; save it as CSV again") from None
    except OSError as error:
        raise HandgradError(f"{path} cannot be read: {error.strerror}") from error


def endless(path: Path, line: int, length: int, more: str = "") -> HandgradError:
    """Make the one line for what begins behind so many lines, and does not end within so many bytes."""
    return HandgradError(
        f"{path}: what begins in line {line + 1} does not end within {format_bytes(length)}; is a quote not closed "
        f"there? Mend it{more}"
    )


def _opened(path: Path, piece: bytes | None) -> TextIO:
    if piece is None:
        return path.open(newline="\n", encoding="utf-8-sig")
    return StringIO(piece.decode("utf-8-sig"), newline="\n")
