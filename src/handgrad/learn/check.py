"""Check a learner's file: compare its results with those of the solution."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import HandgradError
from handgrad.learn.calls import Failure, Outcome
from handgrad.learn.catalog import is_untouched
from handgrad.learn.diagnosis import Finding, diagnose
from handgrad.learn.exercise import Case, Exercise
from handgrad.learn.process import run_file
from handgrad.learn.solutions import run_source, same_kind

SECONDS = 10.0
"""Time limit of all cases of an exercise."""
LARGEST = 2**20
"""Bytes of the largest file that is run."""
UNMODIFIED = "arguments are not modified"


@dataclass(frozen=True)
class Difference:
    """A wrong result in the smallest failing case.

    Parameters
    ----------
    case : Case
        The case.
    result : str
        Name of the result.
    got : array or str
        What the learner's function has returned, or a description of what is not an array.
    expected : array
        What it should return.
    index : tuple of int, optional
        First entry that differs, where the shapes agree.
    """

    case: Case
    result: str
    got: NDArray[Any] | str
    expected: NDArray[Any]
    index: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Report:
    """The result of a check.

    Parameters
    ----------
    exercise : Exercise
        The exercise.
    properties : mapping from str to bool
        Whether each property holds; nothing if the file could not be read or is not begun.
    findings : sequence of Finding
        Mistakes that explain the wrong results.
    difference : Difference, optional
        A wrong result.
    failure : Failure, optional
        The exception that ended a call, or the end of the process.
    failed_case : Case, optional
        The case that raised it.
    printed : str
        What the file has printed.
    started : bool
        Whether the learner has begun to write.
    """

    exercise: Exercise
    properties: dict[str, bool] = field(default_factory=dict)
    findings: Sequence[Finding] = ()
    difference: Difference | None = None
    failure: Failure | None = None
    failed_case: Case | None = None
    printed: str = ""
    started: bool = True

    @property
    def status(self) -> Literal["passed", "failed", "not started"]:
        """Result in a word."""
        if not self.started:
            return "not started"
        return "passed" if self.properties and all(self.properties.values()) else "failed"

    @property
    def score(self) -> float:
        """Share of the properties that hold, from 0 to 1; 0 if no result is correct."""
        correct = any(holds for name, holds in self.properties.items() if name != UNMODIFIED)
        return sum(self.properties.values()) / len(self.properties) if correct else 0.0


def properties_of(exercise: Exercise, cases: Sequence[Case]) -> list[str]:
    """Return the properties that an exercise checks, in their order."""
    return [*dict.fromkeys(case.property for case in cases), UNMODIFIED]


def check(exercise: Exercise, definition: Path, file: Path, seconds: float = SECONDS) -> Report:
    """Check a learner's file.

    Parameters
    ----------
    exercise : Exercise
        The exercise.
    definition : Path
        The file that defines it.
    file : Path
        The learner's file.
    seconds : float
        Time limit.

    Returns
    -------
    Report
        The result.

    Raises
    ------
    HandgradError
        If there is no such file.
    """
    if not file.exists():
        raise HandgradError(f"there is no {file}; copy it with: handgrad learn start {file.parent}")
    try:
        text = read_learner_file(file).decode("utf-8-sig")
    except (OSError, UnicodeError) as error:
        reason = "it is not text in UTF-8" if isinstance(error, UnicodeError) else str(error.strerror)
        unreadable = Failure("Unreadable", reason)
        return Report(exercise, failure=unreadable)
    if is_untouched(exercise, text):
        return Report(exercise, started=False)
    cases = exercise.all_cases()
    names = properties_of(exercise, cases)
    given, printed = run_file(definition, file, len(cases), seconds)
    if len(given) == 1 and given[0].failure:  # the file could not be run at all
        return Report(exercise, dict.fromkeys(names, False), failure=given[0].failure, printed=printed)
    solved = run_source(exercise, exercise.source, cases)
    wanted = expected(solved, cases)
    correct = verdicts(given, wanted, cases)
    properties = dict.fromkeys(names, True)
    for case, holds in zip(cases, correct, strict=True):
        properties[case.property] &= holds
    modified = [outcome.modified for outcome in given if outcome.modified]
    properties[UNMODIFIED] = not modified
    findings = [] if all(correct) else diagnose(exercise, cases, given, solved)
    if modified:
        array = modified[0][0]
        sentence = f"The function changes its argument {array}. Compute a new array instead."
        findings.append(Finding("modified-input", sentence, array))
    failed = [
        (sum(np.size(value) for value in case.arguments.values()), index)
        for index, case in enumerate(cases)
        if not correct[index]
    ]
    smallest = [index for _, index in sorted(failed)]
    failure, failed_case, difference = None, None, None
    for index in smallest:
        if given[index].failure:
            failure, failed_case = failure or given[index].failure, failed_case or cases[index]
        else:
            difference = difference or _difference(given[index], wanted[index], cases[index], exercise)
    return Report(exercise, properties, findings, difference, failure, failed_case, printed)


def read_learner_file(file: Path) -> bytes:
    """Read a learner's file; OSError if it is not a file, or too large."""
    if file.exists() and not file.is_file():
        raise OSError(0, "it is not a file")
    if file.stat().st_size > LARGEST:
        raise OSError(0, f"it is larger than {LARGEST:,} bytes")
    return file.read_bytes()


def expected(solved: Sequence[Outcome], cases: Sequence[Case]) -> list[Outcome]:
    """Return the expected outcomes: those of the solution, and what some cases compute otherwise."""
    return [
        Outcome({**outcome.values, **case.expected(case.arguments)}) if case.expected else outcome
        for case, outcome in zip(cases, solved, strict=True)
    ]


def verdicts(given: Sequence[Outcome], wanted: Sequence[Outcome], cases: Sequence[Case]) -> list[bool]:
    """Return for each case whether it has the expected results."""
    return [_agrees(got, want, case) for got, want, case in zip(given, wanted, cases, strict=True)]


def _agrees(got: Outcome, want: Outcome, case: Case) -> bool:
    """Whether a case has the expected results."""
    if got.failure or got.wrong:
        return False
    return all(
        name in got.values and _close(got.values[name], np.asarray(value), case.tolerance).all()
        for name, value in want.values.items()
    )


def _close(got: NDArray[Any], want: NDArray[Any], tolerance: float) -> NDArray[np.bool_]:
    """Compare entries; a single False if the shape or the dtype differs."""
    if got.shape != want.shape or not same_kind(got.dtype, want.dtype):
        return np.array(False)
    if not got.size:
        return np.array(True)
    return np.asarray(np.isclose(got, want, rtol=tolerance, atol=tolerance, equal_nan=True))


def _difference(got: Outcome, want: Outcome, case: Case, exercise: Exercise) -> Difference | None:
    """Find the first wrong result of a case, and its first wrong entry."""
    for name, description in got.wrong.items():
        return Difference(case, name, description, np.asarray(want.values.get(name.split(", ")[0])))
    for name, value in want.values.items():
        if name not in got.values:
            continue
        expected, answer = np.asarray(value), got.values[name]
        close = _close(answer, expected, case.tolerance)
        if not close.all():
            comparable = answer.shape == expected.shape and same_kind(answer.dtype, expected.dtype)
            index = tuple(map(int, np.argwhere(~close)[0])) if comparable else None
            return Difference(case, name, answer, expected, index)
    return None
