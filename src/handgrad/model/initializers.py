"""Initial values of parameters: each initializer fills an array of a shape from a random generator."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from math import inf, prod

import numpy as np

from handgrad.config import Configurable, within
from handgrad.errors import HandgradError
from handgrad.kernels.types import Floats


class Initializer(Configurable, ABC):
    """Base of the initializers. A custom initializer is a frozen dataclass with a `draw`."""

    @abstractmethod
    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        """Draw a float64 array of a shape that begins with the outputs, e.g. ``(O, I)`` for dense weights."""


@dataclass(frozen=True)
class Uniform(Initializer):
    """Uniform in [low, high): with −0.5 and 0.5, the initializer of the Rust program."""

    low: float = field(default=-0.5, metadata=within(-inf, interval="()"))
    high: float = field(default=0.5, metadata=within(-inf, interval="()"))

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.low < self.high:
            raise HandgradError(f"Uniform needs low < high; got low {self.low}, high {self.high}")

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        return rng.uniform(self.low, self.high, shape)


@dataclass(frozen=True)
class He(Initializer):
    """Normal with variance 2 / I, which preserves the variance of signals through ReLU layers.

    He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015, equation 10.
    """

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        return rng.normal(0.0, np.sqrt(2 / prod(shape[1:])), shape)


@dataclass(frozen=True)
class Glorot(Initializer):
    """Uniform with variance 2 / (I + O), which preserves the variance of signals forward and backward.

    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010,
    equation 16.
    """

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        bound = np.sqrt(6 / (prod(shape[2:]) * (shape[0] + prod(shape[1:2]))))
        return rng.uniform(-bound, bound, shape)


@dataclass(frozen=True)
class LeCun(Initializer):
    """Normal with variance 1 / I, which preserves the variance of sums.

    LeCun, Bottou, Orr and Müller, "Efficient backprop", 1998, equation 16.
    """

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        return rng.normal(0.0, np.sqrt(1 / prod(shape[1:])), shape)


@dataclass(frozen=True)
class Orthogonal(Initializer):
    """A random rotation times `gain`, above 0: rows (columns where there are more rows) are orthonormal.

    Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear neural
    networks", ICLR 2014, section 3.
    """

    gain: float = field(default=1.0, metadata=within(0, interval="()"))

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        rows, columns = shape[0], prod(shape[1:])
        q, r = np.linalg.qr(rng.normal(size=(max(rows, columns), min(rows, columns))))
        q *= np.sign(np.diag(r))  # without this the rotations would not be uniformly distributed
        return self.gain * (q if rows >= columns else q.T).reshape(shape)


@dataclass(frozen=True)
class Ones(Initializer):
    """All ones."""

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        return np.ones(shape)


@dataclass(frozen=True)
class Zeros(Initializer):
    """All zeros."""

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        return np.zeros(shape)
