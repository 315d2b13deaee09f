"""The dense layer: every output sees every input."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.types import Floats
from handgrad.model.initializers import He, Initializer, Zeros
from handgrad.model.layers.layer import Backward, Layer, Parameters, Shape


@dataclass(frozen=True)
class Dense(Layer):
    """y = x Wᵀ + b.

    Parameters
    ----------
    units : int
        O, at least 1.
    weight_initializer : Initializer
        Of the weights (O, I).
    bias_initializer : Initializer
        Of the biases (O,).
    """

    units: int
    weight_initializer: Initializer = He()
    bias_initializer: Initializer = Zeros()

    skips_input_gradient: ClassVar[bool] = True
    takes_bytes: ClassVar[bool] = True
    symbol: ClassVar[str] = "z"
    formula: ClassVar[str] = "{y} = {x} weights{n}ᵀ + biases{n}"
    backward_formulas: ClassVar[Mapping[str, str]] = {
        "weights": "d{y}ᵀ {x}",
        "biases": "Σₙ d{y}",
        "x": "d{y} weights{n}",
    }

    def __post_init__(self) -> None:
        if not isinstance(self.weight_initializer, Initializer) or not isinstance(
            self.bias_initializer, Initializer
        ):
            raise HandgradError("Dense takes an initializer for its weights and one for its biases")
        if type(self.units) is not int or not 1 <= self.units <= 1_000_000:
            raise HandgradError(f"Dense units must be a whole number from 1 to 1,000,000; got {self.units!r}")

    def parameter_shapes(self, input_shape: Shape) -> Mapping[str, Shape]:
        """Weights (O, I) and biases (O,)."""
        if len(input_shape) != 1:
            raise HandgradError(f"Dense takes flat inputs (I,); got {input_shape}: put a Flatten before it")
        return {"weights": (self.units, *input_shape), "biases": (self.units,)}

    def initializers(self) -> Mapping[str, Initializer]:
        """The two that were given."""
        return {"weights": self.weight_initializer, "biases": self.bias_initializer}

    def output_shape(self, input_shape: Shape) -> Shape:
        """(O,)."""
        return (self.units,)

    def forward(
        self, parameters: Parameters, x: Floats | NDArray[np.uint8], rng: np.random.Generator | None = None
    ) -> tuple[Floats, Backward]:
        """(N, I) to (N, O); see `Layer.forward`."""
        y = kernels.dense(x, parameters.weights, parameters.biases)

        def backward(dy: Floats, gradients: Parameters, input_gradient: bool = True) -> Floats | None:
            return kernels.dense_backward(
                dy,
                x,
                parameters.weights,
                gradients.weights,
                gradients.biases,
                input_gradient=input_gradient,
            )

        return y, backward
