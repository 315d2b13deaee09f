"""The convolution: every output sees a window of the image, all with the same weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from handgrad.config import check_number
from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.convolution import output_size
from handgrad.kernels.types import Floats
from handgrad.model.initializers import He, Initializer, Zeros
from handgrad.model.layers.layer import LARGEST, Backward, Layer, Parameters, Rng, Shape, resolve_initializers


@dataclass(frozen=True)
class Conv2D(Layer):
    """y = x ∗ w + b over windows of `kernel_size` × `kernel_size` pixels.

    Parameters
    ----------
    filters : int
        Output channels, at least 1.
    kernel_size : int
        Pixels along a side of the window, at least 1.
    stride : int
        Pixels from one window to the next, at least 1.
    padding : int
        Zeros added around the image, at least 0.
    weight_initializer, bias_initializer : Initializer or its name
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
        for name, low in (("filters", 1), ("kernel_size", 1), ("stride", 1), ("padding", 0)):
            check_number(self, name, low, LARGEST, "[]", whole=True)
        resolve_initializers(self)

    def parameter_shapes(self, input_shape: Shape) -> Mapping[str, Shape]:
        """Weights (O, C, K, K) and biases (O,)."""
        self.output_shape(input_shape)
        weights = (self.filters, input_shape[0], self.kernel_size, self.kernel_size)
        return {"weights": weights, "biases": (self.filters,)}

    def initializers(self) -> Mapping[str, Initializer]:
        """Return those of weights and biases."""
        return {"weights": self.weight_initializer, "biases": self.bias_initializer}

    def output_shape(self, input_shape: Shape) -> Shape:
        """(O, H', W')."""
        sides = window_counts(self, input_shape, self.kernel_size, self.stride, self.padding)
        return (self.filters, *sides)

    def forward(self, parameters: Parameters, x: Floats, rng: Rng = None) -> tuple[Floats, Backward]:
        """(N, C, H, W) to (N, O, H', W')."""
        weights, sizes = parameters.weights, (self.stride, self.padding)

        def backward(dy: Floats, gradients: Parameters, input_gradient: bool = True) -> Floats | None:
            sums = gradients.weights, gradients.biases
            return kernels.convolution_backward(dy, x, weights, *sums, *sizes, input_gradient=input_gradient)

        return kernels.convolution(x, weights, parameters.biases, *sizes), backward


def window_counts(layer: Layer, shape: Shape, window: int, stride: int, padding: int = 0) -> tuple[int, int]:
    """Return (H', W') for images (C, H, W); HandgradError where no window fits into them."""
    name = type(layer).__name__
    if len(shape) != 3:
        raise HandgradError(f"{name} takes images (channels, height, width); got {shape}")
    height, width = (output_size(size, window, stride, padding) for size in shape[1:])
    if min(height, width) < 1:
        raise HandgradError(
            f"{name}: a window of {window}×{window} does not fit into an image of {shape[1:]}"
        )
    return height, width
