"""When to stop before the end, and which parameters to keep."""

from dataclasses import dataclass
from typing import Literal

from handgrad.config import Configurable
from handgrad.errors import HandgradError

MONITORS = ("validation_loss", "validation_accuracy")


@dataclass(frozen=True)
class EarlyStopping(Configurable):
    """Keep the parameters of the best record, and stop when no better one comes for a while.

    Parameters
    ----------
    patience : int
        Records in a row without a better one, at least 1, after which training stops. A record is made every epoch,
        unless `record_every` says otherwise.
    monitor : str
        What is best: the smallest ``"validation_loss"``, or the largest ``"validation_accuracy"``.

    References
    ----------
    Prechelt, "Early stopping — but when?", Neural Networks: Tricks of the Trade, 1998, criterion UP.
    """

    patience: int = 10
    monitor: Literal["validation_loss", "validation_accuracy"] = "validation_loss"

    def __post_init__(self) -> None:
        if type(self.patience) is not int or self.patience < 1:
            raise HandgradError(
                f"EarlyStopping patience must be a whole number from 1; got {self.patience!r}"
            )
        if self.monitor not in MONITORS:
            raise HandgradError(
                f"EarlyStopping monitor must be {' or '.join(MONITORS)}; got {self.monitor!r}"
            )

    def score(self, loss: float, accuracy: float) -> float:
        """Give what is to be large."""
        return -loss if self.monitor == "validation_loss" else accuracy
