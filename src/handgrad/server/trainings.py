"""Trainings in child processes: started, paused, resumed and stopped, one at a time.

A training is ``handgrad train`` or ``handgrad resume`` as in a terminal, and leaves its records in its folder. It is
attached to the server: if the server closes the training's standard input, or dies, the training saves and ends, as
after Ctrl-C. So no training outlives its server.
"""

import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any, Literal

from handgrad.data.memory import check_memory
from handgrad.errors import HandgradError
from handgrad.exports.formats import MODEL_FILE
from handgrad.files import make_folder, write_file
from handgrad.recipes.loading import load_recipe, override, parse_recipe, recipe_text, with_hidden
from handgrad.recipes.recipe import Recipe
from handgrad.run_status import model_is_newest
from handgrad.runs import next_folder
from handgrad.server.errors import Conflict, NotFound
from handgrad.server.models import ServedModel, latest_model
from handgrad.server.run_folders import Status, is_run, is_run_name, run_names, status, write_mark
from handgrad.server.schemas import DataFacts, NewRun
from handgrad.training.fine_tuning import begin_from

GRACE = 20.0
"""Seconds in which a training must save and end; then it is killed, and keeps its last checkpoint."""
MAX_RUNS = 1_000
OPTIONS = ("--quiet", "--no-test", "--attached")
INTERRUPTED = 130
START_FILE = "start.safetensors"
"""In the folder of a run that started from a model: that model, so that the run can be repeated."""

Target = Literal["paused", "stopped"]
VALIDATION_SHARE = 5
"""At most one in five examples is set aside for validation, whatever the recipe states."""
MAX_PARAMETERS = 25_000_000
COPIES = 12
"""Vectors as long as the parameters that a training may hold, e.g. moments and the gradient of each thread."""


@dataclass(eq=False)
class Training:
    """A process that trains."""

    name: str
    process: subprocess.Popen[bytes]
    target: Target | None = None
    ended: Event = field(default_factory=Event)

    def end(self, target: Target) -> None:
        """Close the standard input of the process, which asks it to save and end; kill it after a grace period."""
        self.target = target
        if self.process.stdin is not None:
            with suppress(OSError):
                self.process.stdin.close()
        if not self.ended.wait(GRACE):
            self.process.kill()
            self.ended.wait()


class Trainings:
    """All runs in a folder; safe to use from several threads."""

    def __init__(self, runs: Path) -> None:
        self.runs = runs
        self.failures: dict[str, Status] = {}
        """Trainings that failed before their first step and left no folder."""
        self._current: Training | None = None
        self._lock = Lock()

    def names(self) -> list[str]:
        """List all runs, the last started or resumed first."""
        current = self._current
        first = [*([current.name] if current else []), *reversed(self.failures)]
        return list(dict.fromkeys([*first, *run_names(self.runs)]))

    def folder(self, name: str) -> Path:
        """Return the folder of a run; NotFound if there is none."""
        known = name in self.failures or self._is_current(name)
        if is_run_name(name) and (known or is_run(self.runs / name)):
            return self.runs / name
        raise NotFound(f"there is no run '{name:.60}'")

    def status(self, name: str) -> Status:
        """Return the status of a run; NotFound if there is none."""
        folder = self.folder(name)
        if self._is_current(name):
            return Status("running")
        return self.failures.get(name) or status(folder)

    def start(self, command: "TrainCommand") -> Path:
        """Train in a new folder, and return it; Conflict if another training runs."""
        with self._lock:
            self._check_idle()
            if len(self.names()) >= MAX_RUNS:
                raise Conflict(f"the server keeps at most {MAX_RUNS:,} runs; remove some of their folders")
            folder = next_folder(command.name, self.runs, taken=self.failures)
            arguments = [*command.arguments, "--out", str(folder)]
            if command.start is not None:
                make_folder(folder)
                write_file(folder / START_FILE, command.start)
                arguments += ["--from", str(folder / START_FILE)]
            self._spawn(folder.name, ["train", *arguments])
        return folder

    def resume(self, name: str) -> None:
        """Continue a run; Conflict if its state does not allow it."""
        state = self.status(name).state
        if name in self.failures or state not in ("paused", "interrupted", "failed"):
            reason = "failed before its first step" if name in self.failures else f"is {state}"
            raise Conflict(f"{name} {reason}; there is nothing to resume")
        with self._lock:
            self._check_idle()
            self._spawn(name, ["resume", str(self.runs / name)])

    def interrupt(self, name: str, target: Target) -> None:
        """Pause or stop a run, and wait until it has ended; Conflict if its state does not allow it."""
        folder = self.folder(name)
        current = self._current
        if current is not None and current.name == name:
            current.end(target)
        else:
            state = self.status(name).state
            if state == "running":
                raise Conflict(f"another program trains {name}; interrupt it there, with Ctrl-C")
            if state not in ("paused", "interrupted") or target == "paused":
                raise Conflict(
                    f"{name} is {state}; there is nothing to {'pause' if target == 'paused' else 'stop'}"
                )
        if target == "stopped" and self.status(name).state in ("paused", "interrupted", "stopped"):
            _keep_latest(folder)

    def close(self) -> str | None:
        """Pause the training that runs, wait for it, and return its name."""
        current = self._current
        if current is None:
            return None
        current.end("paused")
        return current.name

    def _is_current(self, name: str) -> bool:
        current = self._current
        return current is not None and current.name == name

    def _check_idle(self) -> None:
        if self._current:
            raise Conflict(f"{self._current.name} is training; pause or stop it first")

    def _spawn(self, name: str, arguments: list[str]) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "handgrad", *arguments, *OPTIONS],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in the terminal reaches the server only, which pauses the training
        )
        self._current = Training(name, process)
        Thread(target=self._wait, args=(self._current,), daemon=True).start()

    def _wait(self, training: Training) -> None:
        """Wait for the end of a training, and note how it ended."""
        with training.process as process:
            errors = process.stderr.read().decode("utf-8", "replace").splitlines() if process.stderr else []
        code, folder, found = process.returncode, self.runs / training.name, None
        if training.target and (code == INTERRUPTED or code < 0):
            found = Status(training.target)
        elif code > 0 and code != INTERRUPTED:
            line = errors[-1] if errors else "the training ended without a message"
            found = Status("failed", line.removeprefix("handgrad: "))
        if found:
            with suppress(HandgradError):
                write_mark(folder, found)
            if not is_run(folder):
                self.failures[training.name] = found
                with suppress(OSError):
                    (folder / START_FILE).unlink(missing_ok=True)
                    folder.rmdir()
        with self._lock:
            self._current = None
        training.ended.set()


