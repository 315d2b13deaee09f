"""Activation functions, elementwise and of any shape."""

from dataclasses import dataclass, field

from handgrad.config import within
from handgrad.kernels.backend import kernels
from handgrad.kernels.types import Floats
from handgrad.model.layers.layer import Backward, Layer, Parameters, Rng


@dataclass(frozen=True)
class ReLU(Layer):
    """The rectified linear unit: y = max(x, 0)."""

    symbol = "a"
    formulas = {"y": "max({x}, 0)", "x": "d{y} · [{x} > 0]"}

    def forward(self, parameters: Parameters, x: Floats, rng: Rng = None) -> tuple[Floats, Backward]:
        return kernels.relu(x), lambda dy, gradients: kernels.relu_backward(dy, x)


@dataclass(frozen=True)
class LeakyReLU(Layer):
    """The leaky rectifier: y = x where x > 0, else negative_slope · x, with a slope from 0 to below 1.

    Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", ICML 2013.
    """

    negative_slope: float = field(default=0.01, metadata=within(0, 1))

    symbol = "a"
    formulas = {
        "y": "{x} where {x} > 0, else {negative_slope} · {x}",
        "x": "d{y} where {x} > 0, else {negative_slope} · d{y}",
    }

    def forward(self, parameters: Parameters, x: Floats, rng: Rng = None) -> tuple[Floats, Backward]:
        slope = self.negative_slope
        return kernels.leaky_relu(x, slope), lambda dy, gradients: kernels.leaky_relu_backward(dy, x, slope)


@dataclass(frozen=True)
class Tanh(Layer):
    """The hyperbolic tangent: y = tanh x."""

    symbol = "a"
    formulas = {"y": "tanh {x}", "x": "d{y} · (1 − {y}²)"}

    def forward(self, parameters: Parameters, x: Floats, rng: Rng = None) -> tuple[Floats, Backward]:
        y = kernels.tanh(x)
        return y, lambda dy, gradients: kernels.tanh_backward(dy, y)


@dataclass(frozen=True)
class Sigmoid(Layer):
    """The logistic function: y = 1 / (1 + exp −x)."""

    symbol = "a"
    formulas = {"y": "1 / (1 + exp −{x})", "x": "d{y} · {y} (1 − {y})"}

    def forward(self, parameters: Parameters, x: Floats, rng: Rng = None) -> tuple[Floats, Backward]:
        y = kernels.sigmoid(x)
        return y, lambda dy, gradients: kernels.sigmoid_backward(dy, y)


@dataclass(frozen=True)
class GELU(Layer):
    """The Gaussian error linear unit: y ≈ x Φ(x), with Φ the normal distribution function."""

    symbol = "a"
    formulas = {
        "y": "{x} (1 + tanh u) / 2, u = √(2/π) ({x} + 0.044715 {x}³)",
        "x": "d{y} · ((1 + t) + {x} (1 − t²) u′) / 2, t = tanh u, u′ = √(2/π) (1 + 0.134145 {x}²)",
    }

    def forward(self, parameters: Parameters, x: Floats, rng: Rng = None) -> tuple[Floats, Backward]:
        return kernels.gelu(x), lambda dy, gradients: kernels.gelu_backward(dy, x)
