"""Early stopping: when to stop before the end, and which parameters to keep."""

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from numpy.typing import NDArray

from handgrad.config import Configurable, within
from handgrad.errors import HandgradError
from handgrad.training.state import TrainingState

Monitor: TypeAlias = Literal["validation_loss", "validation_accuracy"]


@dataclass(frozen=True)
class EarlyStopping(Configurable):
    """Keep the parameters of the best record, and stop when the next `patience` records, at least 1, are not better.

    `monitor` is what is best: the smallest ``"validation_loss"``, or the largest ``"validation_accuracy"`` (Prechelt,
    "Early stopping — but when?", Neural Networks: Tricks of the Trade, 1998, criterion UP).
    """

    patience: int = field(default=10, metadata=within(1, whole=True))
    monitor: Monitor = "validation_loss"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.monitor not in get_args(Monitor):
            known = " or ".join(get_args(Monitor))
            raise HandgradError(f"EarlyStopping monitor must be {known}; got {self.monitor!r:.60}")

    def observe(
        self, loss: float, accuracy: float | None, parameters: NDArray[Any], state: TrainingState
    ) -> None:
        """Keep the parameters where they are better than all before; else count the record."""
        score = -loss if self.monitor == "validation_loss" or accuracy is None else accuracy
        if state.best_score is None or score > state.best_score:
            state.best, state.best_score, state.waited = parameters.copy(), score, 0
        else:
            state.waited += 1
