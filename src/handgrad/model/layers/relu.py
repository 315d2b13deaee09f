"""The rectified linear unit."""

from dataclasses import dataclass

import numpy as np

from handgrad.kernels.reference import relu, relu_backward
from handgrad.kernels.types import Floats
from handgrad.model.layers.layer import Backward, Layer, Parameters


@dataclass(frozen=True)
class ReLU(Layer):
    """y = max(x, 0), of any shape."""

    def forward(
        self, parameters: Parameters, x: Floats, rng: np.random.Generator | None = None
    ) -> tuple[Floats, Backward]:
        """Of any shape; see `Layer.forward`."""

        def backward(dy: Floats, gradients: Parameters) -> Floats:
            return relu_backward(dy, x)

        return relu(x), backward
