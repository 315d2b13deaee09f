"""The convolution: every output sees a window of the image, and all with the same weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.convolution import output_size
from handgrad.kernels.types import Floats
from handgrad.model.initializers import He, Initializer, Zeros
from handgrad.model.layers.layer import Backward, Layer, Parameters, Shape


@dataclass(frozen=True)
class Conv2D(Layer):
    """y = x ∗ w + b over windows of `kernel_size` × `kernel_size` pixels.

    Parameters
    ----------
    filters : int
        Channels that go out, at least 1.
    kernel_size : int
        Pixels along a side of the window, at least 1.
    stride : int
        Pixels from one window to the next, at least 1.
    padding : int
        Zeros added around the image, at least 0.
    weight_initializer, bias_initializer : Initializer
        Of the weights (filters, channels, kernel_size, kernel_size) and the biases (filters,).
    """

    filters: int
    kernel_size: int = 3
    stride: int = 1
    padding: int = 0
    weight_initializer: Initializer = He()
    bias_initializer: Initializer = Zeros()

    skips_input_gradient: ClassVar[bool] = True
    symbol: ClassVar[str] = "z"
    formula: ClassVar[str] = (
        "{y} = {x} ∗ weights{n} + biases{n}, a sum over each window of {kernel_size}×{kernel_size}"
    )
    backward_formulas: ClassVar[Mapping[str, str]] = {
        "weights": "Σ over the windows: d{y} · window of {x}",
        "biases": "Σ over the windows: d{y}",
        "x": "Σ over the windows that see a pixel: d{y} weights{n}",
    }

    def __post_init__(self) -> None:
        for name, least in (("filters", 1), ("kernel_size", 1), ("stride", 1), ("padding", 0)):
            value = getattr(self, name)
            if type(value) is not int or not least <= value <= 1_000_000:
                raise HandgradError(f"Conv2D {name} must be a whole number from {least}; got {value!r}")
        if not isinstance(self.weight_initializer, Initializer) or not isinstance(
            self.bias_initializer, Initializer
        ):
            raise HandgradError("Conv2D takes an initializer for its weights and one for its biases")

    def parameter_shapes(self, input_shape: Shape) -> Mapping[str, Shape]:
        """Weights (O, C, K, K) and biases (O,)."""
        self.output_shape(input_shape)
        return {
            "weights": (self.filters, input_shape[0], self.kernel_size, self.kernel_size),
            "biases": (self.filters,),
        }

    def initializers(self) -> Mapping[str, Initializer]:
        """The two that were given."""
        return {"weights": self.weight_initializer, "biases": self.bias_initializer}

    def output_shape(self, input_shape: Shape) -> Shape:
        """(O, H', W')."""
        return (
            self.filters,
            *pooled_shape(self, input_shape, self.kernel_size, self.stride, self.padding)[1:],
        )

    def forward(
        self, parameters: Parameters, x: Floats, rng: np.random.Generator | None = None
    ) -> tuple[Floats, Backward]:
        """(N, C, H, W) to (N, O, H', W'); see `Layer.forward`."""

        def backward(dy: Floats, gradients: Parameters, input_gradient: bool = True) -> Floats | None:
            return kernels.convolution_backward(
                dy,
                x,
                parameters.weights,
                gradients.weights,
                gradients.biases,
                self.stride,
                self.padding,
                input_gradient=input_gradient,
            )

        y = kernels.convolution(x, parameters.weights, parameters.biases, self.stride, self.padding)
        return y, backward


def pooled_shape(layer: Layer, shape: Shape, window: int, stride: int, padding: int = 0) -> Shape:
    """Give (C, H', W') for images (C, H, W), or raise HandgradError where no window fits into them."""
    name = type(layer).__name__
    if len(shape) != 3:
        raise HandgradError(f"{name} takes images (channels, height, width); got {shape}")
    sizes = [output_size(size, window, stride, padding) for size in shape[1:]]
    if min(sizes) < 1:
        raise HandgradError(
            f"{name}: a window of {window}×{window} does not fit into an image of {shape[1:]}"
        )
    return (shape[0], *sizes)
