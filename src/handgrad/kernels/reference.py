"""The mathematics in plain NumPy: every function, and under it its derivative.

Letters: N examples, I inputs, O outputs, C classes. `d` before a name is the gradient of the loss with respect
to it: `dy` is the gradient that arrives from above, `dx` the one that is passed on below. Gradients of
parameters are *added to*, so that a batch may come in chunks.
"""

from math import pi

import numpy as np

from handgrad.kernels.types import Floats, Integers


def relu(x: Floats) -> Floats:
    """Let through what is positive: y = max(x, 0), of any shape."""
    return np.maximum(x, 0)


def relu_backward(dy: Floats, x: Floats) -> Floats:
    """Pass back where the input was positive: dx = dy · [x > 0]; at 0 the gradient is 0."""
    dx = (x > 0).astype(dy.dtype)
    dx *= dy
    return dx


def leaky_relu(x: Floats, slope: float) -> Floats:
    """Let through what is positive, and a little of what is not: y = max(x, 0) + slope · min(x, 0)."""
    return np.where(x > 0, x, slope * x)


def leaky_relu_backward(dy: Floats, x: Floats, slope: float) -> Floats:
    """Pass back all where the input was positive, else a little: dx = dy · (1 or slope)."""
    return np.where(x > 0, dy, slope * dy)


def tanh(x: Floats) -> Floats:
    """Squash into −1 to 1: y = tanh x."""
    return np.tanh(x)


def tanh_backward(dy: Floats, y: Floats) -> Floats:
    """Pass back through y = tanh x: dx = dy · (1 − y²)."""
    return dy * (1 - y * y)


def sigmoid(x: Floats) -> Floats:
    """Squash into 0 to 1: y = 1 / (1 + exp −x) = (1 + tanh x/2) / 2, which cannot overflow."""
    return 0.5 * (1 + np.tanh(0.5 * x))


def sigmoid_backward(dy: Floats, y: Floats) -> Floats:
    """Pass back through y = sigmoid x: dx = dy · y (1 − y)."""
    return dy * y * (1 - y)


GELU_SCALE = (2 / pi) ** 0.5
GELU_CUBIC = 0.044715


def gelu(x: Floats) -> Floats:
    """Let through the more, the larger: y = x (1 + tanh u) / 2 with u = √(2/π) (x + 0.044715 x³).

    Hendrycks and Gimpel, "Gaussian error linear units", 2016, section 2: the approximation of x Φ(x) by tanh.
    """
    return 0.5 * x * (1 + np.tanh(GELU_SCALE * (x + GELU_CUBIC * x**3)))


def gelu_backward(dy: Floats, x: Floats) -> Floats:
    """Pass back through gelu: dx = dy · ((1 + t) + x (1 − t²) u′) / 2, t = tanh u, u′ = √(2/π) (1 + 0.134145 x²)."""
    t = np.tanh(GELU_SCALE * (x + GELU_CUBIC * x**3))
    slope = GELU_SCALE * (1 + 3 * GELU_CUBIC * x**2)
    return dy * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope)


def maxout(x: Floats, pieces: int) -> tuple[Floats, Integers]:
    """Keep the largest of every `pieces` neighbours: yᵢ = maxₖ x[i · pieces + k].

    Parameters
    ----------
    x : (N, pieces · O, ...)
    pieces : int

    Returns
    -------
    y : (N, O, ...)
    places : (N, O, ...)
        Which of its neighbours each value was; of equal ones the first.
    """
    groups = x.reshape(len(x), x.shape[1] // pieces, pieces, *x.shape[2:])
    return groups.max(axis=2), groups.argmax(axis=2)


def maxout_backward(dy: Floats, places: Integers, pieces: int) -> Floats:
    """Pass back to the one that was the largest: dx[i · pieces + k] = dyᵢ · [k was kept].

    Parameters
    ----------
    dy : (N, O, ...)
    places : (N, O, ...)
        From the forward pass.
    pieces : int

    Returns
    -------
    dx : (N, pieces · O, ...)
    """
    groups = np.zeros((*dy.shape[:2], pieces, *dy.shape[2:]), dy.dtype)
    np.put_along_axis(groups, places[:, :, None], dy[:, :, None], axis=2)
    return groups.reshape(len(dy), -1, *dy.shape[2:])
