"""``handgrad learn``: exercises in which the learner writes the gradients."""

import csv
import io
import signal
import subprocess
import sys
from contextlib import nullcontext, suppress
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.cli.completion import complete_exercise
from handgrad.cli.options import FAILED, INTERRUPTED, SUCCEEDED, Json, option
from handgrad.cli.output import LINE, emit, emit_json, table
from handgrad.errors import HandgradError, one_line

if TYPE_CHECKING:
    from handgrad.learn.folder import LearnerFolder
    from handgrad.learn.grading import Grade

FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""Characters with which formulas of spreadsheets begin."""
EXERCISE_HELP = "Number or name of an exercise."
FOLDER_HELP = "Folder of the exercises. Default: this folder, or exercises in it."
ADD_HELP = "A file that defines another exercise. May be repeated."
CSV_HELP = "Also write the credit for each exercise to a CSV file."
ONLY_HELP = "An exercise that counts. May be repeated. Default: all."
SUBMISSIONS_HELP = "A folder with a folder for each learner."

app = typer.Typer(
    help="Write the gradients yourself, and read what is wrong with them.", no_args_is_help=True
)
Folder = Annotated[Path | None, option("--folder", FOLDER_HELP, "DIR")]
Added = Annotated[list[Path] | None, option("--add", ADD_HELP, "FILE")]
Chosen = Annotated[str, typer.Argument(help=EXERCISE_HELP, metavar="N", autocompletion=complete_exercise)]
Optional = Annotated[
    str | None, typer.Argument(help=EXERCISE_HELP, metavar="N", autocompletion=complete_exercise)
]


@app.command()
def start(
    folder: Annotated[Path, typer.Argument(help="Where they are copied.", metavar="DIR")] = Path("exercises"),
    notebooks: Annotated[bool, option("--notebooks", "Also write a notebook for each chapter.")] = False,
    added: Added = None,
) -> None:
    """Copy the exercises.

    Write a file for each, with the task, the formula and an empty function. Files that exist are kept.
    """
    from handgrad.cli.learn_report import show_map
    from handgrad.learn.folder import LearnerFolder
    from handgrad.learn.notebooks import write_notebooks

    opened, written = LearnerFolder.create(folder, added or [])
    notes = write_notebooks(folder, opened.exercises) if notebooks else []
    show_map(opened)
    kept = "; files that exist were kept" if len(written) < len(opened.exercises) else ""
    emit(f"copied   {len(written)} of {len(opened.exercises)} exercises to {folder}{kept}")
    if notes:
        emit(f"written  {', '.join(notes)}")
    first = next(iter(opened.exercises))
    place = "" if opened.is_default() else f" --folder {folder}"
    emit(f"next     open {opened.file(first)}, write the function, and run:")
    emit(f"         handgrad learn check 1{place}")


@app.command()
def check(number: Optional = None, folder: Folder = None, json: Json = False) -> int:
    """Check exercises, and explain what is wrong.

    Without a number, check all that are begun. Your code runs in another process, with limits of time and memory.
    """
    from handgrad.cli.learn_report import as_dict, show_map, show_next, show_report
    from handgrad.learn.folder import LearnerFolder

    opened = LearnerFolder.open(folder)
    names = (
        [_find(opened, number)]
        if number
        else [name for name in opened.exercises if opened.file(name).exists()]
    )
    reports = {}
    for name in names:
        reports[name] = opened.check(name)
        if json:
            emit_json(as_dict(reports[name]))
    failed = [report for report in reports.values() if report.status == "failed"]
    if not json:
        if number:
            show_report(reports[names[0]], opened)
        else:
            show_map(opened)
            for report in failed[:1]:
                show_report(report, opened)
        if number is None or reports[names[0]].status == "passed":
            show_next(opened, failed)
    return FAILED if failed or (number and reports[names[0]].status != "passed") else SUCCEEDED


@app.command()
def hint(number: Chosen, folder: Folder = None) -> None:
    """Print one more hint for an exercise.

    The last hint is the derivation. After it, all hints are printed.
    """
    from handgrad.cli.learn_report import show_hints
    from handgrad.learn.folder import LearnerFolder

    opened = LearnerFolder.open(folder)
    name = _find(opened, number)
    count, exercise = opened.next_hint(name), opened.exercises[name]
    show_hints(exercise, count or len(exercise.hints), count or 1)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def train(context: typer.Context, folder: Folder = None) -> int:
    """Train a network with your functions.

    They replace those of the library, except those of exercises that do not pass. Takes a recipe and the options of
    handgrad train. Without these: the original 784-10-10, for two epochs in batches of 128 examples.
    """
    from handgrad.learn.folder import LearnerFolder
    from handgrad.learn.training import used_kernels

    opened = LearnerFolder.open(folder)
    passed = [name for name in opened.exercises if opened.passes(name)]
    if "--json" not in context.args and "--quiet" not in context.args:
        used = ", ".join(used_kernels(passed)) or "no function yet"
        emit(f"{fill(f'yours    {used}', LINE, subsequent_indent=' ' * 9)}\n")
    arguments = context.args
    if not arguments or arguments[0].startswith("-"):  # no recipe
        steps = any(argument.startswith("--steps") for argument in arguments)
        arguments = ["classic", "--batch-size", "128", *([] if steps else ["--epochs", "2"]), *arguments]
    command = [
        sys.executable,
        "-P",
        "-m",
        "handgrad.cli.learn_train",
        str(opened.path),
        ",".join(passed),
        *arguments,
    ]
    return _wait(subprocess.Popen(command))


@app.command()
def grade(
    submissions: Annotated[Path, typer.Argument(help=SUBMISSIONS_HELP, metavar="FOLDER")],
    out: Annotated[Path | None, option("--csv", CSV_HELP, "OUT")] = None,
    exercise: Annotated[list[str] | None, option("--exercise", ONLY_HELP, "N")] = None,
    added: Added = None,
    json: Json = False,
) -> None:
    """Grade a folder of submissions.

    Each property of an exercise that holds gives credit.
    """
    from handgrad.files import replacing
    from handgrad.learn.grading import frequent, passed
    from handgrad.learn.grading import grade as grade_all

    grades = []
    with (
        replacing(out) if out else nullcontext() as file
    ):  # begun at once: it shows whether it can be written
        for result in grade_all(submissions, added or [], exercise or []):
            grades.append(result)
            scores = result.scores()
            if json:
                emit_json(
                    {
                        "submission": result.submission,
                        "credit": result.credit(),
                        "exercises": scores,
                        "mistakes": result.mistakes(),
                    }
                )
            else:
                name, done = one_line(result.submission), sum(score == 1 for score in scores.values())
                emit(f"{name:<30} {done:>3} of {len(scores)} exercises {result.credit():>8.1%}")
        if file:
            file.write_bytes(_as_csv(grades))
    if not json:
        rows = [[name, *map(str, counts)] for name, *counts in passed(grades) if any(counts)]
        emit(f"\n{table(['exercise', 'passed', 'begun'], rows)}")
        if mistakes := frequent(grades):
            emit(f"\n{table(['frequent mistake', 'submissions'], [[name, str(n)] for name, n in mistakes])}")
    if out and not json:
        emit(f"\nsaved    {out}")


def _mistakes(result: "Grade") -> str:
    return "; ".join(name for name in result.mistakes() if not name.endswith(": missing"))


def _as_csv(grades: list["Grade"]) -> bytes:
    """Return a table of grades; names that a spreadsheet would take for formulas begin with an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["submission", "credit", *grades[0].scores(), "mistakes"])
    for result in grades:
        name = "'" * result.submission.startswith(FORMULAS) + result.submission
        scores = [result.credit(), *result.scores().values()]
        writer.writerow([name, *(f"{score:.4f}" for score in scores), _mistakes(result)])
    return text.getvalue().encode(errors="backslashreplace")


def _wait(process: "subprocess.Popen[bytes]") -> int:
    """Return the status of a child process, which has the time to save when it is interrupted."""
    try:
        try:
            status = process.wait()
        except KeyboardInterrupt:
            with suppress(subprocess.TimeoutExpired):
                process.wait(2)  # Ctrl-C has reached it, too
            process.send_signal(signal.SIGINT)
            status = process.wait()
    finally:
        process.kill()
        process.wait()
    if status == INTERRUPTED:
        raise SystemExit(status)  # the child has said so
    if status < 0:
        raise HandgradError(f"the training has ended with signal {-status}; learn check shows the functions")
    return status


def _find(folder: "LearnerFolder", text: str) -> str:
    """Return the name of an exercise; wrong usage if there is none."""
    from handgrad.learn.catalog import find_exercise

    try:
        return find_exercise(folder.exercises, text).name
    except HandgradError as error:
        raise typer.BadParameter(str(error), param_hint="N") from error
