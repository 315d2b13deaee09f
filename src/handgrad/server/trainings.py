"""Trainings in processes of their own: started, paused, resumed, stopped; one at a time.

A training is ``handgrad train`` or ``handgrad resume`` as on a terminal, and leaves its records in its folder,
where every reader finds them. It is attached to the server: when the server closes its end of the training's
standard input, or dies, the training saves and ends, as after Ctrl-C. So nothing is left behind a dead server.
"""

import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event, Lock, Thread
from typing import IO, Literal

from handgrad.errors import HandgradError
from handgrad.exports.formats import MODEL_FILE
from handgrad.files import make_folder, replacing
from handgrad.run_status import model_is_newest
from handgrad.runs import next_folder
from handgrad.server.latest_parameters import newest
from handgrad.server.run_folders import (
    Standing,
    is_name,
    is_run,
    run_names,
    standing,
    write_mark,
)
from handgrad.server.train_command import Order

PATIENCE = 20.0
"""Seconds that a request waits for a training to end; it ends soon after a step."""
COMMON = ("--quiet", "--no-test", "--attached")
INTERRUPTED = 130
FIRST_FILE = "start.safetensors"
"""In the folder of a run that started from a model: that model, so that the run can be repeated."""

Wish = Literal["paused", "stopped"]


class Busy(HandgradError):
    """What was asked for cannot be done in the state that a run, or the server, is in."""


class Unknown(HandgradError):
    """There is no such run."""


@dataclass(eq=False)
class Training:
    """A process that trains."""

    name: str
    process: subprocess.Popen[bytes]
    complaints: IO[bytes]
    wish: Wish | None = None
    ended: Event = field(default_factory=Event)

    def interrupt(self, wish: Wish) -> None:
        """Have it save and end."""
        self.wish = wish
        self.close_input()

    def close_input(self) -> None:
        """Let go of it."""
        if self.process.stdin is not None:
            with suppress(OSError):
                self.process.stdin.close()

    def complaint(self) -> str:
        """Give the line by which it failed."""
        self.complaints.seek(0)
        lines = self.complaints.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1].removeprefix("handgrad: ") if lines else "it ended without a word"


class Trainings:
    """All trainings below a folder; safe to use from several threads.

    Parameters
    ----------
    runs : Path
    """

    def __init__(self, runs: Path) -> None:
        self.runs = runs
        self.failures: dict[str, Standing] = {}
        """Of trainings that failed before their first step, and left no folder."""
        self._current: Training | None = None
        self._lock = Lock()

    def names(self) -> list[str]:
        """List all runs, the one that was begun or resumed last first."""
        training, found = self._current, run_names(self.runs)
        first = [*([training.name] if training else []), *reversed(self.failures)]
        return list(dict.fromkeys([*first, *found]))

    def folder(self, name: str) -> Path:
        """Find the folder of a run; Unknown where there is none."""
        if is_name(name) and (name in self.failures or self._is_current(name) or is_run(self.runs / name)):
            return self.runs / name
        raise Unknown(f"there is no run '{name:.60}'")

    def standing(self, name: str) -> Standing:
        """Tell the state of a run; Unknown where there is none."""
        folder = self.folder(name)
        if self._is_current(name):
            return Standing("running")
        return self.failures.get(name) or standing(folder)

    def start(self, order: Order) -> str:
        """Train anew, in a free folder, whose name is given back; Busy where another training runs."""
        with self._lock:
            self._must_be_idle()
            folder = next_folder(order.stem, self.runs, taken=self.failures)
            arguments = [*order.arguments, "--out", str(folder)]
            if order.first is not None:
                make_folder(folder)
                with replacing(folder / FIRST_FILE) as temporary:
                    temporary.write_bytes(order.first)
                arguments += ["--from", str(folder / FIRST_FILE)]
            self._spawn(folder.name, ["train", *arguments])
        return folder.name

    def resume(self, name: str) -> None:
        """Go on with a run; Busy where that cannot be."""
        state = self.standing(name).state
        if name in self.failures or state in ("running", "finished", "stopped"):
            told = "failed before its first step" if name in self.failures else f"is {state}"
            raise Busy(f"{name} {told}; there is nothing to resume")
        with self._lock:
            self._must_be_idle()
            self._spawn(name, ["resume", str(self.runs / name)])

    def interrupt(self, name: str, wish: Wish) -> None:
        """Pause or stop a run, and wait until it has saved; Busy where that cannot be."""
        folder = self.folder(name)
        with self._lock:
            training = self._current if self._is_current(name) else None
            if training:
                training.interrupt(wish)
        if training:
            training.ended.wait(PATIENCE)
            return
        state = self.standing(name).state
        if state == "running":
            raise Busy(f"{name} is trained by another program; interrupt it there, with Ctrl-C")
        if state not in ("paused", "interrupted") or wish == "paused":
            raise Busy(f"{name} is {state}; there is nothing to {'pause' if wish == 'paused' else 'stop'}")
        if not model_is_newest(folder):
            content = newest(folder).content
            with replacing(folder / MODEL_FILE) as temporary:
                temporary.write_bytes(content)
        write_mark(folder, Standing(wish))

    def close(self) -> str | None:
        """Pause what is training, and wait for it; gives its name."""
        with self._lock:
            training = self._current
            if training is None:
                return None
            training.interrupt("paused")
        training.ended.wait()
        return training.name

    def _is_current(self, name: str) -> bool:
        training = self._current
        return training is not None and training.name == name

    def _must_be_idle(self) -> None:
        if self._current:
            raise Busy(f"{self._current.name} is training; pause or stop it first")

    def _spawn(self, name: str, arguments: list[str]) -> None:
        complaints = TemporaryFile()  # noqa: SIM115  # as long as the process
        process = subprocess.Popen(
            [sys.executable, "-m", "handgrad", *arguments, *COMMON],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            start_new_session=True,  # Ctrl-C is the server's, which then pauses it
        )
        self._current = Training(name, process, complaints)
        Thread(target=self._watch, args=(self._current,), daemon=True).start()

    def _watch(self, training: Training) -> None:
        status = training.process.wait()
        folder = self.runs / training.name
        found = None
        if status == INTERRUPTED and training.wish:
            found = Standing(training.wish)
        elif status > 0 and status != INTERRUPTED:
            found = Standing("failed", training.complaint())
        if found:
            with suppress(HandgradError):
                write_mark(folder, found)
            if not is_run(folder):
                self.failures[training.name] = found
                self._tidy(folder)
        training.complaints.close()
        training.close_input()
        with self._lock:
            self._current = None
        training.ended.set()

    def _tidy(self, folder: Path) -> None:
        """Remove what was made for a training that never began."""
        with suppress(OSError):
            (folder / FIRST_FILE).unlink(missing_ok=True)
            folder.rmdir()
