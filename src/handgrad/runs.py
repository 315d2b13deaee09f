"""A run: the folder of a training.

It contains ``recipe.toml``; ``log.jsonl``, a record per line; ``checkpoint.safetensors``, from which the training
resumes exactly; ``model.safetensors``, the result; and, for dense networks, ``final_config/`` for the Rust program.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from handgrad.data.dataset import naming
from handgrad.data.splits import Splits
from handgrad.errors import HandgradError
from handgrad.exports.csv import is_dense, write_csv
from handgrad.exports.formats import CHECKPOINT_FILE, MODEL_FILE, load_model
from handgrad.files import cannot_write, make_folder, usable, write_file
from handgrad.locks import lock_folder
from handgrad.model.files import load_recipe as recipe_of_model
from handgrad.model.files import save_model
from handgrad.model.losses import default_loss
from handgrad.model.network import Network
from handgrad.recipes.data import open_on_ranks
from handgrad.recipes.loading import load_recipe, parse_recipe
from handgrad.recipes.recipe import Recipe
from handgrad.training.checkpoint import load_checkpoint, save_checkpoint
from handgrad.training.distributed import SINGLE, Communicator
from handgrad.training.evaluation import form_of
from handgrad.training.fine_tuning import begin_from
from handgrad.training.loop import Diverged
from handgrad.training.progress import Progress
from handgrad.training.records import LOG_FILE, Record
from handgrad.training.state import TrainingState, count_steps
from handgrad.training.train import train

RECIPE_FILE, PARAMETERS_FOLDER = "recipe.toml", "final_config"
FILES = (RECIPE_FILE, LOG_FILE, CHECKPOINT_FILE)


@dataclass
class Run:
    """A training and its folder, which only rank 0 of several ranks uses; built by `start` or `resume`."""

    folder: Path
    recipe: Recipe
    splits: Splits
    network: Network
    state: TrainingState
    communicator: Communicator = SINGLE
    is_new: bool = False  # the folder contains no checkpoint yet
    creates_folder: bool = False

    @classmethod
    def start(cls, recipe: Recipe, folder: Path | None = None, communicator: Communicator = SINGLE) -> "Run":
        """Prepare a new run; HandgradError if its network does not fit the data or the model to start from.

        The default of `folder` is the first of runs/RECIPE-1, runs/RECIPE-2, … that does not exist.
        """
        model = recipe.network.start
        trained = None if model is None else load_model(model)
        splits = open_on_ranks(recipe, communicator, form_of(trained) if trained else None)
        with naming(f"recipe {recipe.name} on {splits.source}"):
            network = recipe.build_network(splits.train.input_shape, splits.train.classes)
        loss = recipe.loss or default_loss(splits.train.task)
        recipe = replace(recipe, loss=loss)  # a saved recipe does not depend on defaults
        if model is not None and trained is not None:
            begin_from(network, trained, model)
        state, created = TrainingState(recipe.training_rng()), folder is None or not folder.exists()
        place = folder or communicator.broadcast(lambda: new_folder(Path("runs") / recipe.name))
        return cls(place, recipe, splits, network, state, communicator, is_new=True, creates_folder=created)

    @classmethod
    def resume(cls, folder: Path, communicator: Communicator = SINGLE) -> "Run":
        """Load a run from its last checkpoint; HandgradError if there is none, or recipe or data have changed."""
        recipe = communicator.broadcast(lambda: _find_recipe(folder))
        network, state = load_checkpoint(folder / CHECKPOINT_FILE, communicator)
        like = form_of(network) if recipe.network.start else None  # its data are read as those of that model
        splits = open_on_ranks(recipe, communicator, like)
        with naming(splits.source):
            state.check_data(splits.train)
        return cls(folder, recipe, splits, network, state, communicator)

    @property
    def total_steps(self) -> int:
        """The number of steps of the recipe."""
        training = self.recipe.training
        return count_steps(len(self.splits.train), training.batch_size, training.epochs, training.steps)

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to train."""
        stopping = self.recipe.early_stopping
        return self.state.is_finished(self.total_steps, stopping.patience if stopping else None)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Lock the folder within a block; HandgradError if it cannot be written, is in use, or holds another run.

        If a new run fails before its first step, no file of it is left.
        """
        if self.communicator.rank:
            yield
            return
        make_folder(self.folder)
        with lock_folder(self.folder):
            if self.is_new:
                check_free(self.folder)
            try:
                if self.is_new:
                    self._save_checkpoint()
                write_file(self.folder / RECIPE_FILE, self.recipe.toml().encode())
                self._cut_log()
                yield
            except BaseException:
                if self.is_new and self.state.step == 0:
                    self._remove()
                raise

    def train(
        self,
        threads: int | None = None,
        stop: Callable[[], bool] = lambda: False,
        *,
        watched: bool = False,
    ) -> Iterator[Record]:
        """Train to the end, within `open`: log each record and save a checkpoint; save the model at the end.

        `threads` and `stop` are those of `handgrad.train`. If `watched`, records within epochs are logged, too.
        Before Diverged is raised, finite parameters are saved.
        """
        broadcast, progress = self.communicator.broadcast, self._progress()

        def log_and_stop() -> bool:
            if not (stopped := stop()) and watched and (record := progress.record()):
                self._log(record)
            return stopped

        progress.restart()
        try:
            for record in train(
                self.network,
                self.splits,
                **self.recipe.training_arguments(),
                threads=threads,
                state=self.state,
                stop=log_and_stop,
                communicator=self.communicator,
            ):
                broadcast(partial(self._keep, record))
                yield record
                progress.restart()
            broadcast(lambda: self.save_model(is_result=True))
        except Diverged as error:
            broadcast(self.save_model)
            raise Diverged(f"{error}. Saved in {self.folder}") from error

    def save_model(self, *, is_result: bool = False) -> None:
        """Write the model, and the CSV files of a dense network; note if it is the result of the last checkpoint."""
        notes: dict[str, Any] = {"steps": self.state.step, "finished": self.finished} if is_result else {}
        save_model(self.network, self.folder / MODEL_FILE, self.recipe.tables(), **notes)
        if is_dense(self.network):
            write_csv(self.network, self.folder / PARAMETERS_FOLDER)

    def _save_checkpoint(self) -> None:
        save_checkpoint(self.network, self.state, self.folder / CHECKPOINT_FILE, self.recipe.tables())

    def _progress(self) -> Progress:
        """Prepare records within epochs: about 20 of an epoch, ten steps apart or more, and 1,000 of the training."""
        data, recipe, state = self.splits.train, self.recipe, self.state
        per_epoch = count_steps(len(data), recipe.training.batch_size, epochs=1)
        every = max(10, per_epoch // 20, self.total_steps // 1000)

        def learning_rate(step: int) -> float:
            return recipe.optimizer.learning_rate * recipe.schedule(step, self.total_steps, state.memory)

        return Progress(state, data, -(-len(data) // per_epoch), every, learning_rate)

    def _keep(self, record: Record) -> None:
        """Log a record, and save a checkpoint."""
        self._log(record, durably=True)
        self._save_checkpoint()

    def _log(self, record: Record, *, durably: bool = False) -> None:
        path = self.folder / LOG_FILE
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record.as_dict()) + "\n")
                if durably:
                    file.flush()
                    os.fsync(file.fileno())
        except OSError as error:
            raise cannot_write(path, error) from error

    def _cut_log(self) -> None:
        """Remove damaged records, and those after the checkpoint, whose steps will be repeated."""
        path, kept = self.folder / LOG_FILE, []
        for line in path.read_text("utf-8", errors="replace").splitlines() if path.exists() else ():
            with suppress(ValueError, TypeError, KeyError):
                if json.loads(line)["step"] < self.state.step:
                    kept.append(f"{line}\n")
        write_file(path, "".join(kept).encode())

    def _remove(self) -> None:
        with suppress(OSError):
            for name in FILES:
                (self.folder / name).unlink(missing_ok=True)
            if self.creates_folder:
                self.folder.rmdir()


def _find_recipe(folder: Path) -> Recipe:
    """Read the recipe of a checkpoint, which must be that of the folder."""
    checkpoint, file = usable(folder / CHECKPOINT_FILE), folder / RECIPE_FILE
    if not checkpoint.exists():
        raise HandgradError(f"{folder} contains no {CHECKPOINT_FILE}; name the folder of a run to resume")
    recipe = parse_recipe(recipe_of_model(checkpoint) or {}, str(checkpoint))
    if file.exists() and load_recipe(str(file)) != recipe:
        raise HandgradError(f"{file} has changed since the run was started; train it as a new run")
    return recipe


def new_folder(name: Path) -> Path:
    """Create the first of the folders NAME-1, NAME-2, … that does not exist; no two processes get the same one."""
    make_folder(name.parent)
    number = 1
    while True:
        folder = name.with_name(f"{name.name}-{number}")
        try:
            folder.mkdir()
            return folder
        except FileExistsError:
            number += 1
        except OSError as error:
            raise cannot_write(folder, error) from error


def check_free(folder: Path) -> None:
    """Raise HandgradError if a folder already holds a run."""
    for name in (*FILES, MODEL_FILE, PARAMETERS_FOLDER):
        if (folder / name).exists():
            raise HandgradError(f"{folder} already holds a run ({name}); choose another, or resume it")
