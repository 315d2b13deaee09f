"""How parameters follow their gradients; each optimizer is one formula on the flat vector."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import isfinite
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import HandgradError
from handgrad.model.descriptions import Described


@dataclass
class Optimizer(Described, ABC):
    """Base of the optimizers: keeps their state and counts their steps.

    Attributes
    ----------
    state : dict of (P,) arrays
        Zeros at first, by the names in `state_names`; saved with a checkpoint.
    steps : int
        Steps taken.
    """

    state_names: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        self.state: dict[str, NDArray[Any]] = {}
        self.steps = 0

    def step(self, vector: NDArray[Any], gradient: NDArray[Any], learning_rate: float) -> None:
        """Move the parameters, in place.

        Parameters
        ----------
        vector : (P,)
            All parameters of a network.
        gradient : (P,)
            Of the loss with respect to `vector`.
        learning_rate : float
            Positive.
        """
        if not self.state:
            self.state = {name: np.zeros_like(vector) for name in self.state_names}
        self.steps += 1
        self.update(vector, gradient, learning_rate)

    @abstractmethod
    def update(self, vector: NDArray[Any], gradient: NDArray[Any], learning_rate: float) -> None:
        """Compute the formula; `step` has done the bookkeeping."""


@dataclass
class SGD(Optimizer):
    """Gradient descent: w ← w − η g (Cauchy 1847; on batches, Robbins and Monro 1951)."""

    def update(self, vector: NDArray[Any], gradient: NDArray[Any], learning_rate: float) -> None:
        """Step down the gradient; see `Optimizer.step`."""
        vector -= learning_rate * gradient


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

    def __post_init__(self) -> None:
        super().__post_init__()
        require_share(self, "momentum")

    def update(self, vector: NDArray[Any], gradient: NDArray[Any], learning_rate: float) -> None:
        """Roll on; see `Optimizer.step`."""
        velocity = self.state["velocity"]
        velocity *= self.momentum
        velocity += gradient
        vector -= learning_rate * velocity


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
        velocity = self.state["velocity"]
        velocity *= self.momentum
        velocity += gradient
        vector -= learning_rate * (gradient + self.momentum * velocity)


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

    state_names: ClassVar[tuple[str, ...]] = ("squares",)

    def __post_init__(self) -> None:
        super().__post_init__()
        require_share(self, "decay")
        require_positive(self, "epsilon")

    def update(self, vector: NDArray[Any], gradient: NDArray[Any], learning_rate: float) -> None:
        """Step by the gradient over its typical size; see `Optimizer.step`."""
        squares = self.state["squares"]
        squares *= self.decay
        squares += (1 - self.decay) * gradient**2
        vector -= learning_rate * gradient / (np.sqrt(squares) + self.epsilon)


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

    state_names: ClassVar[tuple[str, ...]] = ("mean", "squares")

    def __post_init__(self) -> None:
        super().__post_init__()
        require_share(self, "beta1", "beta2")
        require_positive(self, "epsilon")

    def update(self, vector: NDArray[Any], gradient: NDArray[Any], learning_rate: float) -> None:
        """Step by the mean gradient over its typical size; see `Optimizer.step`."""
        mean, squares = self.state["mean"], self.state["squares"]
        mean *= self.beta1
        mean += (1 - self.beta1) * gradient
        squares *= self.beta2
        squares += (1 - self.beta2) * gradient**2
        size = np.sqrt(squares / (1 - self.beta2**self.steps))
        size += self.epsilon
        vector -= (learning_rate / (1 - self.beta1**self.steps)) * mean / size


@dataclass
class AdamW(Adam):
    """Adam, and apart from it every parameter shrinks: w ← w − η λ w.

    Parameters
    ----------
    weight_decay : float
        λ, not negative.

    References
    ----------
    Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2.
    """

    weight_decay: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (isfinite(self.weight_decay) and self.weight_decay >= 0):
            raise HandgradError(f"AdamW weight_decay must not be negative; got {self.weight_decay}")

    def update(self, vector: NDArray[Any], gradient: NDArray[Any], learning_rate: float) -> None:
        """Shrink, then step as Adam does; see `Optimizer.step`."""
        vector *= 1 - learning_rate * self.weight_decay
        super().update(vector, gradient, learning_rate)


def require_share(optimizer: Optimizer, *names: str) -> None:
    """Raise HandgradError unless the fields are from 0 to below 1."""
    for name in names:
        if not 0 <= getattr(optimizer, name) < 1:
            kind, value = type(optimizer).__name__, getattr(optimizer, name)
            raise HandgradError(f"{kind} {name} must be from 0 to below 1; got {value}")


def require_positive(optimizer: Optimizer, *names: str) -> None:
    """Raise HandgradError unless the fields are positive and finite."""
    for name in names:
        value = getattr(optimizer, name)
        if not (isfinite(value) and value > 0):
            raise HandgradError(f"{type(optimizer).__name__} {name} must be positive; got {value}")
