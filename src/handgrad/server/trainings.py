"""Trainings in child processes: started, paused, resumed and stopped, one at a time.

The server writes a run before its first step, and ``handgrad resume`` trains it as in a terminal. The process is
attached to the server: if the server closes its standard input, or dies, it saves and ends, as after Ctrl-C. So no
training outlives its server.
"""

import re
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from math import prod
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from fastapi import HTTPException

from handgrad.data.memory import check_memory
from handgrad.errors import HandgradError
from handgrad.exports.formats import CHECKPOINT_FILE, MODEL_FILE
from handgrad.files import write_file
from handgrad.model.files import save_model
from handgrad.model.network import Network
from handgrad.recipes.loading import load_recipe, override, parse_recipe, recipe_text, with_hidden
from handgrad.recipes.recipe import Recipe
from handgrad.run_status import model_is_newest, progress
from handgrad.runs import RECIPE_FILE, new_folder
from handgrad.server.models import ServedModel, latest_model
from handgrad.server.requests import NewRun
from handgrad.server.run_folders import Status, is_run, status, write_mark
from handgrad.training.checkpoint import save_checkpoint
from handgrad.training.fine_tuning import begin_from
from handgrad.training.state import TrainingState

GRACE = 20.0
"""Seconds in which a training must save and end; then it is killed, and keeps its last checkpoint."""
INTERRUPTED = 130
START_FILE = "start.safetensors"
"""In the folder of a run that started from a model: that model, so that the run can be repeated."""
MAX_WEIGHTS = 25_000_000
"""Of dense layers: a start writes them, and a pause must within the grace period."""
COPIES = 12
"""Vectors as long as the parameters that a training may hold, e.g. moments and the gradient of each thread."""


@dataclass(eq=False)
class Training:
    """A process that trains."""

    name: str
    process: subprocess.Popen[bytes]
    target: str | None = None
    ended: Event = field(default_factory=Event)

    def end(self, target: str) -> None:
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
        self._current: Training | None = None
        self._lock = Lock()

    def folder(self, name: str) -> Path:
        """Return the folder of a run; status 404 if there is none."""
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}", name) and is_run(self.runs / name):
            return self.runs / name
        raise HTTPException(404, f"there is no run '{name:.60}'")

    def status(self, name: str) -> Status:
        """Return the status of a run; status 404 if there is none."""
        folder, current = self.folder(name), self._current
        return Status("running") if current and current.name == name else status(folder)

    def start(self, recipe: Recipe, network: Network, origin: ServedModel | None) -> Path:
        """Train a network, which may begin from a model, in a new folder, and return that."""
        with self._lock:
            self._check_idle()
            folder = new_folder(self.runs / recipe.name)
            if origin:
                write_file(folder / START_FILE, origin.content)
                recipe = override(recipe, {"network": {"start": str(folder / START_FILE)}}, recipe.name)
            write_file(folder / RECIPE_FILE, recipe.toml().encode())
            state = TrainingState(recipe.training_rng())
            save_checkpoint(network, state, folder / CHECKPOINT_FILE, recipe.tables())
            self._spawn(folder)
        return folder

    def resume(self, name: str) -> None:
        """Continue a run; status 409 if its state does not allow it."""
        state = self.status(name).state
        if state not in ("paused", "interrupted", "failed"):
            raise HTTPException(409, f"{name} is {state}; there is nothing to resume")
        with self._lock:
            self._check_idle()
            self._spawn(self.runs / name)

    def interrupt(self, name: str, target: str) -> None:
        """Pause or stop a run, and wait until it has ended; status 409 if its state does not allow it."""
        current, state = self._current, self.status(name).state
        if current and current.name == name:
            current.end(target)
            state = self.status(name).state
        elif state == "running":
            raise HTTPException(409, f"another program trains {name}; interrupt it there, with Ctrl-C")
        elif state not in ("paused", "interrupted") or target == "paused":
            raise HTTPException(409, f"{name} is {state}; that cannot be changed")
        if target == "stopped" and state in ("paused", "interrupted", "stopped"):
            folder = self.runs / name
            if not model_is_newest(folder) and (latest := latest_model(folder)):
                steps = (progress(folder) or {}).get("step")
                save_model(latest.network, folder / MODEL_FILE, latest.recipe, steps=steps)
            write_mark(folder, Status("stopped"))

    def close(self) -> str | None:
        """Pause the training that runs, wait for it, and return its name."""
        if (current := self._current) is None:
            return None
        current.end("paused")
        return current.name

    def _check_idle(self) -> None:
        if self._current:
            raise HTTPException(409, f"{self._current.name} is training; pause or stop it first")

    def _spawn(self, folder: Path) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "handgrad", "resume", folder, "--quiet", "--no-test", "--attached"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in the terminal reaches the server only, which pauses the training
        )
        self._current = Training(folder.name, process)
        Thread(target=self._wait, args=(self._current,), daemon=True).start()

    def _wait(self, training: Training) -> None:
        """Wait for the end of a training, and note how it ended."""
        with training.process as process:
            errors = process.stderr.read().decode("utf-8", "replace").splitlines() if process.stderr else []
        code, found = process.returncode, None
        if training.target and (code == INTERRUPTED or code < 0):
            found = Status(training.target)
        elif code > 0 and code != INTERRUPTED:
            line = errors[-1] if errors else "the training ended without a message"
            found = Status("failed", line.removeprefix("handgrad: "))
        if found:
            with suppress(HandgradError):
                write_mark(self.runs / training.name, found)
        with self._lock:
            self._current = None
        training.ended.set()


