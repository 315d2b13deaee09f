"""What ``handgrad learn`` shows: the map of chapters, reports, and hints."""

import sys
from collections.abc import Sequence
from typing import Any

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from handgrad.cli.learn_difference import describe_arguments, describe_difference
from handgrad.cli.output import LINE, write
from handgrad.errors import printable
from handgrad.learn.catalog import CHAPTERS, number
from handgrad.learn.check import Report
from handgrad.learn.exercise import Exercise
from handgrad.learn.failures import explain_failure
from handgrad.learn.folder import LearnerFolder

MARKS = {
    "passed": ("●", "green"),
    "failed": ("✗", "red"),
    "changed": ("◐", "yellow"),
    "not started": ("○", "dim"),
}
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
                cells.append(f"{mark} {number(name) or '':>2} {exercise.title}", style).append("\n")
        grid.add_row(Text(f"{chapter}  {CHAPTERS.get(chapter, 'More exercises')}", "bold"), cells)
    legend = Text("  ").join(Text(f"{mark} {status}", style) for status, (mark, style) in MARKS.items())
    show(Panel(Group(grid, legend), title=f"{done} of {len(folder.exercises)} exercises", title_align="left"))


def show_next(folder: LearnerFolder, failed: Sequence[Report]) -> None:
    """Print what to do next."""
    undone = [
        name for name in folder.exercises if folder.status(name) != "passed" and folder.file(name).exists()
    ]
    place = "" if folder.is_default() else f" --folder {folder.path}"
    if failed:
        exercise = failed[0].exercise
        hint = f"handgrad learn hint {number(exercise.name) or exercise.name}{place}"
        show(Text(f"next     correct {folder.file(exercise.name)}; a hint: {hint}"))
    elif undone:
        exercise = folder.exercises[undone[0]]
        show(Text(f"next     {folder.file(exercise.name)}: {exercise.title}, {exercise.minutes} minutes"))
    else:
        show(
            Text(f"All exercises pass. Train with your functions: handgrad learn train{place}", "bold green")
        )


def show_hints(exercise: Exercise, count: int, first: int) -> None:
    """Print the hints from one to another, numbered from 1."""
    for index in range(first, count + 1):
        title = f"{exercise.title}: hint {index} of {len(exercise.hints)}"
        text = Markdown(printable(exercise.hints[index - 1]))
        show(Panel(text, title=title, title_align="left", border_style="cyan"))
    if count == len(exercise.hints):
        write(f"derivation {exercise.link}\n")


def show_report(report: Report, folder: LearnerFolder) -> None:
    """Print the result of a check, and why it is not correct."""
    exercise, file = report.exercise, folder.file(report.exercise.name)
    title = f"Exercise {number(exercise.name) or exercise.name}: {exercise.title}"
    if not report.started:
        text = f"{file} has no solution yet. Write it in place of the line `raise NotImplementedError`."
        show(Panel(Text(text), title=title, title_align="left"))
        return
    parts: list[RenderableType] = [_properties(report)]
    for finding in report.findings:
        heading = Text(f"{finding.title}", "bold red").append(f", in {finding.result}", "not bold default")
        parts.append(Padding(Group(heading, Markdown(printable(finding.sentence))), (1, 0, 0, 0)))
    if report.failure and not (report.findings and report.difference):
        parts.append(Padding(_failure(report, str(file)), (1, 0, 0, 0)))
    if report.difference and (report.findings or not report.failure):
        parts.append(Padding(describe_difference(report.difference, exercise), (1, 0, 0, 0)))
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
        lines.append(
            Text(f"The arguments ({report.failed_case.property}): {describe_arguments(report.failed_case)}")
        )
    return Group(*lines)


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
