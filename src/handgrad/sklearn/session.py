"""A training that can go on: what one call of `fit` leaves for the next."""

from collections.abc import Callable, Sequence
from contextlib import closing
from copy import copy
from dataclasses import dataclass, field
from math import inf
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.dataset import Dataset, Splits
from handgrad.errors import HandgradError
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling
from handgrad.sklearn.progress import progress
from handgrad.training.optimizers import Optimizer
from handgrad.training.records import Record
from handgrad.training.state import TrainingState
from handgrad.training.stopping import EarlyStopping
from handgrad.training.train import train


class Plateau:
    """Says when a loss has not fallen for a while.

    Parameters
    ----------
    tolerance : float, optional
        What it must fall by; with None it never rests.
    patience : int
        Records in a row.
    """

    def __init__(self, tolerance: float | None, patience: int) -> None:
        self.tolerance = tolerance
        self.patience = patience
        self.best, self.waited = inf, 0

    def __call__(self, loss: float) -> bool:
        """Look at one more record's loss, and say whether it rests."""
        if self.tolerance is None:
            return False
        self.waited = self.waited + 1 if loss > self.best - self.tolerance else 0
        self.best = min(self.best, loss)
        return self.waited >= self.patience


@dataclass
class Session:
    """Network, optimizer and state of a training, and what it has told so far.

    Attributes
    ----------
    network, optimizer, state
        As `handgrad.train` takes them.
    seed : int
        All random numbers come from it.
    records : list of Record
        One for each epoch; the last may be of an epoch that was broken off.
    before : int
        How many of them were made on other data.
    early_stopping : EarlyStopping or None
        Of the last training.
    """

    network: Network
    optimizer: Optimizer
    state: TrainingState
    seed: int
    records: list[Record] = field(default_factory=list)
    before: int = 0
    early_stopping: EarlyStopping | None = None

    def scaled(self, inputs: NDArray[Any]) -> NDArray[Any]:
        """Scale inputs (N, I) to float32, once for all epochs; bytes are left, since layers know a way with them.

        Raises
        ------
        HandgradError
            If float32 cannot hold what comes out.
        """
        scaling = self.network.scaling
        if scaling is None or scaling.for_bytes:
            return inputs
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = scaling(inputs, np.float32)
        if not np.isfinite(scaled).all():
            raise HandgradError(
                "X holds numbers that are too large for float32, even scaled; divide them first"
            )
        return scaled

    def _on_scaled(self) -> Network:
        """Give the same network, with the same parameters in memory, for inputs that are scaled."""
        network = copy(self.network)
        if network.scaling and not network.scaling.for_bytes:
            network.scaling = Scaling(np.array(0.0), np.array(1.0))
        return network

    @property
    def whole(self) -> list[Record]:
        """The records on the present data of epochs that ended."""
        return [record for record in self.records[self.before :] if record.epoch <= self.state.epoch]

    @property
    def best(self) -> int | None:
        """The place in `records` of the best one, which early stopping has kept."""
        stopping, whole = self.early_stopping, self.whole
        if stopping is None or self.state.best is None or not whole:
            return None
        scores = [stopping.score(r.validation_loss or 0.0, r.validation_accuracy or 0.0) for r in whole]
        return self.before + int(np.argmax(scores))

    def on_other_data(self) -> None:
        """Go on from the result, with optimizer and random numbers, but on data that were not seen before."""
        state = self.state
        self.state = TrainingState(state.rng, moments=state.moments, updates=state.updates)
        self.before = len(self.records)

    def on(self, dataset: Dataset) -> None:
        """Go on exactly where these are the same data as before, else as on others."""
        try:
            self.state.belong_to(dataset)
        except HandgradError:
            self.on_other_data()

    def train(
        self,
        splits: Splits,
        *,
        epochs: int,
        plateau: Plateau,
        early_stopping: EarlyStopping | None,
        callbacks: Sequence[Callable[[Record], Any]],
        time_limit: float | None,
        verbose: int,
        **arguments: Any,
    ) -> None:
        """Train for so many epochs more, or until the loss rests, time is up or a callback says True.

        Parameters
        ----------
        splits : Splits
        epochs : int
        plateau : Plateau
            Judges the loss.
        early_stopping : EarlyStopping, optional
        callbacks : sequence of callable
            Called with each record.
        time_limit : float, optional
            Seconds.
        verbose : int
            As `progress` takes it.
        **arguments
            Of `handgrad.train`.
        """
        if early_stopping is None:  # what an earlier fit kept is no longer the result
            self.state.best, self.state.best_score, self.state.waited = None, None, 0
        if not arguments.get("averaging"):
            self.state.average, self.state.averaged = None, 0
        deadline = perf_counter() + (inf if time_limit is None else time_limit)
        done, total = self.state.epoch, self.state.epoch + epochs
        self.early_stopping = early_stopping
        self.records[self.before :] = self.whole  # an epoch that was broken off is told of when it ends
        if [plateau(record.loss) for record in self.records[self.before :]][-1:] == [True]:
            return
        records: Any = train(
            self._on_scaled(),
            splits,
            optimizer=self.optimizer,
            state=self.state,
            epochs=total,
            early_stopping=early_stopping,
            stop=lambda: perf_counter() > deadline,
            **arguments,
        )
        with closing(records), progress(verbose, done, total) as show:
            for record in records:
                self.records.append(record)
                show(record)
                answers = [callback(record) for callback in callbacks]
                if any(isinstance(answer, bool | np.bool_) and answer for answer in answers):
                    break
                if plateau(record.loss):
                    break
