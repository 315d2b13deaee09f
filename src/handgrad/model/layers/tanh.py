"""The hyperbolic tangent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from handgrad.kernels.backend import kernels
from handgrad.kernels.types import Floats
from handgrad.model.layers.layer import Backward, Layer, Parameters


@dataclass(frozen=True)
class Tanh(Layer):
    """y = tanh x, of any shape."""

    symbol: ClassVar[str] = "a"
    formula: ClassVar[str] = "{y} = tanh {x}"
    backward_formulas: ClassVar[Mapping[str, str]] = {"x": "d{y} · (1 − {y}²)"}

    def forward(
        self, parameters: Parameters, x: Floats, rng: np.random.Generator | None = None
    ) -> tuple[Floats, Backward]:
        """Of any shape; see `Layer.forward`."""
        y = kernels.tanh(x)

        def backward(dy: Floats, gradients: Parameters) -> Floats:
            return kernels.tanh_backward(dy, y)

        return y, backward