def _keep_latest(folder: Path) -> None:
    """Mark a run as stopped, with the model of its last checkpoint."""
    if not is_run(folder):
        return
    if not model_is_newest(folder):
        write_file(folder / MODEL_FILE, latest_model(folder).content)
    write_mark(folder, Status("stopped"))


@dataclass(frozen=True)
class TrainCommand:
    """The name of a run without its number, the arguments of ``handgrad train``, and the model to start from."""

    name: str
    arguments: list[str]
    start: bytes | None


def train_command(wanted: NewRun, facts: DataFacts, source: str, origin: ServedModel | None) -> TrainCommand:
    """Check a request to train on data, perhaps from a model, and return its command line.

    Raise HandgradError if the recipe is unknown, or a value, the data or the model to start from do not fit it.
    """
    recipe = _recipe(wanted.recipe, origin)
    arguments = [*([wanted.recipe] if wanted.recipe else []), "--data", source]
    changes: dict[str, dict[str, Any]] = {"training": {}, "optimizer": {}}
    values = wanted.model_dump(include={"epochs", "steps", "batch_size", "learning_rate"}, exclude_none=True)
    for key, value in values.items():
        changes["optimizer" if key == "learning_rate" else "training"][key] = value
        arguments += [f"--{key.replace('_', '-')}", str(value)]
    recipe = override(recipe, changes, "the request")
    if wanted.hidden is not None:
        try:
            recipe = with_hidden(recipe, wanted.hidden, "the request")
        except HandgradError as error:
            raise HandgradError(f"hidden needs a recipe of dense layers; {recipe.name} has others") from error
        arguments += ["--hidden", ",".join(map(str, wanted.hidden))]
        widths = [*wanted.hidden, len(facts.classes)]
        weights = sum(a * b for a, b in zip([784, *widths], widths, strict=False))
        if weights > MAX_PARAMETERS:
            raise HandgradError(
                f"hidden: the network would have {weights:,} weights; the limit is {MAX_PARAMETERS:,}"
            )
    if wanted.seed is not None:
        arguments += ["--seed", str(wanted.seed)]
    validation = recipe.data.validation
    if isinstance(validation, int) and validation * VALIDATION_SHARE > facts.examples:
        arguments += ["--validation", f"{1 / VALIDATION_SHARE}"]
    try:
        network = recipe.build_network(tuple(facts.input_shape), tuple(facts.classes))
    except HandgradError as error:
        raise HandgradError(f"recipe {recipe.name} on {facts.name}: {error}") from error
    check_memory(COPIES * network.flat_parameters.nbytes, f"recipe {recipe.name} with these widths")
    if origin is not None:
        begin_from(network, origin.network, origin.name)
    return TrainCommand(recipe.name, arguments, origin.content if origin else None)


def _recipe(name: str | None, origin: ServedModel | None) -> Recipe:
    if name is not None:
        recipe_text(name)  # refuses names that are not built in: load_recipe would also take a path
        return load_recipe(name)
    if origin is None:
        raise HandgradError("name a recipe, or a model to start from")
    if origin.recipe is None:
        raise HandgradError(f"{origin.name} does not contain its recipe; name one")
    return parse_recipe(origin.recipe, origin.name)
