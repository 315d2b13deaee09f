"""What every layer is: a frozen description without state. Parameters come in, a closure goes out."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from math import prod
from types import SimpleNamespace
from typing import Any, ClassVar, TypeAlias

import numpy as np

from handgrad.config import Configurable
from handgrad.kernels.types import Floats
from handgrad.model.initializers import Initializer

Shape: TypeAlias = tuple[int, ...]
Parameters: TypeAlias = SimpleNamespace
"""Arrays by name, such as `parameters.weights`: views into a network's one flat vector."""

Backward: TypeAlias = Callable[..., Any]
"""``backward(dy, gradients) -> dx``: `gradients` has the names and shapes of the parameters, and is added to."""


class Layer(Configurable, ABC):
    """Base of the layers; a layer of one's own is a frozen dataclass with a `forward`.

    Shapes are those of one example, without N.
    """

    skips_input_gradient: ClassVar[bool] = False
    """Whether backward takes ``input_gradient=False`` and then saves the work of dx."""

    takes_bytes: ClassVar[bool] = False
    """Whether forward also takes uint8 inputs, which stand for x / 255, as the first layer of a network."""

    symbol: ClassVar[str] = ""
    """What its output is called where an example is explained, such as "z"; the name of its class unless given."""

    formula: ClassVar[str] = ""
    """Forward in inference, as text: {x} and {y} stand for the names of input and output, {n} for the number behind
    the names of the parameters, and every field of the layer for its value."""

    backward_formulas: ClassVar[Mapping[str, str]] = {}
    """Backward, as text: by "x" the gradient of the input, by its name that of each parameter."""

    def parameter_shapes(self, input_shape: Shape) -> Mapping[str, Shape]:
        """Name the parameter arrays and their shapes; none unless a layer says so."""
        return {}

    def initializers(self) -> Mapping[str, Initializer]:
        """Say how each parameter array starts, by the names of `parameter_shapes`."""
        return {}

    def output_shape(self, input_shape: Shape) -> Shape:
        """Give the shape that comes out; the one that goes in unless a layer says otherwise."""
        return input_shape

    def activation_size(self, input_shape: Shape) -> int:
        """Count the floats that forward makes for one example, by which chunks are made to fit the cache."""
        return prod(self.output_shape(input_shape))

    def measured(self, x: Floats) -> Mapping[str, Floats]:
        """Measure what inference needs to know of training data, given the layer's inputs (N, *input_shape).

        Parameters of that name take the values, which no gradient moves; see `Network.calibrate`.
        """
        return {}

    @abstractmethod
    def forward(
        self, parameters: Parameters, x: Floats, rng: np.random.Generator | None = None
    ) -> tuple[Floats, Backward]:
        """Compute the output, and give back the function that goes backward from there.

        Parameters
        ----------
        parameters : SimpleNamespace of arrays
        x : (N, *input_shape)
        rng : numpy.random.Generator, optional
            For layers that draw at random in training; None means inference.

        Returns
        -------
        y : (N, *output_shape)
        backward : ``backward(dy, gradients) -> dx``
        """
