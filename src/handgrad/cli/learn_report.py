"""What ``handgrad learn`` shows: the map of chapters, reports, arrays side by side, and hints."""

import re
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from handgrad.cli.output import LINE, significant, write
from handgrad.errors import HandgradError, printable
from handgrad.learn.catalog import CHAPTERS, number
from handgrad.learn.check import Difference, Report
from handgrad.learn.exercise import Case, Exercise
from handgrad.learn.folder import LearnerFolder
from handgrad.model.derivation import derive

MARKS = {
    "passed": ("●", "green"),
    "failed": ("✗", "red"),
    "changed": ("◐", "yellow"),
    "not started": ("○", "dim"),
}
SIDE = 6
"""Rows and columns of an array that are shown."""
PRINTED = 10
"""Lines that are shown of what a learner's file prints."""


def show(*parts: RenderableType) -> None:
    """Print renderables, with colours on a terminal."""
    terminal = sys.stdout.isatty()
    console = Console(force_terminal=terminal, width=None if terminal else LINE, highlight=False)
    with console.capture() as capture:
        console.print(*parts, sep="\n")
    write(capture.get())


def show_map(folder: LearnerFolder) -> None:
    """Print the chapters and what is done in each."""
    grid = Table.grid(padding=(0, 2))
    done = 0
    chapters = sorted({exercise.chapter for exercise in folder.exercises.values()})
    for chapter in chapters:
        cells = Text()
        for name, exercise in folder.exercises.items():
            if exercise.chapter == chapter:
                mark, style = MARKS[folder.status(name)]
                done += folder.status(name) == "passed"
                cells.append(f"{mark} {number(name) or '':>2} {exercise.title}  ", style).append("\n")
        grid.add_row(Text(f"{chapter}  {CHAPTERS.get(chapter, 'More exercises')}", "bold"), cells)
    legend = Text("  ").join(Text(f"{mark} {status}", style) for status, (mark, style) in MARKS.items())
    show(Panel(Group(grid, legend), title=f"{done} of {len(folder.exercises)} exercises", title_align="left"))


def show_next(folder: LearnerFolder, failed: Sequence[Report]) -> None:
    """Print what to do next."""
    undone = [
        name for name in folder.exercises if folder.status(name) != "passed" and folder.file(name).exists()
    ]
    if failed:
        number_ = number(failed[0].exercise.name) or failed[0].exercise.name
        show(
            Text(
                f"next     correct {folder.file(failed[0].exercise.name)}; a hint: handgrad learn hint {number_}"
            )
        )
    elif undone:
        exercise = folder.exercises[undone[0]]
        show(Text(f"next     {folder.file(exercise.name)}: {exercise.title}, {exercise.minutes} minutes"))
    else:
        show(Text("All exercises pass. Train with your functions: handgrad learn train", "bold green"))


def show_hint(exercise: Exercise, count: int, text: str) -> None:
    """Print a hint."""
    title = f"{exercise.title}: hint {count} of {len(exercise.hints)}"
    show(Panel(Markdown(printable(text)), title=title, title_align="left", border_style="cyan"))
    if count == len(exercise.hints):
        write(f"derivation {exercise.link}\n")


def show_report(report: Report, folder: LearnerFolder) -> None:
    """Print the result of a check, and why it is not correct."""
    exercise, file = report.exercise, folder.file(report.exercise.name)
    title = f"Exercise {number(exercise.name) or exercise.name}: {exercise.title}"
    if not report.started:
        text = f"{file} has no solution yet: write the function in place of the line that raises NotImplementedError."
        show(Panel(Text(text), title=title, title_align="left"))
        return
    parts: list[RenderableType] = [_properties(report)]
    for finding in report.findings:
        heading = Text(f"{finding.title}", "bold red").append(f", in {finding.result}", "not bold default")
        parts.append(Padding(Group(heading, Markdown(printable(finding.sentence))), (1, 0, 0, 0)))
    if report.failure and not (report.findings and report.difference):
        parts.append(Padding(_failure(report, str(file)), (1, 0, 0, 0)))
    if report.difference and (report.findings or not report.failure):
        parts.append(Padding(_difference(report.difference, exercise), (1, 0, 0, 0)))
    if report.printed.strip():
        lines = printable(report.printed).strip().split("\n")
        shown = "\n".join(line[:LINE] for line in lines[:PRINTED]) + ("\n…" if len(lines) > PRINTED else "")
        parts.append(Padding(Text(f"Your file prints:\n{shown}", "dim"), (1, 0, 0, 0)))
    style = "green" if report.status == "passed" else "red"
    show(Panel(Group(*parts), title=f"{title}: {report.status}", title_align="left", border_style=style))
    if report.status == "failed":
        write(f"derivation {exercise.link}\n")


