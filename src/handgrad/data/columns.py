"""Columns of names in a table (categories): each name becomes one input, ``soil=clay``, 1 in its rows and else 0.

A column of numbers that may be missing has two inputs, ``age`` and ``age=``, which is 1 where the number is missing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError, quoted
from handgrad.kernels.sparse_rows import SparseRows

Columns: TypeAlias = Mapping[str, Sequence[str]]
"""The columns of inputs in order, those of names with their names."""
IS = "="
"""Separates a column from one of its names."""
DATE = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}([T ]\d{1,2}:\d\d.*)?")
NO_DATE = "convert the column to numbers, e.g. year and month, or the days since a date"
"""What to do about dates."""
MOST = 100
"""Names of one column. A column with more holds addresses or notes, which do not generalize."""


def is_name(cell: str) -> bool:
    """Whether a cell is a name, not a number nor meant as one (``12,5``, ``?``): it has a letter."""
    if not any(map(str.isalpha, cell)) or "\n" in cell or "\r" in cell:
        return False
    if DATE.fullmatch(cell):
        return False
    try:
        float(cell)  # nan, inf, 1e3
    except ValueError:
        return True
    return False


def holds_numbers(names: Sequence[str]) -> bool:
    """Whether a column with these names is one of numbers: without names, or with the one of missing numbers."""
    return not any(names)


def spread(
    names: Sequence[str], numbers: NDArray[Any], texts: Mapping[str, Sequence[str]]
) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Combine `numbers` (N, K) and columns of `texts`, N cells each, in the order of `names` into inputs (N, I)."""
    cells = {name: np.array([cell.strip() for cell in texts[name]]) for name in texts}
    columns = {name: np.unique(cells[name]).tolist() if name in texts else [] for name in names}
    features = input_names(columns)  # raises before memory is allocated
    remaining = iter(numbers.T)
    blocks = [
        cells[name][:, np.newaxis] == columns[name] if name in texts else next(remaining)[:, np.newaxis]
        for name in names
    ]
    return np.concatenate(blocks, axis=1, dtype=numbers.dtype, casting="unsafe"), features


def input_names(columns: Columns, most: float = MOST) -> tuple[str, ...]:
    """Return the names of the inputs; HandgradError where a column has over `most` names, or ``=`` in its own."""
    features: list[str] = []
    for name, known in columns.items():
        if IS in name:
            raise HandgradError(f"column {quoted(name)} has '{IS}' in its name, as inputs have; rename it")
        if len(known) > most:
            held = f"column {quoted(name)} holds {len(known):,} different names"
            raise HandgradError(f"{held}, more than {most}; drop it or group them")
        features += [name] * holds_numbers(known) + [f"{name}{IS}{value}" for value in known]
    return tuple(features)


def columns_of(features: Sequence[str]) -> dict[str, list[str]]:
    """Return the columns of inputs in order, each with its names; see `holds_numbers`."""
    columns: dict[str, list[str]] = {}
    for feature in features:
        column, equals, name = feature.partition(IS)
        columns.setdefault(column, []).extend([name] if equals else [])
    return columns


def check_columns(there: Columns, known: Columns) -> None:
    """Raise HandgradError where the columns of a table are not those of a model, in any order."""
    for column in {**there, **known}:
        if column not in there or column not in known:
            found, others = "an unknown" if column in there else "no", ", ".join(known)
            raise HandgradError(f"there is {found} column {quoted(column)}; expected {others:.200}")
        if holds_numbers(there[column]) != holds_numbers(known[column]):
            expected = "numbers" if holds_numbers(known[column]) else "names"
            raise HandgradError(f"column {quoted(column)} does not hold {expected}, as in training")


def means_of(features: Sequence[str], shift: NDArray[np.float64]) -> dict[str, float]:
    """Return by column the number that stands for missing ones: the shift of the scaling of its input, (I,) or ()."""
    if not any(feature.endswith(IS) for feature in features):
        return {}
    columns = columns_of(features)
    places = zip(features, np.broadcast_to(shift, len(features)).tolist(), strict=True)
    return {name: number for name, number in places if columns.get(name)}  # names of inputs, not `soil=clay`


def aligned(
    inputs: Any,
    names: Sequence[str],
    features: Sequence[str],
    means: Mapping[str, float] | None = None,
    *,
    leniently: bool = False,
) -> Any:
    """Reorder inputs (N, J), sparse or not, with these names as a model takes them: (N, I), named `features`.

    Missing numbers are replaced by the `means` of their columns, if given. HandgradError where columns or their names
    differ. With `leniently`, all inputs of an unknown name are 0.
    """
    if tuple(names) == tuple(features) and not means:
        return inputs
    there, known = columns_of(names), columns_of(features)
    check_columns(there, known)
    for column in () if leniently else there:
        for value in sorted({*there[column]} - {*known[column]}):
            if holds_numbers(there[column]):
                lacks = f"column {quoted(column)} lacks numbers, which it did not in training"
                raise HandgradError(f"{lacks}; fill them in or drop the rows")
            others = ", ".join(map(repr, known[column]))
            raise HandgradError(f"column {quoted(column)}: {quoted(value)} is not one of {others:.200}")
    number = {name: k for k, name in enumerate(features)}
    if isinstance(inputs, SparseRows):
        return inputs.with_columns([number.get(name, -1) for name in names], len(features))
    result = np.zeros((len(inputs), len(features)), inputs.dtype)
    for name, column in zip(names, inputs.T, strict=True):
        if name in number:
            result[:, number[name]] = column
    for name, mean in (means or {}).items():
        result[result[:, number[f"{name}{IS}"]] == 1, number[name]] = mean
    return result


def in_known_order(
    dataset: Dataset,
    features: Sequence[str],
    classes: Sequence[str],
    means: Mapping[str, float] | None = None,
) -> Dataset:
    """Put inputs, and classes if all are known, in the order of a model, and its `means` in place of missing numbers.

    HandgradError where columns differ.
    """
    differs = dataset.features != tuple(features) or (means and dict(dataset.means) != means)
    if features and dataset.features and differs:
        inputs = aligned(dataset.inputs[:], dataset.features, features, means)
        shape = dataset.input_shape if len(dataset.input_shape) == 3 else (len(features),)
        names, filled = tuple(features), means or dataset.means
        dataset = replace(dataset, inputs=inputs, features=names, input_shape=shape, means=filled)
    names = dataset.classes
    if dataset.task != "classification" and names != tuple(classes) and set(names) == set(classes):
        order = [names.index(name) for name in classes]
        dataset = replace(dataset, labels=dataset.labels[:, order], classes=tuple(classes))
    elif names != tuple(classes) and set(names) <= set(classes):
        dataset = replace(dataset, labels=np.array(names)[dataset.labels], classes=tuple(classes))
    return dataset
