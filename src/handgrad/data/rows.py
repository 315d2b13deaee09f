"""One example as a CSV row, with or without its label, as a model takes it."""

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from handgrad.data.labels import parse_number, shown
from handgrad.errors import HandgradError

Row = tuple[NDArray[np.float64], str | None, tuple[str, ...]]
"""The (I,) values; the label, where there is one; the names of the inputs, where there is a header."""


def read_row(path: Path, inputs: int, images: bool = False) -> Row:
    """Read a CSV of one row, perhaps below a header.

    Parameters
    ----------
    path : Path
    inputs : int
        I. A row of one value more holds the label: in the column of that name, else in the first.
    images : bool
        Whether the values must be bytes.

    Returns
    -------
    Row

    Raises
    ------
    HandgradError
        If the file holds no or several rows, or cells that are missing, too many, or not finite numbers.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file) if "".join(row).strip()]
    except UnicodeDecodeError:
        raise HandgradError(f"{path} is not text in UTF-8; save it as CSV in UTF-8") from None
    except csv.Error as error:
        raise HandgradError(f"{path}: {error}; save it as CSV again") from None
    except OSError as error:
        raise HandgradError(f"{path} cannot be read: {error.strerror}") from error
    header = [cell.strip() for cell in rows.pop(0)] if rows and _is_header(rows[0]) else None
    if len(rows) != 1:
        held = f"{len(rows):,} rows" if rows else "no row"
        raise HandgradError(
            f"{path} holds {held}; leave one, or name the row with its INDEX and --data {path} --split train"
        )
    (row,) = rows
    if header is not None and len(header) != len(row):
        raise HandgradError(f"{path}: {len(row)} cells below {len(header)} names; mend the row")
    if len(row) not in (inputs, inputs + 1):
        raise HandgradError(
            f"{path}: the model takes {inputs} inputs, perhaps with a label before them; the row has {len(row)} cells"
        )
    names, label = header or [str(place + 1) for place in range(len(row))], None
    if len(row) == inputs + 1:
        lower = [name.lower() for name in names]
        place = lower.index("label") if "label" in lower else 0
        label = row.pop(place).strip()
        names.pop(place)
    values = np.array([parse_number(cell) for cell in row])
    right = np.isfinite(values)
    if images:
        right &= (values >= 0) & (values <= 255) & (values == np.floor(values))
    if not right.all():
        wrong, what = (
            int(right.argmin()),
            "a pixel, a whole number from 0 to 255" if images else "a finite number",
        )
        raise HandgradError(f"{path}, column {shown(names[wrong])}: {shown(row[wrong])} is not {what}")
    return values, label, tuple(names) if header else ()


def _is_header(first: list[str]) -> bool:
    """Tell a header: it says ``label``, or has no number behind its first cell."""
    numbers = [cell for cell in first[1:] or first if np.isfinite(parse_number(cell))]
    return "label" in (cell.strip().lower() for cell in first) or not numbers