def _properties(report: Report) -> RenderableType:
    marks = [
        Text("✓ ", "green").append(name, "default") if holds else Text("✗ ", "red").append(name, "default")
        for name, holds in report.properties.items()
    ]
    return Columns(marks, padding=(0, 3))


def _failure(report: Report, file: str) -> RenderableType:
    """Describe an exception, with the line of the learner's file, and the shapes of the arguments."""
    failure = report.failure
    assert failure is not None
    lines = [Text(explain_failure(failure.type, failure.message), "bold red")]
    if failure.line:
        lines.append(Text(f"{file}, line {failure.line}:").append(f"\n    {failure.text}", "bold"))
    if report.failed_case:
        lines.append(Text(f"The arguments ({report.failed_case.property}): {_shapes(report.failed_case)}"))
    return Group(*lines)


def explain_failure(kind: str, message: str) -> str:
    """Return one sentence for an exception in the learner's code."""
    match kind:
        case "TimeLimit":
            return f"The function does not end: {message}. Is there a loop whose condition stays true?"
        case "MemoryError":
            return "The function needs too much memory. Which array is larger than the arguments?"
        case "SystemExit":
            return "The code ends the program, e.g. with exit(). A function ends with return."
        case "SyntaxError" | "IndentationError" | "TabError":
            return f"Python cannot read the file: {message}."
        case "NotImplementedError":
            return "A function is not written yet: it raises NotImplementedError."
        case "EOFError":
            return "The code reads input. Use the arguments of the function only."
        case "OSError" if "too large" in message:
            return "The code prints or writes without end."
        case "KeyboardInterrupt":
            return "The code raises KeyboardInterrupt."
        case "RecursionError":
            return "The function calls itself without end."
    if kind == "ValueError" and "matmul" in message:
        return f"The shapes of a product of matrices do not fit: {message.rpartition('(')[2].rstrip(')')}."
    return f"{kind}: {message}"


def _shapes(case: Case) -> str:
    """Describe the arguments of a case, e.g. ``"x (2, 3), rate 0.5"``."""
    parts = []
    for name, value in case.arguments.items():
        if isinstance(value, np.ndarray):
            parts.append(f"{name} {value.shape}")
        elif not callable(value):
            parts.append(f"{name} {value}")
    return ", ".join(parts)


def _difference(difference: Difference, exercise: Exercise) -> RenderableType:
    """Show the arguments of the smallest failing case, the expected and the given array, and one entry."""
    case, result = difference.case, difference.result
    lines: list[RenderableType] = [Text(f"The smallest case that differs: {case.property}", "bold")]
    lines += [_arguments(case, exercise.function(case.function).derivations.get(result, ""))]
    if isinstance(difference.got, str):
        lines.append(Text(f"{result}: your function returns {difference.got}. Is there a return?", "red"))
        return Group(*lines)
    got, expected = difference.got, difference.expected
    if got.shape != expected.shape:
        lines.append(Text(f"{result} has the shape {got.shape} instead of {expected.shape}.", "red"))
    elif got.dtype != expected.dtype:
        lines.append(Text(f"{result} has the dtype {got.dtype} instead of {expected.dtype}.", "red"))
    index = difference.index
    wrong = (
        ~np.isclose(got, expected, case.tolerance, case.tolerance, equal_nan=True)
        if index is not None
        else None
    )
    pair = Table.grid(padding=(0, 4))
    pair.add_row(Text(f"{result}, expected", "green"), Text(f"{result}, yours", "red"))
    pair.add_row(_array(expected, index), _array(got, index, wrong))
    lines.append(Padding(pair, (1, 0, 0, 0)))
    if index is not None:
        lines.append(_entry(difference, exercise))
    return Group(*lines)


