"""Averages of the parameters over many steps, which are often better than the last parameters."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from handgrad.config import Configurable, within
from handgrad.kernels.backend import kernels
from handgrad.kernels.threads import Workers
from handgrad.kernels.types import Floats
from handgrad.training.state import TrainingState


@dataclass(frozen=True)
class Averaging(Configurable, ABC):
    """Base of the averages: after a step, average ← average + share · (parameters − average)."""

    @abstractmethod
    def share(self, step: int, total: int, epoch: int, taken: int) -> float:
        """Return the weight of the newest parameters, from 0, which leaves the average unchanged, to 1.

        `step` is the number of steps taken, of `total` in the whole training and `epoch` in each epoch, and `taken`
        the number of parameters in the average.
        """

    def update(self, state: TrainingState, w: Floats, total: int, epoch: int, workers: Workers) -> None:
        """Include the parameters after a step, w (P,), in the average of a state."""
        if share := self.share(state.step, total, epoch, state.averaged):
            average = state.average = w.copy() if state.average is None else state.average
            move, parts = kernels.move_average, workers.slices(len(average))
            workers.map(lambda part: move(average[part], w[part], share), parts)
            state.averaged += 1


@dataclass(frozen=True)
class ExponentialAverage(Averaging):
    """Exponential moving average over about 1 / (1 − d) steps: w̄ ← d w̄ + (1 − d) w, with `decay` d from 0 to below 1.

    The decay rises to d from 1/10, as (1 + n) / (10 + n), so that the initial parameters have little weight (Polyak
    and Juditsky, "Acceleration of stochastic approximation by averaging", 1992; Tarvainen and Valpola, "Mean teachers
    are better role models", 2017, section 2).
    """

    decay: float = field(default=0.999, metadata=within(0, 1))

    def share(self, step: int, total: int, epoch: int, taken: int) -> float:
        return 1 - min(self.decay, (1 + taken) / (10 + taken)) if taken else 1.0


@dataclass(frozen=True)
class LastEpochs(Averaging):
    """The mean of the parameters at the ends of the last epochs, at least 1.

    Izmailov, Podoprikhin, Garipov, Vetrov and Wilson, "Averaging weights leads to wider optima and better
    generalization", UAI 2018, algorithm 1.
    """

    epochs: int = field(default=5, metadata=within(1, whole=True))

    def share(self, step: int, total: int, epoch: int, taken: int) -> float:
        ends = step % epoch == 0 or step == total
        return 1 / (taken + 1) if ends and step > total - self.epochs * epoch else 0.0
