"""Averages of the parameters on their way, which are often better than where the way ends."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from handgrad.config import Configurable
from handgrad.errors import HandgradError


@dataclass(frozen=True)
class Averaging(Configurable, ABC):
    """Base of the averages: after a step, average ← average + share · (parameters − average)."""

    @abstractmethod
    def share(self, step: int, total: int, epoch: int, taken: int) -> float:
        """Say how much the newest parameters count.

        Parameters
        ----------
        step : int
            Steps made, from 1.
        total : int
            Steps of the whole training.
        epoch : int
            Steps of an epoch.
        taken : int
            How many parameters the average holds already.

        Returns
        -------
        float
            From 0, which leaves the average as it is, to 1, which is where it begins.
        """


@dataclass(frozen=True)
class ExponentialAverage(Averaging):
    """Exponential moving average: w̄ ← d w̄ + (1 − d) w after every step.

    The decay rises to d from 1/10, as (1 + n) / (10 + n), so that the first parameters are soon forgotten.

    Parameters
    ----------
    decay : float
        d, from 0 to below 1: the average looks back about 1 / (1 − d) steps.

    References
    ----------
    Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992; Tarvainen and Valpola, "Mean
    teachers are better role models", 2017, section 2.
    """

    decay: float = 0.999

    def __post_init__(self) -> None:
        if not 0 <= self.decay < 1:
            raise HandgradError(f"ExponentialAverage decay must be from 0 to below 1; got {self.decay}")

    def share(self, step: int, total: int, epoch: int, taken: int) -> float:
        """Give 1 − d; see `Averaging.share`."""
        return 1 - min(self.decay, (1 + taken) / (10 + taken)) if taken else 1.0


@dataclass(frozen=True)
class LastEpochs(Averaging):
    """The mean of the parameters at the ends of the last epochs.

    Parameters
    ----------
    epochs : int
        At least 1.

    References
    ----------
    Izmailov, Podoprikhin, Garipov, Vetrov and Wilson, "Averaging weights leads to wider optima and better
    generalization", UAI 2018, algorithm 1.
    """

    epochs: int = 5

    def __post_init__(self) -> None:
        if type(self.epochs) is not int or self.epochs < 1:
            raise HandgradError(f"LastEpochs epochs must be a whole number from 1; got {self.epochs!r}")

    def share(self, step: int, total: int, epoch: int, taken: int) -> float:
        """Give 1 / n at the end of each of the last epochs; see `Averaging.share`."""
        ends = step % epoch == 0 or step == total
        return 1 / (taken + 1) if ends and step > total - self.epochs * epoch else 0.0
