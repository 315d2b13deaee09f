"""What training tells of itself, epoch by epoch."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Record:
    """One epoch, or what there was of it when training stopped.

    Attributes
    ----------
    step : int
        Index of the last step, from 0: 501 steps end with step 500.
    epoch : int
        Passes over the training data, this one included, from 1.
    loss : float
        Mean cross-entropy in nats over the epoch's batches, each measured before its step.
    train_accuracy : float
        From 0 to 1, measured as `loss` is.
    validation_loss, validation_accuracy : float or None
        After the last step; None without a validation split.
    learning_rate : float
        Of the last step.
    seconds : float
        Time in training so far, resumed sessions included.
    examples_per_second : float
        Since the record before.
    """

    step: int
    epoch: int
    loss: float
    train_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    learning_rate: float
    seconds: float
    examples_per_second: float

    def as_dict(self) -> dict[str, Any]:
        """Give the fields by name, for JSON."""
        return asdict(self)
