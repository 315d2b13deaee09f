"""Run a learner's file on the cases of an exercise, in a child process with limits."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from time import monotonic

from handgrad.errors import one_line
from handgrad.learn.calls import Failure, Outcome, decode

RUNNING: set["subprocess.Popen[bytes]"] = set()
"""Processes that other threads wait for."""


def end_processes() -> None:
    """End all processes that run learners' files."""
    for process in [*RUNNING]:
        process.kill()


def run_file(definition: Path, file: Path, cases: int, seconds: float) -> tuple[list[Outcome], str]:
    """Run a learner's file in a child process.

    Returns the outcome of each case, or a single one if the file could not be run at all; and what was printed.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "report")
        printed = Path(folder, "printed")
        command = [sys.executable, "-P", "-m", "handgrad.learn.worker", definition, file, out, str(seconds)]
        start = monotonic()
        with printed.open("wb") as screen:
            process = subprocess.Popen(
                [*map(str, command)],
                env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=screen,
                stderr=screen,
                start_new_session=True,
            )
            RUNNING.add(process)
            try:
                process.wait(seconds + 10)
            except subprocess.TimeoutExpired:
                pass
            finally:
                RUNNING.discard(process)
                process.kill()
                process.wait()
                if os.name == "posix":
                    with suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)  # what the learner's code has started
        late = monotonic() - start >= seconds
        lines, place, text = map(_text, (out, Path(f"{out}.traceback"), printed))
    outcomes = {}
    for line in lines.split("\n")[:-1]:
        with suppress(ValueError, TypeError, KeyError, AttributeError):  # written by the learner's code
            record = json.loads(line)
            outcomes[int(record["case"])] = decode(record)
    if -1 in outcomes and outcomes[-1].failure:
        return [outcomes[-1]], text
    missing = _ended(file, place, seconds if late else 0, process.returncode)
    if not outcomes:
        return [Outcome(failure=missing)], text
    return [outcomes.get(index, Outcome(failure=missing)) for index in range(cases)], text


def _text(file: Path) -> str:
    """Read what a child process has written; empty if its code has removed the file."""
    return file.read_text("utf-8", errors="replace") if file.is_file() else ""


def _ended(file: Path, place: str, seconds: float, status: int) -> Failure:
    """Describe a process that has ended without all results.

    `place` is the traceback of the time limit, and `seconds` the time limit if it was reached.
    """
    if not seconds:
        if status < 0:
            return Failure("Crash", f"signal {-status}")
        return Failure("SystemExit", f"the process ended with status {status}")
    found = re.search(rf'File "[^"]*{re.escape(file.name)}", line (\d+)', place)
    line, message = int(found[1]) if found else 0, f"not finished after {seconds:g} seconds"
    source = [*_text(file).splitlines(), *[""] * line]  # the code may have emptied its file
    return Failure("TimeLimit", message, line, one_line(source[line - 1]) if line else "")
