"""The Gaussian error linear unit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from handgrad.kernels.backend import kernels
from handgrad.kernels.types import Floats
from handgrad.model.layers.layer import Backward, Layer, Parameters


@dataclass(frozen=True)
class GELU(Layer):
    """y ≈ x Φ(x), with Φ the normal distribution function, of any shape."""

    symbol: ClassVar[str] = "a"
    formula: ClassVar[str] = "{y} = {x} (1 + tanh u) / 2, u = √(2/π) ({x} + 0.044715 {x}³)"
    backward_formulas: ClassVar[Mapping[str, str]] = {
        "x": "d{y} · ((1 + t) + {x} (1 − t²) u′) / 2, t = tanh u, u′ = √(2/π) (1 + 0.134145 {x}²)"
    }

    def forward(
        self, parameters: Parameters, x: Floats, rng: np.random.Generator | None = None
    ) -> tuple[Floats, Backward]:
        """Of any shape; see `Layer.forward`."""

        def backward(dy: Floats, gradients: Parameters) -> Floats:
            return kernels.gelu_backward(dy, x)

        return kernels.gelu(x), backward
