"""A run: the folder in which a training leaves all that it makes, and from which it can go on.

``recipe.toml`` replays it, ``log.jsonl`` holds its records, ``checkpoint.safetensors`` lets it go on exactly,
``model.safetensors`` is the result; networks of dense layers leave ``final_config/`` in the Rust program's
layout, too.
"""

import json
import os
from collections.abc import Callable, Container, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

from handgrad.data.dataset import Splits, naming
from handgrad.errors import HandgradError
from handgrad.exports.csv import is_dense, write_csv
from handgrad.exports.formats import CHECKPOINT_FILE, MODEL_FILE, load_model
from handgrad.files import cannot_write, make_folder, remove_unfinished, replacing
from handgrad.locks import lock_folder
from handgrad.model.files import load_recipe as load_checkpoint_recipe
from handgrad.model.files import save_model
from handgrad.model.network import Network
from handgrad.recipes.data import open_on_ranks
from handgrad.recipes.loading import load_recipe, parse_recipe
from handgrad.recipes.recipe import Recipe
from handgrad.training.checkpoint import load_checkpoint, save_checkpoint
from handgrad.training.distributed import SINGLE, Communicator
from handgrad.training.fine_tuning import begin_from
from handgrad.training.records import LOG_FILE, Record
from handgrad.training.state import TrainingState, count_steps
from handgrad.training.train import Diverged, train

RECIPE_FILE = "recipe.toml"
PARAMETERS_FOLDER = "final_config"


