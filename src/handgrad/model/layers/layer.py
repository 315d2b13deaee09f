"""The contract of all layers: a frozen description without state; forward returns its backward as a closure."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, ClassVar, TypeAlias

import numpy as np

from handgrad.config import Configurable, within
from handgrad.kernels.types import Floats
from handgrad.model.initializers import Initializer

Shape: TypeAlias = tuple[int, ...]
Rng: TypeAlias = np.random.Generator | None
Parameters: TypeAlias = SimpleNamespace
"""Arrays by name, e.g. `parameters.weights`."""

Backward: TypeAlias = Callable[..., Any]
"""``backward(dy, gradients) -> dx``: `gradients` has the names and shapes of the parameters, and is added to."""

LARGEST = 1_000_000
SIZE = within(1, LARGEST, "[]", whole=True)
"""The interval of the number of units, filters or pixels."""


class Layer(Configurable, ABC):
    """Base class of the layers.

    A layer is a frozen dataclass without arrays: `Network` holds the parameters and passes them to `forward`. A
    custom layer defines `forward`. If it has parameters, it also defines `parameter_shapes` and `initializers`.
    Shapes are those of one example, without N.

    Attributes
    ----------
    skips_input_gradient : bool, default=False
        Whether backward takes ``input_gradient=False``, and then does not compute dx.
    takes_bytes : bool, default=False
        Whether `forward` also takes uint8 inputs, which stand for x / 255, as the first layer of a network.
    takes_sparse : bool, default=False
        Whether `forward` also takes sparse rows, as the first layer of a network.
    symbol : str
        Name of the output in `explain`, e.g. ``"z"``. Default: the name of the class.
    formulas : mapping from str to str
        Formulas for `explain`: ``"y"`` of the output in inference, ``"x"`` of the gradient of the input, and the name
        of a parameter of its gradient. ``{x}`` and ``{y}`` stand for the names of input and output, ``{n}`` for the
        number after the names of parameters, and the name of a field for its value.
    entries : mapping from str to str
        Index formulas of single entries for `Explanation.trace`: ``"y"``, ``"x"`` and names of parameters, with the
        right side of the formula in terms of ``x``, ``y``, ``dy``, parameters and fields, after the letters of the
        entry: ``"n,o = Σ[i] x[n,i] * weights[o,i] + biases[o]"``; see `derivation.derive`. ``…`` stands for further
        axes, e.g. those of images.

    Examples
    --------
    A custom layer, and the check of its gradient:

    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> import handgrad as hg
    >>> @dataclass(frozen=True)
    ... class Square(hg.Layer):
    ...     def forward(self, parameters, x, rng=None):
    ...         return x**2, lambda dy, gradients: 2 * x * dy
    >>> layers = [Square(), hg.Dense(2)]
    >>> network = hg.Network(layers, input_shape=3, dtype=np.float64)
    >>> all(check.passed for check in hg.check_gradients(network))
    True
    """

    skips_input_gradient: ClassVar[bool] = False
    takes_bytes: ClassVar[bool] = False
    takes_sparse: ClassVar[bool] = False
    symbol: ClassVar[str] = ""
    formulas: ClassVar[Mapping[str, str]] = {}
    entries: ClassVar[Mapping[str, str]] = {}

    def parameter_shapes(self, input_shape: Shape) -> Mapping[str, Shape]:
        """Return the shapes of the parameters.

        Parameters
        ----------
        input_shape : tuple of int
            Of one example.

        Returns
        -------
        mapping from str to tuple of int
            Shapes by name, e.g. ``{"weights": (10, 784), "biases": (10,)}``. Default: no parameters.
        """
        return {}

    def statistic_shapes(self, input_shape: Shape) -> Mapping[str, Shape]:
        """Return the shapes of the statistics: arrays that are measured on training data, not trained.

        Parameters
        ----------
        input_shape : tuple of int
            Of one example.

        Returns
        -------
        mapping from str to tuple of int
            Shapes by name. Default: no statistics.
        """
        return {}

    def initializers(self) -> Mapping[str, Initializer]:
        """Return the initializer of each parameter and statistic.

        Returns
        -------
        mapping from str to Initializer
            Initializers by name.
        """
        return {}

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the output.

        Parameters
        ----------
        input_shape : tuple of int
            Of one example.

        Returns
        -------
        tuple of int
            Of the output of one example. Default: `input_shape`.
        """
        return input_shape

    def trace_arrays(self, x: Floats) -> Mapping[str, Any]:
        """Return what `entries` name besides inputs, outputs, parameters and fields.

        Parameters
        ----------
        x : array of shape (N, ...)
            Inputs of the layer.

        Returns
        -------
        mapping from str to array or number
            Arrays by name. Default: none.
        """
        return {}

    def measure(self, x: Floats) -> Mapping[str, Floats]:
        """Compute the statistics of inputs; `Network.calibrate` stores them.

        Parameters
        ----------
        x : array of shape (N, ...)
            Inputs of the layer.

        Returns
        -------
        mapping from str to array
            Statistics by name. Default: none.
        """
        return {}

    @abstractmethod
    def forward(self, parameters: Parameters, x: Floats, rng: Rng = None) -> tuple[Floats, Backward]:
        """Compute the output, and return the function that computes the gradients.

        Parameters
        ----------
        parameters : SimpleNamespace of arrays
            Parameters and statistics by name, e.g. ``parameters.weights``.
        x : array of shape (N, ...)
            Inputs.
        rng : numpy.random.Generator, optional
            Source of random numbers in training. None means inference.

        Returns
        -------
        y : array of shape (N, ...)
            Outputs.
        backward : function
            ``backward(dy, gradients)`` returns dx, and adds the gradients of the parameters to those in `gradients`,
            which has their names and shapes.
        """
