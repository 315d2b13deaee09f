"""The Gaussian error linear unit."""

from dataclasses import dataclass

import numpy as np

from handgrad.kernels.reference import gelu, gelu_backward
from handgrad.kernels.types import Floats
from handgrad.model.layers.layer import Backward, Layer, Parameters


@dataclass(frozen=True)
class GELU(Layer):
    """y ≈ x Φ(x), with Φ the normal distribution function, of any shape."""

    def forward(
        self, parameters: Parameters, x: Floats, rng: np.random.Generator | None = None
    ) -> tuple[Floats, Backward]:
        """Of any shape; see `Layer.forward`."""

        def backward(dy: Floats, gradients: Parameters) -> Floats:
            return gelu_backward(dy, x)

        return gelu(x), backward
