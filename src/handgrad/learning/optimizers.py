"""How parameters follow their gradients; each optimizer is one formula on the flat vector."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

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
