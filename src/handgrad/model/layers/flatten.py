"""From images to vectors."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np

from handgrad.kernels.types import Floats
from handgrad.model.layers.layer import Backward, Layer, Parameters, Shape


@dataclass(frozen=True)
class Flatten(Layer):
    """y = x with all its axes but the first in one."""

    symbol: ClassVar[str] = "flat"
    formula: ClassVar[str] = "{y} = {x} in one row"
    backward_formulas: ClassVar[Mapping[str, str]] = {"x": "d{y} in the shape of {x}"}

    def output_shape(self, input_shape: Shape) -> Shape:
        """(I,): the number of values of one example."""
        return (prod(input_shape),)

    def forward(
        self, parameters: Parameters, x: Floats, rng: np.random.Generator | None = None
    ) -> tuple[Floats, Backward]:
        """(N, …) to (N, I); see `Layer.forward`."""

        def backward(dy: Floats, gradients: Parameters) -> Floats:
            return dy.reshape(x.shape)

        return x.reshape(len(x), -1), backward
