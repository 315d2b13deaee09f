"""Targets of a table: which task its columns are for, and their cells as labels or numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from handgrad.data.cells import Table
from handgrad.data.form import Form
from handgrad.data.labels import encode_labels, infer_task
from handgrad.errors import HandgradError, quoted

TRUE, FALSE = ("true", "True", "TRUE"), ("false", "False", "FALSE")


def decode_targets(texts: pl.DataFrame, table: Table, form: Form) -> tuple[NDArray[Any], Sequence[str], str]:
    """Convert the cells of the target columns: labels as of `Dataset`, the names of the outputs, and the task."""
    images = table.dtype == np.uint8
    numbers = _numbers(texts if form.task != "classification" else texts.head(0))
    task = form.task or infer_task(numbers, images=images)
    if task == "classification":
        if texts.width > 1:
            columns = f"{', '.join(map(quoted, texts.columns)):.100}"
            hint = "choose one, or the task multilabel or regression"
            raise HandgradError(
                f"{table.path}: the target of a classification is one column, not {columns}; {hint}"
            )
        labels = texts.to_series()
        present = labels.unique()
        places = labels.cast(pl.Enum(present)).to_physical().to_numpy()
        return *encode_labels(np.array(present), str(table.path), form.classes, places, images=images), task
    valid = (numbers == 0) | (numbers == 1) if task == "multilabel" else np.isfinite(numbers)
    if not valid.all():
        row, column = np.argwhere(~valid)[0].tolist()
        expected = "0 or 1, as labels are" if task == "multilabel" else "a finite number, as targets are"
        name = texts.columns[column]
        raise table.refusal(row, name, f"{quoted(texts.item(row, name))} is not {expected}")
    return numbers, form.classes or texts.columns, task


def _numbers(texts: pl.DataFrame) -> NDArray[np.float64]:
    """Convert texts to numbers (N, T); NaN where one is none."""
    cells = pl.all()
    if texts.width > 1:
        cells = cells.replace(dict.fromkeys(TRUE, "1") | dict.fromkeys(FALSE, "0"))
    return texts.select(cells.cast(pl.Float64, strict=False)).to_numpy()
