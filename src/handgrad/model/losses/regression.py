"""Losses of targets: numbers that are predicted."""

from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from handgrad.config import within
from handgrad.kernels.backend import kernels
from handgrad.kernels.types import Floats
from handgrad.model.losses.loss import Loss


@dataclass(frozen=True)
class MeanSquaredError(Loss):
    """Squared difference of outputs and targets, the mean over the targets.

    See Also
    --------
    Huber : Loss that outliers influence less.

    Notes
    -----
    ``loss = Σₖ (ŷₖ − yₖ)² / T`` with outputs ŷ and T targets y. The gradient is ``2 (ŷ − y) / T``. Training
    standardizes targets, so that 1 is the loss of predicting the mean.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> hg.MeanSquaredError()(np.array([[1.0, 2.0]]), np.array([[1.0, 5.0]]))
    (4.5, array([[ 0., -3.]]))
    """

    task = "regression"

    def per_example(self, logits: Floats, targets: NDArray[Any]) -> tuple[Floats, Floats]:
        return kernels.squared_error(logits, targets)


@dataclass(frozen=True)
class Huber(Loss):
    """Huber loss: squared for small differences of output and target, linear for large ones.

    Parameters
    ----------
    delta : float
        Difference δ from which the loss is linear, in standard deviations of the target, above 0.

    See Also
    --------
    MeanSquaredError : Squared loss.

    Notes
    -----
    The loss is the mean over the targets of ``r² / 2`` where ``|r| ≤ δ``, else ``δ (|r| − δ / 2)``, with the
    difference r of output and target.

    References
    ----------
    Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35, 1964.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> hg.Huber(delta=1.0)(np.array([[1.5, 2.0]]), np.array([[1.0, 5.0]]))
    (1.3125, array([[ 0.25, -0.5 ]]))
    """

    delta: float = field(default=1.0, metadata=within(0, interval="()"))
    task = "regression"

    def per_example(self, logits: Floats, targets: NDArray[Any]) -> tuple[Floats, Floats]:
        return kernels.huber(logits, targets, self.delta)
