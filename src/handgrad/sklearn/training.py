"""A training that later calls of `fit` continue, and what it has measured, as attributes of scikit-learn."""

from collections.abc import Callable, Sequence
from contextlib import closing
from copy import copy
from math import inf
from time import perf_counter
from typing import Any

import numpy as np

from handgrad.data.dataset import Dataset, Splits
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling
from handgrad.training.records import Record
from handgrad.training.state import TrainingState
from handgrad.training.stopping import EarlyStopping
from handgrad.training.train import train


class ResumableTraining:
    """The part of an estimator that trains.

    Records from `_earlier` are of the current data; the others are of earlier calls with other data.
    """

    network_: Network
    records_: list[Record]
    epochs: int
    time_limit: float | None
    tol: float | None
    patience: int
    callbacks: Any
    verbose: int
    _earlier: int
    _state: TrainingState
    _stopping: EarlyStopping | None

    def _resume(self, dataset: Dataset, partial: bool, arguments: dict[str, Any]) -> None:
        """Prepare to continue exactly if these are the data of the last training, else from its result."""
        state = self._state
        if partial or (state.fingerprint is not None and state.fingerprint != dataset.fingerprint()):
            state = self._state = TrainingState(state.rng, moments=state.moments, updates=state.updates)
            self._earlier = len(self.records_)
        self.records_[self._earlier :] = self._complete_records()  # an incomplete epoch is continued
        self._stopping = arguments["early_stopping"]
        if self._stopping is None:  # forget the best parameters of an earlier fit
            state.best, state.best_score, state.waited = None, None, 0
        if not arguments["averaging"]:
            state.average, state.averaged = None, 0
        if state.moments and set(state.moments) != set(arguments["optimizer"].moment_names):
            state.moments, state.updates = {}, 0

    def _train(self, splits: Splits, partial: bool, arguments: dict[str, Any]) -> None:
        """Train until the epochs are done, the loss has reached a plateau, time is up or a callback is True."""
        network = copy(self.network_)  # with the same parameters, for scaled inputs
        if network.scaling and not network.scaling.for_bytes:
            network.scaling = Scaling(np.array(0.0), np.array(1.0))
        tol = None if partial or self._stopping else self.tol
        if self._has_plateau(tol, self.patience):
            return
        deadline = perf_counter() + (inf if self.time_limit is None else self.time_limit)
        epochs = self._state.epoch + (1 if partial else int(self.epochs))
        arguments |= {"state": self._state, "epochs": epochs, "stop": lambda: perf_counter() > deadline}
        training: Any = train(network, splits, **arguments)
        with closing(training):
            for record in training:
                self.records_.append(record)
                if self.verbose:
                    text = f"epoch {record.epoch} of {epochs}, loss {record.loss:.4f}"
                    if record.validation_loss is not None:
                        text += f", validation loss {record.validation_loss:.4f}"
                    print(text, flush=True)
                answers = [callback(self, record) for callback in self._callbacks()]
                stops = [isinstance(answer, bool | np.bool_) and answer for answer in answers]
                if any(stops) or self._has_plateau(tol, self.patience):
                    break

    def _callbacks(self) -> Sequence[Callable[..., Any]]:
        callbacks: Any = () if self.callbacks is None else self.callbacks
        return callbacks if isinstance(callbacks, list | tuple) else [callbacks]

    @property
    def n_iter_(self) -> int:
        """The number of epochs trained."""
        return len(self.records_)

    @property
    def loss_(self) -> float:
        """The training loss of the last epoch."""
        return self.records_[-1].loss

    @property
    def loss_curve_(self) -> list[float]:
        """The training loss of each epoch."""
        return [record.loss for record in self.records_]

    @property
    def validation_loss_curve_(self) -> list[float] | None:
        """The validation loss after each epoch; None without validation data."""
        return self._curve("validation_loss")

    @property
    def best_epoch_(self) -> int | None:
        """The epoch, from 1, whose parameters early stopping kept; None without early stopping."""
        records = self._complete_records()
        if self._stopping is None or not records:
            return None
        scores = [self._stopping.score(r.validation_loss or 0, r.validation_accuracy or 0) for r in records]
        return self._earlier + int(np.argmax(scores)) + 1

    def _curve(self, field: str) -> list[float] | None:
        curve = [getattr(record, field) for record in self.records_]
        return None if None in curve else curve

    def _complete_records(self) -> list[Record]:
        """Return the records of complete epochs on the current data."""
        return [record for record in self.records_[self._earlier :] if record.epoch <= self._state.epoch]

    def _has_plateau(self, tol: float | None, patience: int) -> bool:
        """Whether the loss on the current data has not fallen by more than `tol` for `patience` epochs."""
        losses = np.array([record.loss for record in self.records_[self._earlier :]])
        if tol is None or len(losses) <= patience:
            return False
        lowest = np.minimum.accumulate(losses)[-patience - 1 : -1]
        return bool((losses[-patience:] > lowest - tol).all())
