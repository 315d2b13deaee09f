"""Optimizers that give every parameter a pace of its own."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from numpy.typing import NDArray

from handgrad.kernels.backend import kernels
from handgrad.training.optimizers.optimizer import Optimizer, require_positive, require_share


@dataclass
class RMSProp(Optimizer):
    """Each parameter at its own pace: s ← ρ s + (1 − ρ) g², w ← w − η g / (√s + ε).

    Parameters
    ----------
    decay : float
        ρ, from 0 to below 1.
    epsilon : float
        ε, positive.

    References
    ----------
    Tieleman and Hinton, "Lecture 6.5: rmsprop", Neural Networks for Machine Learning, 2012.
    """

    decay: float = 0.9
    epsilon: float = 1e-8

    state_names: ClassVar[tuple[str, ...]] = ("second_moment",)
    elementwise: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require_share(self, "decay")
        require_positive(self, "epsilon")

    def update(self, vector: NDArray[Any], gradient: NDArray[Any], learning_rate: float) -> None:
        """Step by the gradient over its typical size; see `Optimizer.step`."""
        kernels.rmsprop(
            vector, gradient, self.state["second_moment"], self.decay, self.epsilon, learning_rate
        )


@dataclass
class Adam(Optimizer):
    """Momentum at each parameter's own pace.

    m ← β₁ m + (1 − β₁) g, s ← β₂ s + (1 − β₂) g², w ← w − η m̂ / (√ŝ + ε), where m̂ = m / (1 − β₁ᵗ) and
    ŝ = s / (1 − β₂ᵗ) make up for the start from zero.

    Parameters
    ----------
    beta1, beta2 : float
        β₁ and β₂, from 0 to below 1.
    epsilon : float
        ε, positive.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1.
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    state_names: ClassVar[tuple[str, ...]] = ("mean", "second_moment")
    elementwise: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require_share(self, "beta1", "beta2")
        require_positive(self, "epsilon")

    def update(self, vector: NDArray[Any], gradient: NDArray[Any], learning_rate: float) -> None:
        """Step by the mean gradient over its typical size; see `Optimizer.step`."""
        state = self.state
        kernels.adam(
            vector,
            gradient,
            state["mean"],
            state["second_moment"],
            self.beta1,
            self.beta2,
            self.epsilon,
            learning_rate,
            self.steps,
        )


@dataclass
class AdamW(Adam):
    """Adam with `weight_decay` from the start.

    References
    ----------
    Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2.
    """

    weight_decay: float = field(default=0.01, kw_only=True)
