"""Trainings in child processes: started, paused and resumed, one at a time.

The server writes a run before its first step, and ``handgrad resume`` trains it as in a terminal. The process is
attached to the server: if the server closes its standard input, or dies, it saves and ends.
"""

import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from fastapi import HTTPException

from handgrad.data.memory import check_memory
from handgrad.errors import HandgradError
from handgrad.exports.formats import CHECKPOINT_FILE
from handgrad.files import write_file
from handgrad.kernels.threads import choose_threads
from handgrad.model.files import save_model
from handgrad.model.network import Network
from handgrad.recipes.loading import load_recipe, override, parse_recipe, recipe_text, with_hidden
from handgrad.recipes.recipe import Recipe
from handgrad.runs import RECIPE_FILE, new_folder
from handgrad.server.datasets import Datasets
from handgrad.server.models import ServedModel
from handgrad.server.requests import NewRun
from handgrad.server.run_folders import RUN, START_FILE, Status, is_run, remove_run, rename_run, status
from handgrad.training.checkpoint import save_checkpoint
from handgrad.training.fine_tuning import begin_from
from handgrad.training.state import TrainingState

GRACE = 20.0  # seconds in which a training must save and end; then it is killed
INTERRUPTED = 130
VECTORS = 20  # parameters, moments, averages, and copies of them while a checkpoint is written
MAX_WEIGHTS = 25_000_000  # which a start saves, and a pause must within the grace period


