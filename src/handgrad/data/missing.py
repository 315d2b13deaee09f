"""Missing numbers: which columns of a table lack some, and the mean of the others, which stands for them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from polars import selectors

from handgrad.data.cells import Table
from handgrad.data.columns import holds_numbers
from handgrad.data.scan import is_parquet
from handgrad.errors import HandgradError, quoted


def with_means(table: Table) -> Table:
    """Return a table with the means of the columns in which numbers are missing.

    HandgradError where a column has no others.
    """
    names = [name for name, known in table.columns.items() if holds_numbers(known)]
    try:
        missing, means = _measure(table, names, pl.Float64)
    except (
        pl.exceptions.PolarsError,
        pl.exceptions.PanicException,
    ):  # there are spaces, or cells to be refused
        missing, means = _measure(table, names)
    for name in np.array(names)[missing == 1].tolist():
        raise HandgradError(f"{table.path}: column {quoted(name)} holds no values; drop it")
    found = {name: mean for name, lacks, mean in zip(names, missing, means, strict=True) if lacks}
    columns = {name: [""] if name in found else known for name, known in table.columns.items()}
    return replace(table, columns=columns, means=found, measured=True)


def _measure(
    table: Table, names: Sequence[str], number: type[pl.DataType] | None = None
) -> tuple[NDArray[np.float64], list[float]]:
    """Compute for columns of numbers the fraction that is missing, and the mean of the others.

    Without `number`, cells are read as texts.
    """
    total, counts, missing, size = np.zeros(len(names)), np.zeros(len(names)), np.zeros(len(names)), 0
    for part in table.parts(number):
        cells = part.select(pl.col(names).cast(pl.Float64, strict=False)).to_numpy()
        absent = np.isnan(cells)
        if number and not is_parquet(table.path):  # empty lines are not skipped
            held = part.select(pl.any_horizontal(selectors.string() != "")).to_series().to_numpy()
            cells, absent = (array[held | ~absent.all(axis=1)] for array in (cells, absent))
        elif not is_parquet(table.path):
            absent = part.select(pl.col(names) == "").to_numpy()
        with np.errstate(over="ignore", invalid="ignore"):
            total += np.nansum(cells, axis=0)
        counts += np.count_nonzero(~np.isnan(cells), axis=0)
        missing += np.count_nonzero(absent, axis=0)
        size += len(cells)
    with np.errstate(over="ignore"):
        means = (total / np.maximum(counts, 1)).astype(np.float32).astype(np.float64)
    # A mean that is not finite is one of cells that are refused when they are read.
    return missing / size, np.where(np.isfinite(means), means, 0).tolist()
