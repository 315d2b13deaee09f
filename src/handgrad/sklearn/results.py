"""What a trained classifier tells, under the names that scikit-learn has for it."""

from handgrad.sklearn.session import Session


class Results:
    """The attributes of `HandgradClassifier` that are read from the records of its training."""

    _session: Session

    @property
    def n_iter_(self) -> int:
        """Epochs trained."""
        return len(self._session.records)

    @property
    def loss_(self) -> float:
        """The training loss of the last epoch."""
        return self.loss_curve_[-1]

    @property
    def loss_curve_(self) -> list[float]:
        """The training loss of each epoch, measured before each step, as `Record` tells."""
        return [record.loss for record in self._session.records]

    @property
    def validation_loss_curve_(self) -> list[float] | None:
        """The loss on validation data after each epoch; None without them."""
        curve = [record.validation_loss for record in self._session.records]
        return [loss for loss in curve if loss is not None] if None not in curve else None

    @property
    def validation_scores_(self) -> list[float] | None:
        """The accuracy on validation data after each epoch; None without them."""
        curve = [record.validation_accuracy for record in self._session.records]
        return [score for score in curve if score is not None] if None not in curve else None

    @property
    def best_epoch_(self) -> int | None:
        """The epoch, from 1, whose parameters early stopping kept; None without it."""
        best = self._session.best
        return None if best is None else best + 1

    @property
    def best_validation_score_(self) -> float | None:
        """The validation accuracy of the parameters that early stopping kept; None without it."""
        best = self._session.best
        return None if best is None else self._session.records[best].validation_accuracy
