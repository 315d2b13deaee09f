"""Gradient descent, plain and with momentum."""

from dataclasses import dataclass
from typing import Any, ClassVar

from numpy.typing import NDArray

from handgrad.kernels.backend import kernels
from handgrad.training.optimizers.optimizer import Optimizer, require_share


@dataclass
class SGD(Optimizer):
    """Gradient descent: w ← w − η g (Cauchy 1847; on batches, Robbins and Monro 1951)."""

    elementwise: ClassVar[bool] = True

    def update(self, vector: NDArray[Any], gradient: NDArray[Any], learning_rate: float) -> None:
        """Step down the gradient; see `Optimizer.step`."""
        kernels.sgd(vector, gradient, learning_rate)


@dataclass
class Momentum(Optimizer):
    """The heavy ball: v ← μ v + g, w ← w − η v (Polyak 1964).

    Parameters
    ----------
    momentum : float
        μ, from 0 to below 1.
    """

    momentum: float = 0.9

    state_names: ClassVar[tuple[str, ...]] = ("velocity",)
    elementwise: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require_share(self, "momentum")

    def update(self, vector: NDArray[Any], gradient: NDArray[Any], learning_rate: float) -> None:
        """Roll on; see `Optimizer.step`."""
        kernels.momentum(vector, gradient, self.state["velocity"], self.momentum, learning_rate)


@dataclass
class Nesterov(Momentum):
    """The heavy ball that looks ahead: v ← μ v + g, w ← w − η (g + μ v).

    References
    ----------
    Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep learning",
    ICML 2013, equations 3 and 4, rewritten in the point that is looked ahead to.
    """

    def update(self, vector: NDArray[Any], gradient: NDArray[Any], learning_rate: float) -> None:
        """Roll on from where the ball will be; see `Optimizer.step`."""
        kernels.nesterov(vector, gradient, self.state["velocity"], self.momentum, learning_rate)
