"""What a training has measured, as attributes of scikit-learn's estimators."""

import numpy as np

from handgrad.training.records import Record
from handgrad.training.state import TrainingState
from handgrad.training.stopping import EarlyStopping


class TrainingResults:
    """Attributes of a fitted estimator, computed from the records of its epochs.

    Those from `_earlier` are of the current data; the others are of earlier calls with other data.
    """

    records_: list[Record]
    _earlier: int
    _state: TrainingState
    _stopping: EarlyStopping | None

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
