"""A wrong result of an exercise: the arguments, the expected array beside the learner's, and one entry derived."""

import re
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from handgrad.errors import HandgradError
from handgrad.learn.calls import NOTHING
from handgrad.learn.check import Difference
from handgrad.learn.exercise import Case, Exercise
from handgrad.learn.solutions import run_source
from handgrad.model.derivation import derive
from handgrad.model.index_formulas import number

SIDE = 6
"""Rows and columns of an array that are shown."""


def describe_arguments(case: Case) -> str:
    """Describe the arguments of a case, e.g. ``"x (2, 3), rate 0.5"``."""
    parts = []
    for name, value in case.arguments.items():
        if isinstance(value, np.ndarray):
            parts.append(f"{name} {value.shape}")
        elif not callable(value):
            parts.append(f"{name} {number(value)}" if isinstance(value, float) else f"{name} {value}")
    return ", ".join(parts)


def describe_difference(difference: Difference, exercise: Exercise) -> RenderableType:
    """Show the arguments of the smallest failing case, the expected and the given array, and one entry."""
    case, result = difference.case, difference.result
    lines: list[RenderableType] = [Text(f"The smallest case that differs: {case.property}", "bold")]
    lines += [_arguments(case, exercise.function(case.function).derivations.get(result, ""))]
    if isinstance(difference.got, str):
        advice = " Is there a return?" if difference.got.startswith(NOTHING) else ""
        advice = " Make it an array: np.array(…)." if difference.got.startswith("a list") else advice
        lines.append(Text(f"\n{result}: your function returns {difference.got}.{advice}", "red"))
        return Group(*lines)
    got, expected = difference.got, difference.expected
    if got.shape != expected.shape:
        lines.append(Text(f"{result} has the shape {got.shape} instead of {expected.shape}.", "red"))
    elif got.dtype != expected.dtype:
        lines.append(Text(f"{result} has the dtype {got.dtype} instead of {expected.dtype}.", "red"))
    index = difference.index
    digits = 4
    if index is not None and number(expected[index]) == number(got[index]):
        digits = 9
    wrong = (
        ~np.isclose(got, expected, case.tolerance, case.tolerance, equal_nan=True)
        if index is not None
        else None
    )
    pair = [
        Group(Text(f"{result}, expected", "green"), _array(expected, index, digits=digits)),
        Group(Text(f"{result}, yours", "red"), _array(got, index, wrong, digits)),
    ]
    lines.append(Padding(Columns(pair, padding=(0, 4)), (1, 0, 0, 0)))
    if index is not None:
        lines.append(_entry(difference, exercise, digits + 2))
    return Group(*lines)


def _arguments(case: Case, formula: str) -> RenderableType:
    """Show the arguments of a case: if there is a formula, those that occur in it."""
    shown = {
        name: Group(Text(f"{name} {value.shape}", "dim"), _array(value))
        for name, value in case.arguments.items()
        if isinstance(value, np.ndarray)
        and value.size == prod(value.shape[-2:]) <= SIDE * SIDE
        and (not formula or re.search(rf"\b{name}\b", formula.partition("=")[2]))
    }
    parts = [] if shown.keys() == case.arguments.keys() else [Text(describe_arguments(case), "dim")]
    return Group(*parts, Columns([*shown.values()], padding=(0, 3)))


def _array(
    values: NDArray[Any],
    index: tuple[int, ...] | None = None,
    wrong: NDArray[np.bool_] | None = None,
    digits: int = 4,
) -> RenderableType:
    """Show a matrix, or that matrix of an array of more axes which has an entry; wrong entries are marked."""
    values, wrong = np.asarray(values), np.zeros(np.shape(values), bool) if wrong is None else wrong
    title = ""
    if not values.size:
        return Text("no numbers", "dim")
    if values.ndim > 2:
        front = index[:-2] if index else (0,) * (values.ndim - 2)
        title = f"[{', '.join(map(str, front))}]"
        values, wrong, index = values[front], wrong[front], index[-2:] if index else None
    rows, marks = np.atleast_2d(values), np.atleast_2d(wrong)
    place = (0, *index)[-2:] if index else (0, 0)
    starts = [max(0, min(at - SIDE // 2, size - SIDE)) for at, size in zip(place, rows.shape, strict=True)]
    part = slice(starts[0], starts[0] + SIDE), slice(starts[1], starts[1] + SIDE)
    grid = Table.grid(padding=(0, 1))
    for row, marked in zip(rows[part], marks[part], strict=True):
        cells = [
            Text(
                f"{number(float(value), digits)}{'*' if bad else ' '}",
                "bold red" if bad else "",
                justify="right",
            )
            for value, bad in zip(row, marked, strict=True)
        ]
        grid.add_row(*cells)
    shown = rows[part].size < rows.size
    note = [Text(f"{title}{' a part of it' if shown else ''}".strip(), "dim")] if title or shown else []
    return Group(*note, grid)


def _entry(difference: Difference, exercise: Exercise, digits: int) -> RenderableType:
    """Derive the first differing entry term by term."""
    case, result, index = difference.case, difference.result, difference.index
    function = exercise.function(case.function)
    assert index is not None
    assert not isinstance(difference.got, str)
    name = f"{result}[{','.join(map(str, index))}]" if index else result
    expected, got = (number(float(array[index]), digits) for array in (difference.expected, difference.got))
    line = f"\n{name} is {expected}, and yours is {got}"
    try:
        arrays = {**_results(case, exercise), **case.arguments}
        lines = [f"{line}:", *derive(result, function.derivations[result], arrays, index).lines()]
    except (HandgradError, KeyError):
        return Text(f"{line}.")
    start = case.arguments[result][index] if result in function.changes else 0
    return Text("\n".join([*lines, *([f"  It is added to {number(float(start), 6)}."] if start else [])]))


def _results(case: Case, exercise: Exercise) -> dict[str, Any]:
    return dict(run_source(exercise, exercise.source, [case])[0].values)
