"""CSV, in whole files or in pieces of them: the fast way through Polars, the slow way to find what is wrong."""

import csv
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.cells import LABEL, Columns, complaint
from handgrad.data.labels import parse_number, shown
from handgrad.errors import HandgradError

PIXELS = {f"{pixel}{end}": pixel for pixel in range(256) for end in ("", ".0")}


def read_csv(
    path: Path, names: list[str], named: bool, images: bool, piece: bytes | None = None, before: int = 0
) -> Columns:
    """Read a CSV, or a piece of one, some of its lines.

    Parameters
    ----------
    path : Path
    names : list of str
        Of its columns.
    named : bool
        Whether it, or the piece, begins with a header.
    images : bool
        Whether values are bytes, else float32.
    piece : bytes, optional
        Some whole lines of the file; the whole file unless given.
    before : int
        Lines of the file before the piece.

    Raises
    ------
    HandgradError
        If a cell is missing, not a number or out of range, or a row is ragged; also if a whole file has no rows.
    """
    import polars as pl

    def slowly() -> Columns:
        lines = None if piece is None else _lines(path, piece)
        return _read_rows(path, names, named, images, lines, before)

    kind = pl.UInt8 if images else pl.Float32
    schema = {name: pl.String if name == LABEL else kind for name in names}
    try:
        content = path if piece is None else BytesIO(piece)
        frame = pl.read_csv(content, has_header=False, skip_rows=int(named), schema=schema, glob=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return slowly()
    if frame.height == 0 or sum(frame.null_count().row(0)):
        return slowly()
    labels = frame.drop_in_place(LABEL).to_numpy()
    inputs = frame.to_numpy(order="c")
    return (inputs, labels) if np.isfinite(inputs).all() else slowly()


def _read_rows(
    path: Path, names: list[str], named: bool, images: bool, content: Iterable[str] | None, before: int
) -> Columns:
    """Read slowly what Polars does not take: find what is wrong, or accept odd ways to write what is right.

    Such are pixels with a decimal point (``5.0``), spaces around numbers, and empty lines.
    """
    kind, place = (np.uint8 if images else np.float32), names.index(LABEL)
    lines: list[NDArray[Any]] = []
    labels: list[str] = []
    rows = _rows(path) if content is None else _parsed(path, content, before)
    if named:
        next(rows, None)
    for line, row in rows:
        where = f"{path}, line {line}"
        if len(row) != len(names):
            raise HandgradError(
                f"{where}: {len(row)} columns where the first line has {len(names)}; mend or drop it"
            )
        labels.append(row.pop(place))
        if not labels[-1].strip():
            raise HandgradError(f"{where}, column 'label': {complaint('', images)}")
        values = _numbers(row, images)
        with np.errstate(over="ignore"):
            right = np.isfinite(values.astype(np.float32))
        if images:
            right &= (values >= 0) & (values <= 255) & (values == np.floor(values))
        if not right.all():
            wrong = int(right.argmin())
            name = names[wrong + (wrong >= place)]
            raise HandgradError(
                f"{where}, column {shown(name) if named else name}: {complaint(row[wrong], images)}"
            )
        lines.append(values.astype(kind))
    if not lines and content is not None:
        return np.empty((0, len(names) - 1), kind), np.array([], str)
    if not lines:
        raise HandgradError(f"{path} holds no examples below its header")
    return np.stack(lines), np.array(labels)


def _numbers(cells: list[str], images: bool) -> NDArray[np.float64]:
    """Read numbers, NaN where there is none."""
    with suppress(KeyError, ValueError):  # nearly every row goes the fast way
        if images:
            return np.fromiter(map(PIXELS.__getitem__, cells), np.float64, len(cells))
        if "_" not in "".join(cells):
            return np.fromiter(map(float, cells), np.float64, len(cells))
    return np.fromiter(map(parse_number, cells), np.float64, len(cells))


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV that are not empty, each with the number of its (last) line."""
    try:
        with path.open(newline="\n", encoding="utf-8-sig") as file:
            yield from _parsed(path, file, 0)
    except UnicodeDecodeError:
        raise _no_text(path) from None
    except OSError as error:
        raise HandgradError(f"{path} cannot be read: {error.strerror}") from error


def _parsed(path: Path, lines: Iterable[str], before: int) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines)
    try:
        for row in reader:
            if len(row) > 1 or "".join(row).strip():
                yield before + reader.line_num, row
    except csv.Error as error:
        what = "lines that do not end in a newline" if "new-line" in str(error) else str(error)
        raise HandgradError(
            f"{path}, line {before + reader.line_num}: {what}; save it as CSV again"
        ) from None


def _lines(path: Path, piece: bytes) -> Iterable[str]:
    try:
        return StringIO(piece.decode("utf-8-sig"), newline="\n")
    except UnicodeDecodeError:
        raise _no_text(path) from None


def _no_text(path: Path) -> HandgradError:
    return HandgradError(f"{path} is not text in UTF-8; save it as CSV in UTF-8")


def first_row(path: Path) -> list[str]:
    """Read the first row of a CSV that is not empty."""
    _, row = next(_rows(path), (0, []))
    if not row:
        raise HandgradError(f"{path} is empty; a CSV with a label column is expected")
    if row[0].lstrip().lower().startswith(("<!doctype", "<html", "<?xml")):
        raise HandgradError(f"{path} is a web page (HTML), not a CSV; download the file itself")
    return row


def is_header(first: list[str]) -> bool:
    """Tell a header from a first example: it says ``label``, or has no number, or counts the columns."""
    cells = [cell.strip() for cell in first[1:]]
    counts = len(cells) > 4 and any(cells == [str(k + s) for k in range(len(cells))] for s in (0, 1))
    numbers = [cell for cell in cells if np.isfinite(parse_number(cell))]
    return counts or (bool(cells) and not numbers) or LABEL in (cell.strip().lower() for cell in first)
