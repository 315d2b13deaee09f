"""How the learning rate changes over a training: each schedule is one formula of the progress made."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from math import cos, inf, isfinite, pi
from typing import TypeAlias

from handgrad.config import Configurable
from handgrad.errors import HandgradError

Memory: TypeAlias = dict[str, float]


@dataclass(frozen=True)
class Schedule(Configurable, ABC):
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

    def __call__(self, step: int, total: int, memory: Memory | None = None) -> float:
        """Give the factor of one step.

        Parameters
        ----------
        step : int
            From 0.
        total : int
            Steps of the whole training.
        memory : dict, optional
            What `observe` noted in this training.

        Returns
        -------
        float
            From 0 to 1; the learning rate of the recipe is the largest one.
        """
        progress, reduction = step / total, (memory or {}).get("reduction", 1.0)
        if progress < self.warmup:
            return reduction * self.factor(0.0) * (step + 1) / (int(self.warmup * total) + 1)
        return reduction * self.factor((progress - self.warmup) / (1 - self.warmup))

    def observe(self, loss: float, memory: Memory) -> None:
        """Look at a record's loss, on validation data where there are any; most schedules need not.

        A schedule holds no state: what it must remember it notes in `memory`, which belongs to the training and
        is saved with a checkpoint.
        """

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
class ReduceOnPlateau(Schedule):
    """Multiplied by `drop` whenever `patience` records in a row have not brought a smaller loss.

    The loss is that of the validation split, or of the training where there is none.

    Parameters
    ----------
    drop : float
        Above 0 and below 1.
    patience : int
        Records, at least 1.
    """

    drop: float = 0.1
    patience: int = 5

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self, "drop", 0 < self.drop < 1, "above 0 and below 1")
        whole = isinstance(self.patience, int) and self.patience >= 1
        _require(self, "patience", whole, "a whole number from 1")

    def factor(self, progress: float) -> float:
        """Give 1: what is reduced, is reduced by `observe`."""
        return 1.0

    def observe(self, loss: float, memory: Memory) -> None:
        """Count the records since the best one; see `Schedule.observe`."""
        if loss < memory.get("best", inf):
            memory.update(best=loss, waited=0)
            return
        memory["waited"] = memory.get("waited", 0) + 1
        if memory["waited"] >= self.patience:
            memory.update(reduction=memory.get("reduction", 1.0) * self.drop, waited=0)


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
