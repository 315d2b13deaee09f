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
    """Base of the layers. A custom layer is a frozen dataclass with a `forward`.

    Shapes are those of one example, without N.
    """

    skips_input_gradient: ClassVar[bool] = False
    """Whether backward takes ``input_gradient=False``, and then does not compute dx."""
    takes_bytes: ClassVar[bool] = False
    """Whether forward also takes uint8 inputs, which stand for x / 255, as the first layer of a network."""
    takes_sparse: ClassVar[bool] = False
    """Whether forward also takes `SparseRows`, as the first layer of a network."""
    symbol: ClassVar[str] = ""
    """The name of its output in `explain`, e.g. "z"; default: the name of its class."""
    formulas: ClassVar[Mapping[str, str]] = {}
    """For `explain`: by "y" the output in inference, by "x" the gradient of the input, by its name that of a
    parameter. {x} and {y} stand for the names of input and output, {n} for the number after the names of parameters,
    and the name of a field for its value."""

    def parameter_shapes(self, input_shape: Shape) -> Mapping[str, Shape]:
        """Return the shapes of the parameters by name; default: no parameters."""
        return {}

    def statistic_shapes(self, input_shape: Shape) -> Mapping[str, Shape]:
        """Return the shapes of the statistics by name: arrays that are measured, not trained; default: none."""
        return {}

    def initializers(self) -> Mapping[str, Initializer]:
        """Return the initializer of each parameter and statistic."""
        return {}

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of an output; default: that of an input."""
        return input_shape

    def measure(self, x: Floats) -> Mapping[str, Floats]:
        """Compute the statistics of inputs (N, *input_shape) by name; see `Network.calibrate`."""
        return {}

    @abstractmethod
    def forward(self, parameters: Parameters, x: Floats, rng: Rng = None) -> tuple[Floats, Backward]:
        """Compute the output, and return the function that computes the gradients.

        Parameters
        ----------
        parameters : SimpleNamespace of arrays
            The parameters and statistics by name.
        x : (N, *input_shape)
        rng : numpy.random.Generator, optional
            For random numbers in training; None means inference.

        Returns
        -------
        y : (N, *output_shape)
        backward : ``backward(dy, gradients) -> dx``
        """
