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
    r"""Base class of the averages of the parameters over a training.

    A custom average is a frozen dataclass with a `share`.

    Notes
    -----
    After a step the average :math:`\bar w` moves towards the parameters :math:`w`:

    .. math:: \bar w \leftarrow \bar w + \text{share} \cdot (w - \bar w)

    Examples
    --------
    >>> import handgrad as hg
    >>> hg.Averaging.from_config({"type": "LastEpochs", "epochs": 3})
    LastEpochs(epochs=3)
    """

    @abstractmethod
    def share(self, step: int, total: int, epoch: int, taken: int) -> float:
        """Return the weight of the newest parameters in the average.

        Parameters
        ----------
        step : int
            Number of steps taken.
        total : int
            Number of steps of the training.
        epoch : int
            Number of steps per epoch.
        taken : int
            Number of parameter vectors in the average.

        Returns
        -------
        float
            Weight, from 0 to 1; 0 leaves the average unchanged.
        """

    def update(self, state: TrainingState, w: Floats, total: int, epoch: int, workers: Workers) -> None:
        """Include the parameters after a step in the average of a state.

        Parameters
        ----------
        state : TrainingState
            State of the training; its average changes in place.
        w : array of shape (P,)
            Parameters.
        total : int
            Number of steps of the training.
        epoch : int
            Number of steps per epoch.
        workers : Workers
            Threads that share a long vector.
        """
        if share := self.share(state.step, total, epoch, state.averaged):
            average = state.average = w.copy() if state.average is None else state.average
            move, parts = kernels.move_average, workers.slices(len(average))
            workers.map(lambda part: move(average[part], w[part], share), parts)
            state.averaged += 1


@dataclass(frozen=True)
class ExponentialAverage(Averaging):
    r"""Exponential moving average of the parameters.

    Parameters
    ----------
    decay : float, default 0.999
        Factor :math:`d` of the earlier average, in [0, 1). The average is over about 1 / (1 − d) steps.

    Notes
    -----
    After the step :math:`n`, counted from 0, the average [1]_ of the parameters :math:`w` is

    .. math:: \bar w \leftarrow d_n \bar w + (1 - d_n) w, \qquad d_n = \min\left(d, \frac{1 + n}{10 + n}\right)

    The decay rises from 1/10, so that the initial parameters have little weight (section 2 of [2]_).

    References
    ----------
    .. [1] Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", SIAM Journal on
       Control and Optimization, 1992.
    .. [2] Tarvainen and Valpola, "Mean teachers are better role models", NIPS 2017.

    Examples
    --------
    >>> import handgrad as hg
    >>> average = hg.ExponentialAverage(decay=0.9)
    >>> for n in (0, 1, 10, 100):
    ...     share = average.share(n + 1, total=200, epoch=10, taken=n)
    ...     print(f"{share:.2f}")
    1.00
    0.82
    0.45
    0.10
    """

    decay: float = field(default=0.999, metadata=within(0, 1))

    def share(self, step: int, total: int, epoch: int, taken: int) -> float:
        return 1 - min(self.decay, (1 + taken) / (10 + taken)) if taken else 1.0


@dataclass(frozen=True)
class LastEpochs(Averaging):
    r"""Mean of the parameters at the ends of the last epochs.

    Parameters
    ----------
    epochs : int, default 5
        Number :math:`k` of epochs, at least 1.

    Notes
    -----
    With the parameters :math:`w_e` after epoch :math:`e` of :math:`E` epochs, the average is (algorithm 1 in [1]_)

    .. math:: \bar w = \frac{1}{k} \sum_{e = E - k + 1}^{E} w_e

    References
    ----------
    .. [1] Izmailov, Podoprikhin, Garipov, Vetrov and Wilson, "Averaging weights leads to wider
       optima and better generalization", UAI 2018.

    Examples
    --------
    Of 5 epochs with 10 steps each, the last two are averaged.

    >>> import handgrad as hg
    >>> average = hg.LastEpochs(epochs=2)
    >>> for step, taken in ((30, 0), (40, 0), (45, 1), (50, 1)):
    ...     share = average.share(step, total=50, epoch=10, taken=taken)
    ...     print(step, share)
    30 0.0
    40 1.0
    45 0.0
    50 0.5
    """

    epochs: int = field(default=5, metadata=within(1, whole=True))

    def share(self, step: int, total: int, epoch: int, taken: int) -> float:
        ends = step % epoch == 0 or step == total
        return 1 / (taken + 1) if ends and step > total - self.epochs * epoch else 0.0
