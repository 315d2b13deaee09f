"""The contract of all schedules: the factor of the learning rate as one formula of the progress."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TypeAlias

from handgrad.config import Configurable, within

Memory: TypeAlias = dict[str, float]


@dataclass(frozen=True)
class Schedule(Configurable, ABC):
    r"""Base class of the schedules: a factor of the learning rate for each step.

    A custom schedule is a frozen dataclass with a `factor`.

    Parameters
    ----------
    warmup : float, default 0
        Share of the training, in [0, 1), in which the factor rises linearly to the first value of the formula [1]_.

    See Also
    --------
    Optimizer : Its learning rate is multiplied by the factor.

    References
    ----------
    .. [1] Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour", 2017, section 2.2.

    Examples
    --------
    >>> import handgrad as hg
    >>> schedule = hg.Constant(warmup=0.4)
    >>> [round(schedule(step, total=10), 2) for step in range(6)]
    [0.2, 0.4, 0.6, 0.8, 1.0, 1.0]
    """

    warmup: float = field(default=0.0, kw_only=True, metadata=within(0, 1))

    def __call__(self, step: int, total: int, memory: Memory | None = None) -> float:
        """Return the factor of a step, from 0 to 1.

        Parameters
        ----------
        step : int
            Number of the step, from 0.
        total : int
            Number of steps of the training.
        memory : dict of str to float, optional
            What `observe` has written.

        Returns
        -------
        float
            Factor of the learning rate.
        """
        progress, reduction = step / total, (memory or {}).get("reduction", 1.0)
        if progress < self.warmup:
            return reduction * self.factor(0.0) * (step + 1) / (int(self.warmup * total) + 1)
        return reduction * self.factor((progress - self.warmup) / (1 - self.warmup))

    def observe(self, loss: float, memory: Memory) -> None:
        """Observe the loss of a record; a schedule that depends on the loss overrides this method.

        Parameters
        ----------
        loss : float
            Validation loss, or training loss if there is no validation split.
        memory : dict of str to float
            Memory of the schedule in `TrainingState`, to change in place; a "reduction" in it multiplies the factor.
        """

    @abstractmethod
    def factor(self, progress: float) -> float:
        """Compute the formula of the schedule.

        Parameters
        ----------
        progress : float
            Share p of the training after the warm-up, in [0, 1).

        Returns
        -------
        float
            Factor of the learning rate, from 0 to 1.
        """
