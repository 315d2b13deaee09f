"""The rectified linear unit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from handgrad.kernels.backend import kernels
from handgrad.kernels.types import Floats
from handgrad.model.layers.layer import Backward, Layer, Parameters


@dataclass(frozen=True)
class ReLU(Layer):
    """y = max(x, 0), of any shape."""

    symbol: ClassVar[str] = "a"
    formula: ClassVar[str] = "{y} = max({x}, 0)"
    backward_formulas: ClassVar[Mapping[str, str]] = {"x": "d{y} · [{x} > 0]"}

    def forward(
        self, parameters: Parameters, x: Floats, rng: np.random.Generator | None = None
    ) -> tuple[Floats, Backward]:
        """Of any shape; see `Layer.forward`."""

        def backward(dy: Floats, gradients: Parameters) -> Floats:
            return kernels.relu_backward(dy, x)

        return kernels.relu(x), backward