def plan(
    wanted: NewRun, data: dict[str, Any], source: str, origin: ServedModel | None
) -> tuple[Recipe, Network]:
    """Build the recipe and the network of a request to train on `data` of a source, optionally from a model.

    Raise HandgradError if the recipe is unknown, or a value, the data or the model to start from do not fit it.
    """
    if wanted.recipe:
        recipe_text(wanted.recipe)  # refuses names that are not built in: load_recipe would also take a path
        recipe = load_recipe(wanted.recipe)
    elif origin and origin.recipe:
        recipe = parse_recipe(origin.recipe, origin.name)
    else:
        raise HandgradError("name a recipe, or start from a model that contains its recipe")
    training = wanted.model_dump(include={"epochs", "steps", "batch_size"}, exclude_none=True)
    if recipe.training.batch_size == "all" and isinstance(wanted.batch_size, int):
        training["record_every"] = 1
    changes: dict[str, Any] = {"data": {"source": source}, "training": training, "lesson": ""}
    if wanted.learning_rate:
        changes["optimizer"] = {"learning_rate": wanted.learning_rate}
    if wanted.seed is not None:
        changes["seed"] = wanted.seed
    validation = recipe.data.validation
    if isinstance(validation, int) and 5 * validation > data["examples"]:
        changes["data"]["validation"] = 0.2
    recipe = override(recipe, changes, "the request")
    if wanted.hidden:
        recipe = with_hidden(recipe, wanted.hidden, "the request")
        widths = [prod(data["input_shape"]), *wanted.hidden, len(data["classes"])]
        weights = sum(a * b for a, b in pairwise(widths))
        if weights > MAX_WEIGHTS:
            raise HandgradError(
                f"these hidden units have {weights:,} weights; choose at most {MAX_WEIGHTS:,}"
            )
        check_memory(COPIES * 4 * weights, "a network with these hidden units")
    try:
        network = recipe.build_network(tuple(data["input_shape"]), tuple(data["classes"]))
    except HandgradError as error:
        raise HandgradError(f"recipe {recipe.name} on {data['name']}: {error}") from error
    if origin:
        begin_from(network, origin.network, origin.name)
    return recipe, network
