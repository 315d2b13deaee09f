"""Rows of a table, with or without their labels, as a model takes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.cells import LABEL, first_row, is_parquet, read_cells
from handgrad.data.columns import aligned, columns_of, spread
from handgrad.data.dataset import naming
from handgrad.data.labels import parse_number, shown
from handgrad.data.memory import check_memory
from handgrad.errors import HandgradError


@dataclass(frozen=True)
class Rows:
    """Examples as a table has them.

    Parameters
    ----------
    inputs : (N, I) float64, or uint8 for pixels
    labels : list of str, or of None
        One for each row; None where it has none.
    features : tuple of str
        The names of the inputs, where they are known.
    """

    inputs: NDArray[Any]
    labels: list[str] | list[None]
    features: tuple[str, ...]


def read_rows(path: Path, inputs: int, features: Sequence[str] = (), *, images: bool = False) -> Rows:
    """Read a CSV or Parquet file of one or many rows, a CSV perhaps below a header.

    Parameters
    ----------
    path : Path
    inputs : int
        I. One column more holds labels: that of this name, else the first.
    features : sequence of str
        The names of the inputs, where the model knows them; a header may then have its columns in any order.
    images : bool
        Whether the values must be bytes.

    Raises
    ------
    HandgradError
        If the file is larger than memory; if there are no rows, more or fewer columns or others than the model takes,
        or cells in them that are missing, no finite numbers, or names that it does not know.
    """
    if path.is_file():
        check_memory(path.stat().st_size, path, "; split it into several files")
    names, named = _column_names(path, inputs, features)
    texts = None
    if set(features) != set(names) - {LABEL}:  # else names have their own inputs in the file already
        texts = [column for column, known in columns_of(features).items() if known]
    kind = np.uint8 if images else np.float64
    cells = read_cells(path, names, named, kind, named_columns=texts or (), unlabelled=True)
    with naming(path):
        values, own = spread([name for name in names if name != LABEL], cells.numbers, cells.texts)
        if features:
            values, own = aligned(values, own, features), tuple(features)
    labels = [
        None if label is None else str(label).strip() or None for label in _list(cells.labels, len(values))
    ]
    return Rows(values, labels, own if named or features else ())  # type: ignore[arg-type]


def read_row(path: Path, inputs: int, features: Sequence[str] = (), *, images: bool = False) -> Rows:
    """Read a file of one row; see `read_rows`."""
    rows = read_rows(path, inputs, features, images=images)
    if len(rows.inputs) != 1:
        raise HandgradError(
            f"{path} holds {len(rows.inputs):,} rows; leave one, or name the row with its INDEX and "
            f"--data {path} --split train"
        )
    return rows


def is_table(path: Path) -> bool:
    """Whether a file holds rows, and no picture, by its name."""
    return path.suffix.lower() in (".csv", ".parquet")


def _list(labels: NDArray[Any] | None, count: int) -> list[Any]:
    return [None] * count if labels is None else labels.tolist()


def _column_names(path: Path, inputs: int, features: Sequence[str]) -> tuple[list[str], bool]:
    """Tell the names of the columns, and whether they stand in the file."""
    first = [cell.strip() for cell in first_row(path)]
    first = [LABEL if cell.lower() == LABEL else cell for cell in first]
    columns = columns_of(features)
    known = list(features if any(name in first and name not in columns for name in features) else columns)
    wanted = len(known) or inputs
    named = is_parquet(path) or _is_header(first, known)
    if named and known:
        for name in known:
            if name not in first:
                raise HandgradError(f"{path} has no column {shown(name)}; the model takes {_listed(known)}")
        for name in first:
            if name not in known and name != LABEL:
                raise HandgradError(
                    f"{path}: the model takes no column {shown(name)}; it takes {_listed(known)}"
                )
    for name in first if named else ():
        if first.count(name) > 1:
            raise HandgradError(f"{path} has two columns named {shown(name)}; rename one")
    if len(first) - (named and LABEL in first) == wanted:
        names = known or [str(place + 1) for place in range(wanted)]
        return first if named else names, named
    if len(first) == wanted + 1:
        names = known or [str(place + 2) for place in range(wanted)]
        return [LABEL, *(first[1:] if named else names)], named
    raise HandgradError(
        f"{path}: the model takes {wanted} inputs, perhaps with a label before them; the first line has "
        f"{len(first)} cells"
    )


def _is_header(first: list[str], known: Sequence[str]) -> bool:
    """Tell a header: it has a known name, ``label`` or an input's, or no number (the first may be a label)."""
    numbers = [cell for cell in (first if known else first[1:] or first) if np.isfinite(parse_number(cell))]
    return not numbers or not {LABEL, *known}.isdisjoint(first)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
