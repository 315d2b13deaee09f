"""Exercises that a teacher adds: a definition is tried before it is copied or graded with."""

import sys
from collections.abc import Iterator
from pathlib import Path

from handgrad.errors import HandgradError
from handgrad.learn.catalog import HOLE, learner_file, load_exercise
from handgrad.learn.check import expected, verdicts
from handgrad.learn.exercise import Exercise, Function
from handgrad.learn.mistakes import KINDS
from handgrad.learn.solutions import edited, run_source


def require_sound(file: Path) -> None:
    """Raise HandgradError if a file does not define an exercise, or one that its own solution fails."""
    name = file.stem
    if (
        file.suffix != ".py"
        or not name.isidentifier()
        or name in {*sys.stdlib_module_names, "numpy", "handgrad"}
    ):
        raise HandgradError(f"{file} cannot be added; give it the name of a new module, e.g. softplus.py")
    exercise = load_exercise(file)
    try:
        problem = next(problems(exercise), None)
    except Exception as error:  # raised by the definition
        problem = f"{type(error).__name__}: {error}"
    if problem:
        raise HandgradError(f"{file} does not define an exercise: {problem}")


def problems(exercise: Exercise) -> Iterator[str]:
    """Yield what is wrong with the definition of an exercise."""
    if not isinstance(exercise.chapter, int) or not isinstance(exercise.minutes, int):
        yield "chapter and minutes are whole numbers"
    hints = exercise.hints
    if not isinstance(hints, list | tuple) or not hints or not all(isinstance(hint, str) for hint in hints):
        yield "hints are a list of texts, at least one"
    if not exercise.functions or not all(isinstance(function, Function) for function in exercise.functions):
        yield "functions are a list of Function(…), at least one"
    text, functions = learner_file(exercise), {function.name for function in exercise.functions}
    compile(text, exercise.name, "exec")
    if text.count(HOLE) != len(functions):
        yield f"the solution needs a def for each of {', '.join(functions)}"
    cases = exercise.all_cases()
    if not cases:
        yield "there are no cases"
    used = {case.function for case in cases} | {mistake.function for mistake in exercise.mistakes}
    for name in used - functions - {""}:
        yield f"there is no function '{name}'"
    solved = run_source(exercise, exercise.source, cases)
    for case, outcome, correct in zip(
        cases, solved, verdicts(solved, expected(solved, cases), cases), strict=True
    ):
        if outcome.failure:
            yield f"its solution raises {outcome.failure.type} for '{case.property}': {outcome.failure.message}"
        if not correct or outcome.modified:
            yield f"its solution fails '{case.property}'"
    for mistake in exercise.mistakes:
        if mistake.kind not in KINDS:
            yield f"there is no kind of mistakes '{mistake.kind}'; see handgrad/learn/mistakes.py"
        if edited(exercise, [mistake]) is None:
            yield f"a text that the mistake '{mistake.kind}' replaces is not there exactly once"
