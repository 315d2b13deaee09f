"""How the learning rate changes over a training: each schedule is one formula of the progress made."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from math import cos, isfinite, pi

from handgrad.errors import HandgradError
from handgrad.model.descriptions import Described


@dataclass(frozen=True)
class Schedule(Described, ABC):
    """Base of the schedules: what the learning rate is multiplied by at each step.

    Parameters
    ----------
    warmup : float
        Share of the training, from 0 to below 1, in which the factor first rises evenly to where the formula
        begins (Goyal et al., "Accurate, large minibatch SGD", 2017, section 2.2).
    """

    warmup: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        _require(self, "warmup", 0 <= self.warmup < 1, "from 0 to below 1")

    def __call__(self, step: int, total: int) -> float:
        """Give the factor of one step.

        Parameters
        ----------
        step : int
            From 0.
        total : int
            Steps of the whole training.

        Returns
        -------
        float
            From 0 to 1; the learning rate of the recipe is the largest one.
        """
        progress = step / total
        if progress < self.warmup:
            return self.factor(0.0) * (step + 1) / (int(self.warmup * total) + 1)
        return self.factor((progress - self.warmup) / (1 - self.warmup))

    @abstractmethod
    def factor(self, progress: float) -> float:
        """Compute the formula at `progress`, from 0 to below 1, which begins after the warm-up."""


@dataclass(frozen=True)
class Constant(Schedule):
    """The same rate throughout."""

    def factor(self, progress: float) -> float:
        """Give 1; see `Schedule.factor`."""
        return 1.0


@dataclass(frozen=True)
class StepDecay(Schedule):
    """Multiplied by `drop` after every `interval` of the training: drop^⌊p / interval⌋.

    Parameters
    ----------
    drop : float
        Above 0, up to 1.
    interval : float
        Share of the training, above 0, up to 1.
    """

    drop: float = 0.1
    interval: float = 1 / 3

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self, "drop", 0 < self.drop <= 1, "above 0, up to 1")
        _require(self, "interval", 0 < self.interval <= 1, "above 0, up to 1")

    def factor(self, progress: float) -> float:
        """Go down a stair; see `Schedule.factor`."""
        return self.drop ** int(progress / self.interval + 1e-9)


@dataclass(frozen=True)
class Exponential(Schedule):
    """Evenly in its logarithm from 1 to `final`: finalᵖ.

    Parameters
    ----------
    final : float
        Above 0, up to 1.
    """

    final: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self, "final", 0 < self.final <= 1, "above 0, up to 1")

    def factor(self, progress: float) -> float:
        """Decay; see `Schedule.factor`."""
        return float(self.final**progress)


@dataclass(frozen=True)
class Cosine(Schedule):
    """Along half a cosine from 1 to `final`: f + (1 − f) (1 + cos π p) / 2.

    Parameters
    ----------
    final : float
        From 0 to 1.

    References
    ----------
    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, equation 5.
    """

    final: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self, "final", 0 <= self.final <= 1, "from 0 to 1")

    def factor(self, progress: float) -> float:
        """Follow the cosine; see `Schedule.factor`."""
        return self.final + (1 - self.final) * (1 + cos(pi * progress)) / 2


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Up from `start` to 1 until `peak` of the training, then down to `final`, both along half a cosine.

    Parameters
    ----------
    start, final : float
        Factors from 0 to 1.
    peak : float
        Share of the training, above 0 and below 1.

    References
    ----------
    Smith and Topin, "Super-convergence: very fast training of neural networks using large learning rates", 2018.
    """

    start: float = 0.04
    peak: float = 0.3
    final: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self, "start", 0 <= self.start <= 1, "from 0 to 1")
        _require(self, "final", 0 <= self.final <= 1, "from 0 to 1")
        _require(self, "peak", 0 < self.peak < 1, "above 0 and below 1")

    def factor(self, progress: float) -> float:
        """Rise and fall; see `Schedule.factor`."""
        if progress < self.peak:
            return 1 - (1 - self.start) * (1 + cos(pi * progress / self.peak)) / 2
        return self.final + (1 - self.final) * (1 + cos(pi * (progress - self.peak) / (1 - self.peak))) / 2


def _require(schedule: Schedule, name: str, holds: bool, range_: str) -> None:
    value = getattr(schedule, name)
    if not (holds and isfinite(value)):
        raise HandgradError(f"{type(schedule).__name__} {name} must be {range_}; got {value}")
