"""Activation functions, elementwise and of any shape."""

from dataclasses import dataclass, field

from handgrad.config import within
from handgrad.kernels.activations import GELU_CUBIC, GELU_SCALE
from handgrad.kernels.backend import kernels
from handgrad.kernels.types import Floats
from handgrad.model.layers.layer import Backward, Layer, Parameters, Rng


@dataclass(frozen=True)
class ReLU(Layer):
    """Rectified linear unit: negative inputs become 0.

    Notes
    -----
    ``y = max(x, 0)``, and ``dx = dy`` where x > 0, else 0.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> y, backward = hg.ReLU().forward(None, np.array([[-2.0, 0.5]]))
    >>> y
    array([[0. , 0.5]])
    >>> backward(np.ones((1, 2)), None)
    array([[0., 1.]])
    """

    symbol = "a"
    formulas = {"y": "max({x}, 0)", "x": "d{y} · [{x} > 0]"}
    entries = {"y": "n,i… = max(x[n,i…], 0)", "x": "n,i… = dy[n,i…] * (x[n,i…] > 0)"}

    def forward(self, parameters: Parameters, x: Floats, rng: Rng = None) -> tuple[Floats, Backward]:
        return kernels.relu(x), lambda dy, gradients: kernels.relu_backward(dy, x)


@dataclass(frozen=True)
class LeakyReLU(Layer):
    """Leaky rectified linear unit: negative inputs are multiplied by a small slope.

    Parameters
    ----------
    negative_slope : float
        Slope for negative inputs, from 0 to below 1.

    Notes
    -----
    ``y = x`` where x > 0, else ``negative_slope · x``.

    References
    ----------
    Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", ICML 2013.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> y, backward = hg.LeakyReLU(0.1).forward(None, np.array([[-2.0, 0.5]]))
    >>> y
    array([[-0.2,  0.5]])
    """

    negative_slope: float = field(default=0.01, metadata=within(0, 1))

    symbol = "a"
    formulas = {
        "y": "{x} where {x} > 0, else {negative_slope} · {x}",
        "x": "d{y} where {x} > 0, else {negative_slope} · d{y}",
    }
    entries = {
        "y": "n,i… = x[n,i…] * ((x[n,i…] > 0) + negative_slope * (x[n,i…] <= 0))",
        "x": "n,i… = dy[n,i…] * ((x[n,i…] > 0) + negative_slope * (x[n,i…] <= 0))",
    }

    def forward(self, parameters: Parameters, x: Floats, rng: Rng = None) -> tuple[Floats, Backward]:
        slope = self.negative_slope
        return kernels.leaky_relu(x, slope), lambda dy, gradients: kernels.leaky_relu_backward(dy, x, slope)


@dataclass(frozen=True)
class Tanh(Layer):
    """Hyperbolic tangent: outputs from −1 to 1.

    Notes
    -----
    ``y = tanh x``, and ``dx = dy (1 − y²)``.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> y, backward = hg.Tanh().forward(None, np.array([[-1.0, 0.0, 1.0]]))
    >>> y.round(3)
    array([[-0.762,  0.   ,  0.762]])
    """

    symbol = "a"
    formulas = {"y": "tanh {x}", "x": "d{y} · (1 − {y}²)"}
    entries = {"y": "n,i… = tanh(x[n,i…])", "x": "n,i… = dy[n,i…] * (1 - y[n,i…]**2)"}

    def forward(self, parameters: Parameters, x: Floats, rng: Rng = None) -> tuple[Floats, Backward]:
        y = kernels.tanh(x)
        return y, lambda dy, gradients: kernels.tanh_backward(dy, y)


@dataclass(frozen=True)
class Sigmoid(Layer):
    """Logistic function: outputs from 0 to 1.

    Notes
    -----
    ``y = 1 / (1 + exp −x)``, and ``dx = dy y (1 − y)``.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> y, backward = hg.Sigmoid().forward(None, np.array([[-1.0, 0.0, 1.0]]))
    >>> y.round(3)
    array([[0.269, 0.5  , 0.731]])
    """

    symbol = "a"
    formulas = {"y": "1 / (1 + exp −{x})", "x": "d{y} · {y} (1 − {y})"}
    entries = {
        "y": "n,i… = 1 / (1 + exp(-x[n,i…]))",
        "x": "n,i… = dy[n,i…] * y[n,i…] * (1 - y[n,i…])",
    }

    def forward(self, parameters: Parameters, x: Floats, rng: Rng = None) -> tuple[Floats, Backward]:
        y = kernels.sigmoid(x)
        return y, lambda dy, gradients: kernels.sigmoid_backward(dy, y)


_T = f"tanh({GELU_SCALE} * (x[n,i…] + {GELU_CUBIC} * x[n,i…]**3))"
_SLOPE = f"({GELU_SCALE} * (1 + {3 * GELU_CUBIC:.6f} * x[n,i…]**2))"


@dataclass(frozen=True)
class GELU(Layer):
    """Gaussian error linear unit, a smooth form of `ReLU`.

    Notes
    -----
    ``y = x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2``, which approximates ``x Φ(x)``, where Φ is the distribution
    function of the standard normal distribution.

    References
    ----------
    Hendrycks and Gimpel, "Gaussian error linear units (GELUs)", 2016, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> y, backward = hg.GELU().forward(None, np.array([[-2.0, 0.0, 2.0]]))
    >>> y.round(3)
    array([[-0.045,  0.   ,  1.955]])
    """

    symbol = "a"
    formulas = {
        "y": "{x} (1 + tanh u) / 2, u = √(2/π) ({x} + 0.044715 {x}³)",
        "x": "d{y} · ((1 + t) + {x} (1 − t²) u′) / 2, t = tanh u, u′ = √(2/π) (1 + 0.134145 {x}²)",
    }
    entries = {
        "y": f"n,i… = x[n,i…] * (1 + {_T}) / 2",
        "x": f"n,i… = dy[n,i…] * ((1 + {_T}) + x[n,i…] * (1 - {_T}**2) * {_SLOPE}) / 2",
    }

    def forward(self, parameters: Parameters, x: Floats, rng: Rng = None) -> tuple[Floats, Backward]:
        return kernels.gelu(x), lambda dy, gradients: kernels.gelu_backward(dy, x)
