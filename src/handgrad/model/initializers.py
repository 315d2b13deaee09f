"""Where parameters start: each initializer fills an array of a given shape from a random generator."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import isfinite, prod

import numpy as np

from handgrad.config import Configurable
from handgrad.errors import HandgradError
from handgrad.kernels.types import Floats


class Initializer(Configurable, ABC):
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
class Glorot(Initializer):
    """Uniform with variance 2 / (I + O), which keeps forward and backward signals alike in size.

    References
    ----------
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010,
    equation 16.
    """

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        """Draw an array; see `Initializer.draw`."""
        receptive = prod(shape[2:])
        bound = np.sqrt(6 / (receptive * (shape[0] + prod(shape[1:2]))))
        return rng.uniform(-bound, bound, shape)


@dataclass(frozen=True)
class LeCun(Initializer):
    """Normal with variance 1 / I, which keeps the size of sums.

    References
    ----------
    LeCun, Bottou, Orr and Müller, "Efficient backprop", 1998, equation 16.
    """

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        """Draw an array; see `Initializer.draw`."""
        return rng.normal(0.0, np.sqrt(1 / prod(shape[1:])), shape)


@dataclass(frozen=True)
class Orthogonal(Initializer):
    """A random rotation times `gain`: rows (or, where there are more rows than inputs, columns) are orthonormal.

    Parameters
    ----------
    gain : float
        Positive; √2 suits ReLU.

    References
    ----------
    Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear neural
    networks", ICLR 2014, section 3.
    """

    gain: float = 1.0

    def __post_init__(self) -> None:
        if not (isfinite(self.gain) and self.gain > 0):
            raise HandgradError(f"Orthogonal gain must be positive; got {self.gain}")

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        """Draw an array; see `Initializer.draw`."""
        rows, columns = shape[0], prod(shape[1:])
        q, r = np.linalg.qr(rng.normal(size=(max(rows, columns), min(rows, columns))))
        q *= np.sign(np.diag(r))  # without this the rotations would not be evenly drawn
        return self.gain * (q if rows >= columns else q.T).reshape(shape)


@dataclass(frozen=True)
class Ones(Initializer):
    """All ones, as scales start."""

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        """Draw an array; see `Initializer.draw`."""
        return np.ones(shape)


@dataclass(frozen=True)
class Zeros(Initializer):
    """All zeros, as biases usually start."""

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        """Draw an array; see `Initializer.draw`."""
        return np.zeros(shape)
