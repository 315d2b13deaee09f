"""The rectifier that leaks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.types import Floats
from handgrad.model.layers.layer import Backward, Layer, Parameters


@dataclass(frozen=True)
class LeakyReLU(Layer):
    """y = x where x > 0, else negative_slope · x, of any shape.

    Parameters
    ----------
    negative_slope : float
        From 0 to below 1.

    References
    ----------
    Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", ICML 2013.
    """

    negative_slope: float = 0.01

    symbol: ClassVar[str] = "a"
    formula: ClassVar[str] = "{y} = {x} where {x} > 0, else {negative_slope} · {x}"
    backward_formulas: ClassVar[Mapping[str, str]] = {"x": "d{y} where {x} > 0, else {negative_slope} · d{y}"}

    def __post_init__(self) -> None:
        if not 0 <= self.negative_slope < 1:
            raise HandgradError(
                f"LeakyReLU negative_slope must be from 0 to below 1; got {self.negative_slope}"
            )

    def forward(
        self, parameters: Parameters, x: Floats, rng: np.random.Generator | None = None
    ) -> tuple[Floats, Backward]:
        """Of any shape; see `Layer.forward`."""

        def backward(dy: Floats, gradients: Parameters) -> Floats:
            return kernels.leaky_relu_backward(dy, x, self.negative_slope)

        return kernels.leaky_relu(x, self.negative_slope), backward