class Training(Thread):
    """A process that trains a run, and the thread that waits for its end; `error` is why it failed if it did."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.folder, self.error = folder, ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "handgrad", "resume", folder, "--quiet", "--no-test", "--attached"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C in the terminal reaches the server only, which pauses the training
        )
        self.start()

    def run(self) -> None:
        """Wait for the end of the process, and note how it ended."""
        with self.process as process:
            lines = process.stderr.readlines() if process.stderr else []
        if process.returncode > 0 and process.returncode != INTERRUPTED:
            error = lines[-1].strip() if lines else "the training ended without a message"
            self.error = error.removeprefix("handgrad: ")

    def end(self) -> None:
        """Close the standard input of the process, which asks it to save and end; kill it after a grace period."""
        if self.process.stdin:
            with suppress(OSError):
                self.process.stdin.close()
        self.join(GRACE)
        self.process.kill()  # without effect if it has ended
        self.join()


class Trainings:
    """All runs in a folder; safe to use from several threads."""

    def __init__(self, runs: Path) -> None:
        self.runs = runs
        self._trainings: dict[Path, Training] = {}  # the last one of each run
        self._lock = Lock()

    def folder(self, name: str) -> Path:
        """Return the folder of a run; status 404 if there is none."""
        if re.match(RUN, name) and is_run(self.runs / name):
            return self.runs / name
        raise HTTPException(404, f"there is no run '{name:.60}'")

    def current(self) -> Training | None:
        """Return the training that runs."""
        return next((training for training in [*self._trainings.values()] if training.is_alive()), None)

    def status(self, folder: Path) -> Status:
        """Return the status of a run; why it failed is known as long as the server runs."""
        training = self._trainings.get(folder)
        if training and training.is_alive():
            return Status("running")
        found = status(folder)
        if training and training.error and found.state == "paused":
            return Status("failed", training.error)
        return found

    def start(self, recipe: Recipe, network: Network, origin: ServedModel | None) -> Path:
        """Train a network, which may begin from a model, in a new folder, and return that."""
        with self._lock:
            self._check_idle()
            folder = new_folder(self.runs / recipe.name)
            if origin:
                save_model(origin.network, folder / START_FILE, origin.recipe)
                recipe = override(recipe, {"network": {"start": str(folder / START_FILE)}}, recipe.name)
            write_file(folder / RECIPE_FILE, recipe.toml().encode())
            state = TrainingState(recipe.training_rng())
            save_checkpoint(network, state, folder / CHECKPOINT_FILE, recipe.tables())
            self._trainings[folder] = Training(folder)
        return folder

    def resume(self, folder: Path) -> None:
        """Continue a run; status 409 if its state does not allow it."""
        state = self.status(folder).state
        if state not in ("paused", "failed"):
            raise HTTPException(409, f"{folder.name} is {state}; there is nothing to resume")
        with self._lock:
            self._check_idle()
            self._trainings[folder] = Training(folder)

    def pause(self, folder: Path) -> None:
        """Save a run, and wait until its process has ended; status 409 if it is not paused then.

        It may have been paused by another request already.
        """
        name, current = folder.name, self.current()
        if current and current.folder == folder:
            current.end()
        elif (state := self.status(folder).state) == "running":
            raise HTTPException(409, f"another program trains {name}; interrupt it there, with Ctrl-C")
        elif state != "paused":
            raise HTTPException(409, f"{name} is {state}; there is nothing to pause")

    def rename(self, folder: Path, name: str) -> Path:
        """Rename a run, and return its new folder; status 409 if it is in training, or the name is taken."""
        with self._lock:
            self._check_free(folder, "rename")
            if (renamed := folder.with_name(name)).exists():
                raise HTTPException(409, f"{name} already exists; choose another name")
            rename_run(folder, renamed)
            if training := self._trainings.pop(folder, None):
                self._trainings[renamed] = training
        return renamed

    def remove(self, folder: Path) -> None:
        """Delete a run; status 409 if it is in training."""
        with self._lock:
            self._check_free(folder, "delete")
            remove_run(folder)
            self._trainings.pop(folder, None)

    def close(self) -> Path | None:
        """Pause the training that runs, wait for it, and return its folder."""
        if current := self.current():
            current.end()
            return current.folder
        return None

    def _check_free(self, folder: Path, action: str) -> None:
        if self.status(folder).state == "running":
            raise HTTPException(409, f"{folder.name} is training; pause it before you {action} it")

    def _check_idle(self) -> None:
        if current := self.current():
            raise HTTPException(409, f"{current.folder.name} is training; pause it first")


def plan(wanted: NewRun, datasets: Datasets, origin: ServedModel | None) -> tuple[Recipe, Network]:
    """Build the recipe and the network of a request; HandgradError if it does not fit the data, or the model."""
    data = datasets.describe(wanted.data)
    where = "the request"
    if wanted.recipe:
        recipe_text(wanted.recipe)  # refuses names that are not built in: load_recipe would also take a path
        recipe = load_recipe(wanted.recipe)
    elif origin and origin.recipe:
        recipe = parse_recipe(origin.recipe, origin.name)
    else:
        raise HandgradError("name a recipe, or start from a model that contains its recipe")

    def given(*names: str) -> dict[str, Any]:
        return wanted.model_dump(include={*names}, exclude_none=True)

    source: dict[str, Any] = {"source": datasets.source(wanted.data)}
    if isinstance(recipe.data.validation, int) and 5 * recipe.data.validation > data["examples"]:
        source["validation"] = 0.2
    training = given("epochs", "steps", "batch_size")
    changes = {"data": source, "training": training, "optimizer": given("learning_rate")}
    recipe = override(recipe, changes | given("seed"), where)
    if wanted.hidden:
        recipe = with_hidden(recipe, wanted.hidden, where)
    network = recipe.build_network(tuple(data["input_shape"]), tuple(data["classes"]))
    if network.parameter_count > MAX_WEIGHTS:
        weights = f"{network.parameter_count:,} weights are more than {MAX_WEIGHTS:,}"
        raise HandgradError(f"{weights}; choose fewer hidden units")
    vectors = VECTORS + choose_threads()  # each thread has its own gradient
    check_memory(vectors * network.flat_parameters.nbytes, "the training")
    if origin:
        begin_from(network, origin.network, origin.name)
    return recipe, network