def _arguments(case: Case, formula: str) -> RenderableType:
    """Show the arguments of a case: if there is a formula, those that occur in it."""
    cells = [
        Group(Text(f"{name} {value.shape}", "dim"), _array(value))
        for name, value in case.arguments.items()
        if isinstance(value, np.ndarray)
        and value.ndim <= 2
        and value.size <= SIDE * SIDE
        and (not formula or re.search(rf"\b{name}\b", formula.partition("=")[2]))
    ]
    return (
        Group(Text(_shapes(case), "dim"), Columns(cells, padding=(0, 3)))
        if cells
        else Text(_shapes(case), "dim")
    )


def _array(
    values: NDArray[Any], index: tuple[int, ...] | None = None, wrong: NDArray[np.bool_] | None = None
) -> RenderableType:
    """Show a matrix, or that matrix of an array of more axes which has an entry; wrong entries are marked."""
    values, wrong = np.asarray(values), np.zeros(np.shape(values), bool) if wrong is None else wrong
    title = ""
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
                f"{significant(float(value), 4)}{'*' if bad else ' '}",
                "bold red" if bad else "",
                justify="right",
            )
            for value, bad in zip(row, marked, strict=True)
        ]
        grid.add_row(*cells)
    shown = rows[part].size < rows.size
    note = [Text(f"{title}{' a part of it' if shown else ''}".strip(), "dim")] if title or shown else []
    return Group(*note, grid)


def _entry(difference: Difference, exercise: Exercise) -> RenderableType:
    """Derive the first differing entry term by term."""
    case, result, index = difference.case, difference.result, difference.index
    function = exercise.function(case.function)
    expected, got = difference.expected, difference.got
    assert index is not None
    assert not isinstance(got, str)
    name = f"{result}[{', '.join(map(str, index))}]" if index else result
    numbers = significant(float(expected[index]), 6), significant(float(got[index]), 6)
    lines = [f"\n{name} is {numbers[0]}, and yours is {numbers[1]}:"]
    if result in function.derivations:
        results = _results(case, exercise)
        try:
            lines += derive(
                result, function.derivations[result], {**results, **case.arguments}, index
            ).lines()
        except HandgradError:
            return Text(lines[0][:-1] + ".")
        start = case.arguments[result][index] if result in function.changes else 0
        if start:
            lines.append(f"It is added to {significant(float(start), 6)}.")
        return Text("\n".join(lines))
    return Text(lines[0][:-1] + ".")


def _results(case: Case, exercise: Exercise) -> dict[str, Any]:
    from handgrad.learn.solutions import run_source

    return dict(run_source(exercise, exercise.source, [case])[0].values)


def as_dict(report: Report) -> dict[str, Any]:
    """Return a report for ``--json``."""
    failure, difference = report.failure, report.difference
    return {
        "exercise": report.exercise.name,
        "title": report.exercise.title,
        "status": report.status,
        "score": report.score,
        "properties": report.properties,
        "mistakes": [
            {"kind": found.kind, "title": found.title, "result": found.result, "sentence": found.sentence}
            for found in report.findings
        ],
        "error": failure and {**vars(failure), "explanation": explain_failure(failure.type, failure.message)},
        "difference": difference
        and {
            "property": difference.case.property,
            "result": difference.result,
            "index": difference.index,
            "expected": difference.expected.tolist(),
            "got": difference.got if isinstance(difference.got, str) else difference.got.tolist(),
        },
        "printed": report.printed[:1000],
        "link": report.exercise.link,
    }
