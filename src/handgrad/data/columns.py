"""Columns of names in a table: each name becomes an input of its own, ``soil=clay``, 1 where it stands and else 0."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.dataset import Dataset
from handgrad.data.labels import shown
from handgrad.errors import HandgradError

IS = "="
"""Between a column and a name that stands in it."""

MOST = 100
"""Names of one column; one with more is an address or a note, from which nothing is learned that holds elsewhere."""

Texts = Mapping[str, Sequence[str]]
"""The columns of names, each with its N cells; an empty one is a name, too."""


def is_name(cell: str) -> bool:
    """Tell a name from a number and from what was meant as one, such as ``12,5`` or ``?``: it has a letter."""
    if not any(map(str.isalpha, cell)) or "\n" in cell or "\r" in cell:
        return False
    try:
        float(cell)  # nan, inf, 1e3
    except ValueError:
        return True
    return False


def spread(names: Sequence[str], numbers: NDArray[Any], texts: Texts) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Put the columns of a table together as inputs.

    Parameters
    ----------
    names : sequence of str
        Of the columns, in their order.
    numbers : (N, K)
        Those that hold numbers.
    texts : mapping from name to (N,) texts
        The others.

    Returns
    -------
    inputs : (N, I), of the type of `numbers`
    features : tuple of str
        Their names.

    Raises
    ------
    HandgradError
        If a column holds too many different names, or two inputs would have the same.
    """
    if not texts:
        return numbers, tuple(names)
    blocks: list[NDArray[Any]] = []
    known: dict[str, Sequence[str]] = {}
    remaining = iter(numbers.T)
    for name in names:
        if name not in texts:
            blocks.append(next(remaining)[:, np.newaxis])
            continue
        values, places = np.unique(np.strings.strip(np.array(texts[name], dtype=str)), return_inverse=True)
        known[name] = values.tolist()
        features = input_names([name], known)  # refused before it takes memory
        blocks.append(places[:, np.newaxis] == np.arange(len(features)))
    features = input_names(names, known)
    return np.concatenate(blocks, axis=1, dtype=numbers.dtype, casting="unsafe"), features


def input_names(names: Sequence[str], known: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Name the inputs that columns become, where the names that stand in some of them are known.

    Raises
    ------
    HandgradError
        As `spread`.
    """
    features: list[str] = []
    for name in names:
        values = known.get(name)
        if values is None:
            features.append(name)
            continue
        if len(values) > MOST:
            raise HandgradError(
                f"column {shown(name)} holds {len(values):,} different names, more than {MOST}; drop it or group them"
            )
        features += [f"{name}{IS}{value}" for value in sorted(values)]
    for name in names:
        if features.count(name) > 1 or (name in known and IS in name):
            raise HandgradError(
                f"column {shown(name)} is named as a name in a column is, with '{IS}'; rename it"
            )
    return tuple(features)


def columns_of(features: Sequence[str]) -> dict[str, list[str]]:
    """Find the columns that inputs come from, in order, and the names that are known in each; none of numbers."""
    columns: dict[str, list[str]] = {}
    for feature in features:
        column, equals, name = feature.partition(IS)
        columns.setdefault(column, []).extend([name] if equals else [])
    return columns


def aligned(
    inputs: NDArray[Any],
    own: Sequence[str],
    features: Sequence[str],
    *,
    leniently: bool = False,
    before: int = 0,
) -> NDArray[Any]:
    """Put the inputs of a table into the order that a model knows them in.

    Parameters
    ----------
    inputs : (N, J)
    own : sequence of str
        Their J names.
    features : sequence of str
        The I names that the model knows.
    leniently : bool
        Whether a name that the model does not know is none, 0 in all inputs of its column.
    before : int
        Rows of the table before these.

    Returns
    -------
    (N, I)

    Raises
    ------
    HandgradError
        If there are more or fewer columns than the model takes, or names in them that it does not know.
    """
    if tuple(own) == tuple(features):
        return inputs
    place = {name: number for number, name in enumerate(own)}
    there, taken = columns_of(own), columns_of(features)
    for column in there:
        if column not in taken:
            raise HandgradError(
                f"the model takes no column {shown(column)}; it takes {', '.join(taken)}, and perhaps a label"
            )
    for column in taken:
        if column not in there:
            raise HandgradError(f"there is no column {shown(column)}; the model takes {', '.join(taken)}")
    for name, number in place.items():
        if name in features or (leniently and IS in name):
            continue
        column, _, value = name.partition(IS)
        known = taken[column]
        if there[column] and known:
            stands = inputs[:, number].astype(bool)
            if not stands.any():
                continue  # in another part of the data
            row = before + int(stands.argmax()) + 1
            reason = (
                f"row {row}, column {shown(column)}: {shown(value)} is none of {', '.join(map(shown, known))}"
            )
        else:
            reason = f"column {shown(column)} holds {'names' if known == [] else 'numbers'}, where the model knows "
            reason += ", ".join(map(shown, known)) or "numbers"
        raise HandgradError(reason)
    result = np.zeros((len(inputs), len(features)), inputs.dtype)
    for number, name in enumerate(features):
        if name in place:
            result[:, number] = inputs[:, place[name]]
    return result


def in_known_order(
    dataset: Dataset, features: Sequence[str], classes: Sequence[str], before: int = 0
) -> Dataset:
    """Give a data set with its inputs and classes in the order that a model knows them in.

    Classes that the model does not know are left for others to refuse. Where the data are a part, `before` counts
    the examples before it.

    Raises
    ------
    HandgradError
        If inputs are others, or would have to be ordered anew where they are not in memory.
    """
    from dataclasses import replace

    if features and dataset.features and dataset.features != tuple(features):
        if not isinstance(dataset.inputs, np.ndarray):
            raise HandgradError(
                "a stream keeps its columns as they are, and these are others than those to train on, or in another "
                "order; make them the same"
            )
        inputs = aligned(dataset.inputs, dataset.features, features, before=before)
        shape = (len(features),)
        dataset = replace(dataset, inputs=inputs, features=tuple(features), input_shape=shape)
    own = dataset.class_names
    if own != tuple(classes) and set(own) <= set(classes):
        kind = np.result_type(dataset.labels, np.min_scalar_type(len(classes)))  # no wider than need be
        numbers = np.array([list(classes).index(name) for name in own], kind)
        dataset = replace(dataset, labels=numbers[dataset.labels], classes=tuple(classes))
    return dataset
