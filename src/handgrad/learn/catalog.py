"""The exercises that exist, and the files that learners get: text and functions without their bodies."""

import ast
import re
import sys
from collections.abc import Container
from dataclasses import replace
from functools import cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from handgrad.errors import HandgradError, printable
from handgrad.learn.exercise import Exercise

FOLDER = Path(__file__).parent / "exercises"
PACKAGE = "handgrad.learn.exercises"
CHECK = "\n# --- check"
HOLE = "    raise NotImplementedError  # write your code in place of this line"
CHAPTERS = {
    1: "One neuron, one layer",
    2: "Activations",
    3: "Classes",
    4: "The original program",
    5: "Better training",
    6: "Images",
}


def load_exercise(file: Path) -> Exercise:
    """Load the exercise that a file defines; HandgradError if it does not define one."""
    try:
        source = file.read_text("utf-8-sig")
        spec = spec_from_file_location(f"{PACKAGE}.{file.stem}", file)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
    except OSError as error:
        raise HandgradError(f"cannot read {file}: {error.strerror or error}") from error
    except (Exception, SystemExit) as error:
        raise HandgradError(f"{file} does not define an exercise: {type(error).__name__}: {error}") from error
    exercise, text = getattr(module, "EXERCISE", None), module.__doc__
    if not isinstance(exercise, Exercise) or not text or CHECK not in source:
        need = "a docstring, the solution, the line '# --- check', and EXERCISE = Exercise(…)"
        raise HandgradError(f"{file} does not define an exercise; it needs {need}")
    return replace(exercise, name=file.stem, text=printable(text.strip()), source=source.partition(CHECK)[0])


@cache
def exercises() -> dict[str, Exercise]:
    """Return the exercises of the library by name, in their order."""
    return {file.stem: load_exercise(file) for file in sorted(FOLDER.glob("ex*.py"))}


def import_solutions(but: Container[str]) -> None:
    """Import the solutions under the names that learners' files import, e.g. ``ex03_dense``, except some."""
    for file in FOLDER.glob("ex*.py"):
        if file.stem not in but:
            sys.modules[file.stem] = import_module(f"{PACKAGE}.{file.stem}")


def find_exercise(known: dict[str, Exercise], text: str) -> Exercise:
    """Return the exercise of a number, e.g. ``"5"``, or a name; HandgradError if there is none."""
    wanted = Path(text).name.removesuffix(".py")
    digits = wanted.removeprefix("ex")
    for name in known:
        if wanted == name or (digits.isdecimal() and number(name) == int(digits[:9])):
            return known[name]
    choice = f"choose from 1 to {max(map(number, known))}"
    raise HandgradError(f"there is no exercise '{text:.40}'; {choice}, or a name such as {next(iter(known))}")


def number(name: str) -> int:
    """Return the number in the name of an exercise, e.g. 5 of ``"ex05_dense_backward"``."""
    found = re.match(r"ex(\d+)", name)
    return int(found[1]) if found else 0


def learner_file(exercise: Exercise) -> str:
    """Return the file that the learner gets: the solution with holes in place of the functions' bodies."""
    lines = exercise.source.rstrip().split("\n")
    names = {function.name for function in exercise.functions}
    for node in reversed(ast.parse(exercise.source).body):
        if isinstance(node, ast.FunctionDef) and node.name in names:
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines[body[0].lineno - 1 : node.end_lineno] = [HOLE]
    return "\n".join(lines).replace(f"{PACKAGE}.", "") + "\n"


def is_untouched(exercise: Exercise, text: str) -> bool:
    """Whether a learner's file is still the one that was copied."""
    return _code(text) == _code(learner_file(exercise))


def _code(text: str) -> list[str]:
    """Return the words of a file without the docstring, which a notebook leaves out."""
    return re.sub(r'\A\s*""".*?"""', "", text, count=1, flags=re.DOTALL).split()


def as_markdown(exercise: Exercise) -> str:
    """Return the text of an exercise as Markdown: its title as a plain line, and its example as a block of code."""
    _, _, text = exercise.text.partition("\n")
    text = re.sub(r"(?ms)^(>>> .*?)(?=\n\n[^>]|\Z)", r"```pycon\n\1\n```", text)
    return f"{exercise.title}\n{text}"
