"""Where parameters start: each initializer fills an array of a given shape from a random generator."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import isfinite, prod

import numpy as np

from handgrad.errors import HandgradError
from handgrad.kernels.types import Floats
from handgrad.model.descriptions import Described


class Initializer(Described, ABC):
    """Base of the initializers: `draw` gives the first values of one parameter array."""

    @abstractmethod
    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        """Draw an array.

        Parameters
        ----------
        shape : tuple of int
            Outputs first: ``(O, I)`` for the weights of a dense layer.
        rng : numpy.random.Generator

        Returns
        -------
        float64 array of `shape`
        """


@dataclass(frozen=True)
class Uniform(Initializer):
    """Uniform in [low, high): with −0.5 and 0.5, the start of the Rust program."""

    low: float = -0.5
    high: float = 0.5

    def __post_init__(self) -> None:
        if not (isfinite(self.low) and isfinite(self.high) and self.low < self.high):
            raise HandgradError(f"Uniform needs finite low < high; got low {self.low}, high {self.high}")

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        """Draw an array; see `Initializer.draw`."""
        return rng.uniform(self.low, self.high, shape)


@dataclass(frozen=True)
class He(Initializer):
    """Normal with variance 2 / I, which keeps the signal's size through ReLU layers.

    References
    ----------
    He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015, equation 10.
    """

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        """Draw an array; see `Initializer.draw`."""
        return rng.normal(0.0, np.sqrt(2 / prod(shape[1:])), shape)


@dataclass(frozen=True)
class Zeros(Initializer):
    """All zeros, as biases usually start."""

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        """Draw an array; see `Initializer.draw`."""
        return np.zeros(shape)
