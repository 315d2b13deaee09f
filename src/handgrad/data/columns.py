"""Columns of names in a table (categories): each name becomes one input, ``soil=clay``, 1 in its rows and else 0."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.dataset import Dataset
from handgrad.data.labels import shown
from handgrad.errors import HandgradError

IS = "="
"""Separates a column from one of its names."""

MOST = 100
"""Names of one column. A column with more holds addresses or notes, which do not generalize."""

Texts = Mapping[str, Sequence[str]]
"""The columns of names, each with its N cells; an empty cell counts as a name."""


def spread(names: Sequence[str], numbers: NDArray[Any], texts: Texts) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Combine the columns of a table into inputs (N, I) with their names.

    `names` are all columns in order, `numbers` (N, K) those of numbers, and `texts` the cells of the others.
    HandgradError where a column holds too many different names, or two inputs would have the same name.
    """
    texts = {name: [cell.strip() for cell in cells] for name, cells in texts.items()}
    known = {name: sorted(set(cells)) for name, cells in texts.items()}
    features = input_names(names, known)  # raises before memory is allocated
    return one_hot(names, numbers, texts, known), features


def one_hot(
    names: Sequence[str], numbers: NDArray[Any], texts: Texts, known: Mapping[str, Sequence[str]]
) -> NDArray[Any]:
    """Combine columns as `spread` does, where `known` holds the sorted names of each column of names."""
    if not texts:
        return numbers
    blocks: list[NDArray[Any]] = []
    remaining = iter(numbers.T)
    for name in names:
        if name in texts:
            places = np.searchsorted(np.array(known[name]), np.array(texts[name], dtype=str))
            blocks.append(places[:, np.newaxis] == np.arange(len(known[name])))
        else:
            blocks.append(next(remaining)[:, np.newaxis])
    return np.concatenate(blocks, axis=1, dtype=numbers.dtype, casting="unsafe")


def input_names(names: Sequence[str], known: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Return the names of the inputs for columns, from the names in each column of names; raises as `spread`."""
    features: list[str] = []
    for name in names:
        values = known.get(name, ())
        if len(values) > MOST:
            raise HandgradError(
                f"column {shown(name)} holds {len(values):,} different names, more than {MOST}; drop it or group them"
            )
        features += [f"{name}{IS}{value}" for value in sorted(values)] if name in known else [name]
    counts = Counter(features) if known else {}
    for name in names if known else ():
        if counts[name] > 1 or (name in known and IS in name):
            raise HandgradError(
                f"column {shown(name)} has the name of an input for a category, with '{IS}'; rename it"
            )
    return tuple(features)


def columns_of(features: Sequence[str]) -> dict[str, list[str]]:
    """Return the columns of inputs in order, each with its names; a column of numbers has none."""
    columns: dict[str, list[str]] = {}
    for feature in features:
        column, equals, name = feature.partition(IS)
        columns.setdefault(column, []).extend([name] if equals else [])
    return columns


def aligned(
    inputs: NDArray[Any],
    names: Sequence[str],
    features: Sequence[str],
    *,
    leniently: bool = False,
    before: int = 0,
) -> NDArray[Any]:
    """Reorder inputs (N, J) with these names as a model takes them: (N, I), named `features`.

    HandgradError where columns are missing or unknown, or names in them. With `leniently`, an unknown name is
    ignored: all inputs of its column are 0. `before` is the number of rows of the table before these, for
    messages.
    """
    if tuple(names) == tuple(features):
        return inputs
    place, there, taken = {name: k for k, name in enumerate(names)}, columns_of(names), columns_of(features)
    expected = f"expected {', '.join([*taken][:8])}{', …' if len(taken) > 8 else ''}"
    for column in there:
        if column not in taken:
            raise HandgradError(f"unknown column {shown(column)}; {expected}, and perhaps a label")
    for column in taken:
        if column not in there:
            raise HandgradError(f"column {shown(column)} is missing; {expected}")
    known_features = set(features)
    for name in names:
        if name in known_features or (leniently and IS in name):
            continue
        column, _, value = name.partition(IS)
        known = ", ".join(map(shown, taken[column]))
        if known and there[column]:
            rows = np.flatnonzero(inputs[:, place[name]])
            if len(rows):  # else it occurs in another part of the data
                row = f"row {before + int(rows[0]) + 1}, column {shown(column)}"
                raise HandgradError(f"{row}: {shown(value)} is not one of {known}")
        else:
            holds = "numbers" if known else "names"
            raise HandgradError(f"column {shown(column)} holds {holds}; expected {known or 'numbers'}")
    result = np.zeros((len(inputs), len(features)), inputs.dtype)
    for number, name in enumerate(features):
        if name in place:
            result[:, number] = inputs[:, place[name]]
    return result


def in_known_order(dataset: Dataset, features: Sequence[str], classes: Sequence[str]) -> Dataset:
    """Return a data set with its inputs and classes in the order of a model; HandgradError where columns differ.

    Unknown classes do not change.
    """
    if features and dataset.features and dataset.features != tuple(features):
        inputs = aligned(dataset.inputs, dataset.features, features)
        shape = dataset.input_shape if len(dataset.input_shape) == 3 else (len(features),)
        dataset = replace(dataset, inputs=inputs, features=tuple(features), input_shape=shape)
    names = dataset.class_names
    if names != tuple(classes) and set(names) <= set(classes):
        number = {name: k for k, name in enumerate(classes)}
        kind = np.result_type(dataset.labels, np.min_scalar_type(len(classes)))
        numbers = np.array([number[name] for name in names], kind)
        dataset = replace(dataset, labels=numbers[dataset.labels], classes=tuple(classes))
    return dataset
