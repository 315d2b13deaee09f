"""Records within an epoch, for a training that is watched: a long epoch shows a curve, too."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

from handgrad.data.dataset import Dataset
from handgrad.training.records import Record, training_measures
from handgrad.training.state import TrainingState


@dataclass
class Progress:
    """Records of the epoch so far, every few steps. They only read the state, so the training keeps its bits."""

    state: TrainingState
    dataset: Dataset
    batch_size: int
    every: int
    learning_rate: Callable[[int], float]  # of a step

    def restart(self) -> None:
        """Count steps and time from now on, before the first step and after each record of `handgrad.train`."""
        self.first = self.latest = self.state.step
        self.clock = perf_counter()

    def record(self) -> Record | None:
        """Return a record without validation if one is due."""
        state = self.state
        if state.step < self.latest + self.every or state.position == 0:
            return None
        self.latest, seconds = state.step, perf_counter() - self.clock
        return Record(
            **training_measures(state, self.dataset),
            validation_loss=None,
            validation_accuracy=None,
            learning_rate=self.learning_rate(state.step - 1),
            seconds=state.seconds + seconds,
            examples_per_second=(state.step - self.first) * self.batch_size / seconds,
        )