class Run:
    """A training and its folder.

    Attributes
    ----------
    folder : Path
    recipe : Recipe
    splits : Splits
    network, state
        What the checkpoint holds.
    optimizer : Optimizer
        That of the recipe.
    communicator : Communicator
        With ranks, the first has the folder to itself; no other reads or writes there.
    interrupted : bool
        Whether training was stopped before the recipe's end.
    """

    def __init__(
        self,
        folder: Path,
        recipe: Recipe,
        splits: Splits,
        network: Network,
        state: TrainingState,
        communicator: Communicator = SINGLE,
    ) -> None:
        self.folder = folder
        self.recipe = recipe
        self.splits = splits
        self.network = network
        self.optimizer = recipe.build_optimizer()
        self.state = state
        self.communicator = communicator
        self.interrupted = False
        self._created = False

    @classmethod
    def start(
        cls, recipe: Recipe, splits: Splits, folder: Path, communicator: Communicator = SINGLE
    ) -> "Run":
        """Prepare a new run; `opened` makes its folder.

        Raises
        ------
        HandgradError
            If the folder holds a run already, or the network does not fit the data or the model to start from.
        """
        communicator.broadcast(lambda: _check_free(folder))
        try:
            network = recipe.build_network(splits.train.input_shape, splits.train.class_names)
        except HandgradError as error:
            raise HandgradError(f"recipe {recipe.name} on {splits.source}: {error}") from error
        if (first := recipe.network.start) is not None:
            begin_from(network, load_model(first), first)
        state = TrainingState(recipe.training_rng())
        return cls(folder, recipe, splits, network, state, communicator)

    @classmethod
    def resume(cls, folder: Path, communicator: Communicator = SINGLE) -> "Run":
        """Open a run where its last checkpoint left it.

        Raises
        ------
        HandgradError
            If the folder holds no checkpoint, or the recipe or the data are not those that it was begun with.
        """
        recipe = communicator.broadcast(lambda: _find_recipe(folder))
        network, state = load_checkpoint(folder / CHECKPOINT_FILE, communicator)
        splits = open_on_ranks(recipe, communicator)
        with naming(splits.source):
            state.check_data(splits.train)
        return cls(folder, recipe, splits, network, state, communicator)

    @property
    def total_steps(self) -> int:
        """Steps from the beginning to the recipe's end."""
        training = self.recipe.training
        return count_steps(len(self.splits.train), training.batch_size, training.epochs, training.steps)

    @property
    def stopped_early(self) -> bool:
        """Whether no better record came for so long that early stopping ended the training."""
        return self.finished and self.state.step < self.total_steps

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to train."""
        early_stopping = self.recipe.training_arguments()["early_stopping"]
        return self.state.is_finished(self.total_steps, early_stopping and early_stopping.patience)

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Make the folder of a new run, or tidy that of an old one; from here on it can be resumed.

        Where the block fails before the first step was made, nothing is left behind.

        Raises
        ------
        HandgradError
            If the folder cannot be written, or another process is training in it.
        """
        with ExitStack() as held:
            self.communicator.broadcast(lambda: self._hold(held))
            try:
                self.communicator.broadcast(self._prepare)
                yield
            except BaseException:
                if self.state.step == 0 and self.communicator.rank == 0:
                    self._remove()
                raise

    def _hold(self, held: ExitStack) -> None:
        self._created = not self.folder.exists()
        make_folder(self.folder)
        held.enter_context(lock_folder(self.folder))

    def _prepare(self) -> None:
        remove_unfinished(self.folder)
        if not (self.folder / CHECKPOINT_FILE).exists():
            self._save_checkpoint()
        with replacing(self.folder / RECIPE_FILE) as temporary:
            temporary.write_text(self.recipe.toml(), "utf-8")
        self._cut_log()

    def train(self, threads: int | None = None, stop: Callable[[], bool] = lambda: False) -> Iterator[Record]:
        """Train to the end, leaving a line of log and a checkpoint with every record, and the model at the end.

        Within `opened`.

        Parameters
        ----------
        threads : int, optional
        stop : callable
            As in `handgrad.train`.

        Raises
        ------
        Diverged
            If the loss is no longer finite; good parameters, of at most ten steps before, are saved.
        HandgradError
            If a file cannot be written.
        """
        try:
            records = train(
                self.network,
                self.splits,
                optimizer=self.optimizer,
                **self.recipe.training_arguments(),
                threads=threads,
                state=self.state,
                stop=stop,
                communicator=self.communicator,
            )
            for record in records:
                self.communicator.broadcast(partial(self._keep, record))
                yield record
            self.interrupted = not self.finished
            self.communicator.broadcast(self.save_model)
        except Diverged as error:
            self.communicator.broadcast(lambda: self.save_model(of_last_step=False))
            raise Diverged(f"{error}. Saved in {self.folder}") from error

    def _keep(self, record: Record) -> None:
        self._log(record)
        self._save_checkpoint()

    def _save_checkpoint(self) -> None:
        path = self.folder / CHECKPOINT_FILE
        save_checkpoint(self.network, self.state, path, self.recipe.tables())

    def save_model(self, *, of_last_step: bool = True) -> None:
        """Write the model file, and the parameter CSV files of a network of dense layers.

        The file says its steps, unless the parameters are older ones.
        """
        steps = self.state.step if of_last_step else None
        save_model(self.network, self.folder / MODEL_FILE, self.recipe.tables(), steps=steps)
        if is_dense(self.network):
            write_csv(self.network, self.folder / PARAMETERS_FOLDER)

    def _log(self, record: Record) -> None:
        path = self.folder / LOG_FILE
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record.as_dict()) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise cannot_write(path, error) from error

    def _cut_log(self) -> None:
        """Drop what was logged behind the checkpoint: those steps will be done again."""
        path = self.folder / LOG_FILE
        if not path.exists():
            return
        kept = []
        for line in path.read_text("utf-8", errors="replace").splitlines():
            with suppress(ValueError, TypeError, KeyError):  # a last line that was cut short, say
                if json.loads(line)["step"] < self.state.step:
                    kept.append(line + "\n")
        with replacing(path) as temporary:
            temporary.write_text("".join(kept), "utf-8")

    def _remove(self) -> None:
        with suppress(OSError):
            for name in (RECIPE_FILE, LOG_FILE, CHECKPOINT_FILE):
                (self.folder / name).unlink(missing_ok=True)
            if self._created:
                self.folder.rmdir()


def _check_free(folder: Path) -> None:
    """Refuse a folder that holds a run."""
    for name in (RECIPE_FILE, LOG_FILE, CHECKPOINT_FILE, MODEL_FILE, PARAMETERS_FOLDER):
        if (folder / name).exists():
            raise HandgradError(f"{folder} already holds a run ({name}); choose another --out, or resume it")


def _find_recipe(folder: Path) -> Recipe:
    """Read the recipe that a run was begun with."""
    checkpoint = folder / CHECKPOINT_FILE
    if not checkpoint.exists():
        raise HandgradError(f"{folder} holds no {CHECKPOINT_FILE}; name the folder of a run to resume")
    recipe = parse_recipe(load_checkpoint_recipe(checkpoint) or {}, str(checkpoint))
    written = folder / RECIPE_FILE
    if written.exists() and load_recipe(str(written)) != recipe:
        raise HandgradError(f"{written} is not what the run was begun with; train it as a new run")
    return recipe


def next_folder(name: str, runs: Path = Path("runs"), taken: Container[str] = ()) -> Path:
    """Choose the first free folder of ``runs/NAME-1``, ``runs/NAME-2``, …, whose name is not taken either."""
    number = 1
    while (folder := runs / f"{name}-{number}").exists() or folder.name in taken:
        number += 1
    return folder
