"""Schedules along half a cosine."""

from dataclasses import dataclass, field
from math import cos, pi

from handgrad.config import within
from handgrad.training.schedules.schedule import Schedule


@dataclass(frozen=True)
class Cosine(Schedule):
    r"""Learning rate that falls along half a cosine.

    Parameters
    ----------
    final : float, default 0
        Factor :math:`f` at the end, in [0, 1].
    warmup : float, default 0
        Share of the training in which the factor rises linearly, as for `Schedule`.

    Notes
    -----
    At the share :math:`p` of the training the factor is (equation 5 in [1]_)

    .. math:: f + (1 - f) \frac{1 + \cos \pi p}{2}

    References
    ----------
    .. [1] Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.

    Examples
    --------
    >>> import handgrad as hg
    >>> schedule = hg.Cosine()
    >>> [round(schedule(step, total=10), 2) for step in range(10)]
    [1.0, 0.98, 0.9, 0.79, 0.65, 0.5, 0.35, 0.21, 0.1, 0.02]
    """

    final: float = field(default=0.0, metadata=within(0, 1, "[]"))

    def factor(self, progress: float) -> float:
        return self.final + (1 - self.final) * (1 + cos(pi * progress)) / 2


@dataclass(frozen=True)
class OneCycle(Schedule):
    r"""Learning rate that rises to its maximum and falls again, each along half a cosine.

    Parameters
    ----------
    start : float, default 0.04
        Factor :math:`s` at the start, in [0, 1].
    peak : float, default 0.3
        Share :math:`q` of the training at which the factor is 1, in (0, 1).
    final : float, default 0
        Factor :math:`f` at the end, in [0, 1].
    warmup : float, default 0
        Share of the training in which the factor rises linearly, as for `Schedule`.

    Notes
    -----
    At the share :math:`p` of the training the factor is

    .. math::

        \begin{cases}
        1 - (1 - s)\, h(p / q) & \text{if } p < q \\
        f + (1 - f)\, h\left(\frac{p - q}{1 - q}\right) & \text{otherwise}
        \end{cases}

    with half a cosine :math:`h(x) = (1 + \cos \pi x) / 2`.
    Large learning rates in the middle of the training make short trainings accurate [1]_.

    References
    ----------
    .. [1] Smith and Topin, "Super-convergence: very fast training of neural networks using large learning
       rates", 2018.

    Examples
    --------
    >>> import handgrad as hg
    >>> schedule = hg.OneCycle()
    >>> [round(schedule(step, total=10), 2) for step in range(10)]
    [0.04, 0.28, 0.76, 1.0, 0.95, 0.81, 0.61, 0.39, 0.19, 0.05]
    """

    start: float = field(default=0.04, metadata=within(0, 1, "[]"))
    peak: float = field(default=0.3, metadata=within(0, 1, "()"))
    final: float = field(default=0.0, metadata=within(0, 1, "[]"))

    def factor(self, progress: float) -> float:
        if progress < self.peak:
            return 1 - (1 - self.start) * (1 + cos(pi * progress / self.peak)) / 2
        return self.final + (1 - self.final) * (1 + cos(pi * (progress - self.peak) / (1 - self.peak))) / 2
