"""Schedules that keep or reduce the learning rate in steps, exponentially, or when the loss stops improving."""

from dataclasses import dataclass, field
from math import inf

from handgrad.config import within
from handgrad.training.schedules.schedule import Memory, Schedule


@dataclass(frozen=True)
class Constant(Schedule):
    """Constant learning rate.

    Parameters
    ----------
    warmup : float, default 0
        Share of the training in which the factor rises linearly, as for `Schedule`.

    Examples
    --------
    >>> import handgrad as hg
    >>> hg.Constant()(step=5, total=10)
    1.0
    """

    def factor(self, progress: float) -> float:
        return 1.0


@dataclass(frozen=True)
class StepDecay(Schedule):
    r"""Learning rate that is multiplied by a factor at regular intervals.

    Parameters
    ----------
    drop : float, default 0.1
        Factor, in (0, 1].
    interval : float, default 1/3
        Share of the training from one drop to the next, in (0, 1].
    warmup : float, default 0
        Share of the training in which the factor rises linearly, as for `Schedule`.

    Notes
    -----
    At the share :math:`p` of the training the factor is

    .. math:: \text{drop}^{\lfloor p / \text{interval} \rfloor}

    Examples
    --------
    >>> import handgrad as hg
    >>> schedule = hg.StepDecay(drop=0.5)
    >>> [schedule(step, total=9) for step in range(9)]
    [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]
    """

    drop: float = field(default=0.1, metadata=within(0, 1, "(]"))
    interval: float = field(default=1 / 3, metadata=within(0, 1, "(]"))

    def factor(self, progress: float) -> float:
        return self.drop ** int(progress / self.interval + 1e-9)


@dataclass(frozen=True)
class Exponential(Schedule):
    r"""Exponential decay of the learning rate.

    Parameters
    ----------
    final : float, default 0.01
        Factor at the end, in (0, 1].
    warmup : float, default 0
        Share of the training in which the factor rises linearly, as for `Schedule`.

    Notes
    -----
    At the share :math:`p` of the training the factor is :math:`\text{final}^p`.

    Examples
    --------
    >>> import handgrad as hg
    >>> schedule = hg.Exponential()
    >>> [round(schedule(step, total=10), 2) for step in range(10)]
    [1.0, 0.63, 0.4, 0.25, 0.16, 0.1, 0.06, 0.04, 0.03, 0.02]
    """

    final: float = field(default=0.01, metadata=within(0, 1, "(]"))

    def factor(self, progress: float) -> float:
        return float(self.final**progress)


@dataclass(frozen=True)
class ReduceOnPlateau(Constant):
    """Learning rate that is reduced when the loss stops improving.

    Parameters
    ----------
    drop : float, default 0.1
        Factor of each reduction, in (0, 1).
    patience : int, default 5
        Number of successive records without a smaller loss after which the rate is reduced, at least 1. The loss is
        the validation loss, or the training loss if there is no validation split.
    warmup : float, default 0
        Share of the training in which the factor rises linearly, as for `Schedule`.

    See Also
    --------
    EarlyStopping : Stop training when validation stops improving.

    Examples
    --------
    >>> import handgrad as hg
    >>> schedule, memory = hg.ReduceOnPlateau(patience=2), {}
    >>> for loss in (0.5, 0.4, 0.4, 0.4):
    ...     schedule.observe(loss, memory)
    >>> schedule(step=4, total=10, memory=memory)
    0.1
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
