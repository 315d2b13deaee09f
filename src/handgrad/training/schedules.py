"""Schedules: how the learning rate changes over a training, each as one formula of the progress."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from math import cos, inf, pi
from typing import TypeAlias

from handgrad.config import Configurable, within

Memory: TypeAlias = dict[str, float]


@dataclass(frozen=True)
class Schedule(Configurable, ABC):
    """Base of the schedules: the factor of the learning rate at each step.

    In the first `warmup` of the training, from 0 to below 1, the factor rises linearly to the first value of the
    formula (Goyal et al., "Accurate, large minibatch SGD", 2017, section 2.2).
    """

    warmup: float = field(default=0.0, kw_only=True, metadata=within(0, 1))

    def __call__(self, step: int, total: int, memory: Memory | None = None) -> float:
        """Return the factor of a step from 0 to `total` − 1, from 0 to 1; `memory` is from `observe`."""
        progress, reduction = step / total, (memory or {}).get("reduction", 1.0)
        if progress < self.warmup:
            return reduction * self.factor(0.0) * (step + 1) / (int(self.warmup * total) + 1)
        return reduction * self.factor((progress - self.warmup) / (1 - self.warmup))

    def observe(self, loss: float, memory: Memory) -> None:
        """Take note of a record's loss, on validation data where there are any, in the state of the training."""

    @abstractmethod
    def factor(self, progress: float) -> float:
        """Compute the formula at `progress`, from 0 to below 1, counted after the warm-up."""


@dataclass(frozen=True)
class Constant(Schedule):
    """A constant rate."""

    def factor(self, progress: float) -> float:
        return 1.0


@dataclass(frozen=True)
class StepDecay(Schedule):
    """Multiplied by `drop` after every `interval` of the training, both above 0 and up to 1: drop^⌊p / interval⌋."""

    drop: float = field(default=0.1, metadata=within(0, 1, "(]"))
    interval: float = field(default=1 / 3, metadata=within(0, 1, "(]"))

    def factor(self, progress: float) -> float:
        return self.drop ** int(progress / self.interval + 1e-9)


@dataclass(frozen=True)
class Exponential(Schedule):
    """Exponential decay from 1 to `final`, above 0 and up to 1: finalᵖ."""

    final: float = field(default=0.01, metadata=within(0, 1, "(]"))

    def factor(self, progress: float) -> float:
        return float(self.final**progress)


@dataclass(frozen=True)
class ReduceOnPlateau(Constant):
    """Multiplied by `drop`, above 0 and below 1, whenever `patience` records in a row have no smaller loss.

    The loss is that of the validation split, or of the training where there is none. `patience` is at least 1.
    """

    drop: float = field(default=0.1, metadata=within(0, 1, "()"))
    patience: int = field(default=5, metadata=within(1, whole=True))

    def observe(self, loss: float, memory: Memory) -> None:
        if loss < memory.get("best", inf):
            memory.update(best=loss, waited=0)
            return
        memory["waited"] = memory.get("waited", 0) + 1
        if memory["waited"] >= self.patience:
            memory.update(reduction=memory.get("reduction", 1.0) * self.drop, waited=0)


@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a cosine from 1 to `final` f, from 0 to 1: f + (1 − f) (1 + cos π p) / 2.

    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, equation 5.
    """

    final: float = field(default=0.0, metadata=within(0, 1, "[]"))

    def factor(self, progress: float) -> float:
        return self.final + (1 - self.final) * (1 + cos(pi * progress)) / 2


@dataclass(frozen=True)
class OneCycle(Schedule):
    """From `start` up to 1 at `peak` of the training, then down to `final`, both along half a cosine.

    `start` and `final` are factors from 0 to 1, and `peak` is a share of the training, above 0 and below 1 (Smith and
    Topin, "Super-convergence: very fast training of neural networks using large learning rates", 2018).
    """

    start: float = field(default=0.04, metadata=within(0, 1, "[]"))
    peak: float = field(default=0.3, metadata=within(0, 1, "()"))
    final: float = field(default=0.0, metadata=within(0, 1, "[]"))

    def factor(self, progress: float) -> float:
        if progress < self.peak:
            return 1 - (1 - self.start) * (1 + cos(pi * progress / self.peak)) / 2
        return self.final + (1 - self.final) * (1 + cos(pi * (progress - self.peak) / (1 - self.peak))) / 2
