"""The child process that runs a learner's file: ``python -m handgrad.learn.worker EXERCISE FILE OUT SECONDS``.

It writes one line of JSON for each case to OUT, so that the parent knows the results before a crash or a time limit.
Earlier exercises that the file imports are those of the library: a mistake there is reported there only.
"""

import faulthandler
import json
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from handgrad.errors import one_line
from handgrad.learn.calls import Failure, Outcome, call, encode
from handgrad.learn.catalog import import_solutions, load_exercise

MEMORY = 2 * 2**30
"""Bytes of address space that the process may use."""
WRITTEN = 2**24
"""Bytes that it may write to a file, or print."""


def limit_memory(size: int = MEMORY) -> None:
    """Limit the address space of the process, where the system can."""
    limit("RLIMIT_AS", size)


def limit(kind: str, size: int) -> None:
    """Set a limit of the system by its name."""
    try:
        import resource
    except ImportError:  # Windows
        return
    number = getattr(resource, kind)
    hard = resource.getrlimit(number)[1]
    resource.setrlimit(number, (size if hard == resource.RLIM_INFINITY else min(size, hard), hard))


def failure_of(error: BaseException, file: Path) -> Failure:
    """Describe an exception, with the last line of the learner's file that was running."""
    lines = [
        frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).name == file.name
    ]
    if isinstance(error, SyntaxError) and error.filename == str(file):
        return Failure(
            type(error).__name__, error.msg, error.lineno or 0, one_line((error.text or "")[:1000])
        )
    line, text = (lines[-1].lineno or 0, lines[-1].line or "") if lines else (0, "")
    try:
        message = one_line(str(error)[:1000])
    except Exception:  # of its __str__
        message = ""
    return Failure(type(error).__name__, message, line, one_line(text[:1000]))


def load_learner(file: Path) -> ModuleType:
    """Run a learner's file as a module."""
    import_solutions(but=[file.stem])
    module = ModuleType(file.stem)
    module.__file__ = str(file)
    sys.modules[file.stem] = module
    sys.path.append(str(file.parent))  # other files of the learner
    exec(compile(file.read_bytes(), str(file), "exec"), vars(module))
    return module


def main(definition: str, path: str, out: str, seconds: str) -> None:
    """Run all cases of an exercise."""
    exercise, file = load_exercise(Path(definition)), Path(path).absolute()
    cases = exercise.all_cases()
    with open(f"{out}.traceback", "w") as late:  # noqa: PTH123

        def write(case: int, value: Outcome) -> None:
            with open(out, "a") as report:  # noqa: PTH123 (the learner's code may close open files)
                report.write(json.dumps({"case": case, **encode(value)}) + "\n")

        faulthandler.dump_traceback_later(float(seconds), exit=True, file=late)
        limit_memory()
        limit("RLIMIT_FSIZE", WRITTEN)
        try:
            module = load_learner(file)
        except BaseException as error:
            write(-1, Outcome(failure=failure_of(error, file)))
            return
        for index, case in enumerate(cases):
            name = exercise.function(case.function).name
            try:
                function: Any = getattr(module, name, None)
                if callable(function):
                    outcome = call(function, exercise, case)
                else:
                    outcome = Outcome(failure=Failure("NameError", f"the function {name} is missing"))
            except BaseException as error:
                outcome = Outcome(failure=failure_of(error, file))
            write(index, outcome)
        faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
        sys.stdout.flush()
    except BaseException:  # e.g. a module of Python that the learner's code has changed
        os._exit(1)
    os._exit(0)  # threads and exit handlers of the learner are not waited for
