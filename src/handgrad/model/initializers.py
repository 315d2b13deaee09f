"""Initial values of parameters: each initializer fills an array of a shape from a random generator."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from math import inf, prod

import numpy as np

from handgrad.config import Configurable, within
from handgrad.errors import HandgradError
from handgrad.kernels.types import Floats


class Initializer(Configurable, ABC):
    """Base class of the initializers, which draw the initial values of parameters.

    A custom initializer inherits from it, is a frozen dataclass, and defines `draw`.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> import handgrad as hg
    >>> @dataclass(frozen=True)
    ... class Filled(hg.Initializer):
    ...     value: float = 0.1
    ...     def draw(self, shape, rng):
    ...         return np.full(shape, self.value)
    >>> layer = hg.Dense(3, bias_initializer=Filled())
    >>> network = hg.Network([layer], input_shape=4)
    >>> network.parameters[0].biases
    array([0.1, 0.1, 0.1], dtype=float32)
    """

    @abstractmethod
    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        """Draw the values of a parameter.

        Parameters
        ----------
        shape : tuple of int
            Its shape, which begins with the outputs, e.g. ``(O, I)`` for dense weights.
        rng : numpy.random.Generator
            Source of random numbers.

        Returns
        -------
        array of float64
            Values of this shape.
        """


@dataclass(frozen=True)
class Uniform(Initializer):
    """Draw uniformly from an interval.

    Parameters
    ----------
    low : float
        Lower end, included.
    high : float
        Upper end, excluded, above `low`.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> hg.Uniform(-0.5, 0.5).draw((2, 3), np.random.default_rng(0)).round(2)
    array([[ 0.14, -0.23, -0.46],
           [-0.48,  0.31,  0.41]])
    """

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
    """Draw from a normal distribution that preserves the variance of signals through `ReLU` layers.

    See Also
    --------
    LeCun : The same without the factor 2, for layers without `ReLU`.

    Notes
    -----
    The mean is 0 and the variance ``2 / I``, where I is the number of inputs of an output: ``C · K²`` for a
    convolution.

    References
    ----------
    He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015, equation 10.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> weights = hg.He().draw((128, 784), np.random.default_rng(0))
    >>> print(f"{weights.var() * 784:.2f}")
    2.00
    """

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        return rng.normal(0.0, np.sqrt(2 / prod(shape[1:])), shape)


@dataclass(frozen=True)
class Glorot(Initializer):
    """Draw uniformly so that the variance of signals is preserved forward and backward.

    Notes
    -----
    The mean is 0 and the variance ``2 / (I + O)``. For a convolution, I and O are multiplied by K².

    References
    ----------
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010,
    equation 16.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> weights = hg.Glorot().draw((128, 784), np.random.default_rng(0))
    >>> print(f"{weights.var() * (784 + 128):.2f}")
    2.00
    """

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        bound = np.sqrt(6 / (prod(shape[2:]) * (shape[0] + prod(shape[1:2]))))
        return rng.uniform(-bound, bound, shape)


@dataclass(frozen=True)
class LeCun(Initializer):
    """Draw from a normal distribution that preserves the variance of sums.

    See Also
    --------
    He : Preserve the variance through `ReLU` layers.

    Notes
    -----
    The mean is 0 and the variance ``1 / I``, where I is the number of inputs of an output: ``C · K²`` for a
    convolution.

    References
    ----------
    LeCun, Bottou, Orr and Müller, "Efficient backprop", 1998, equation 16.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> weights = hg.LeCun().draw((128, 784), np.random.default_rng(0))
    >>> print(f"{weights.var() * 784:.2f}")
    1.00
    """

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        return rng.normal(0.0, np.sqrt(1 / prod(shape[1:])), shape)


@dataclass(frozen=True)
class Orthogonal(Initializer):
    """Draw a random matrix with orthonormal rows, or columns where there are fewer columns.

    Parameters
    ----------
    gain : float
        Factor of the matrix, above 0.

    References
    ----------
    Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear neural
    networks", ICLR 2014, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> weights = hg.Orthogonal().draw((3, 5), np.random.default_rng(0))
    >>> np.abs(weights @ weights.T).round(9)
    array([[1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 1.]])
    """

    gain: float = field(default=1.0, metadata=within(0, interval="()"))

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        rows, columns = shape[0], prod(shape[1:])
        q, r = np.linalg.qr(rng.normal(size=(max(rows, columns), min(rows, columns))))
        q *= np.sign(np.diag(r))  # without this the rotations would not be uniformly distributed
        return self.gain * (q if rows >= columns else q.T).reshape(shape)


@dataclass(frozen=True)
class Ones(Initializer):
    """Set all values to 1.

    Examples
    --------
    >>> import handgrad as hg
    >>> hg.Ones().draw((2, 3), None)
    array([[1., 1., 1.],
           [1., 1., 1.]])
    """

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        return np.ones(shape)


@dataclass(frozen=True)
class Zeros(Initializer):
    """Set all values to 0.

    Examples
    --------
    >>> import handgrad as hg
    >>> hg.Zeros().draw((2, 3), None)
    array([[0., 0., 0.],
           [0., 0., 0.]])
    """

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        return np.zeros(shape)
