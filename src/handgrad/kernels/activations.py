"""Activation functions, and under each its derivative.

Letters, in all kernels: N examples, I inputs, O outputs, C classes or channels, H and W height and width, P
parameters. `d` before a name is the gradient of the loss with respect to it, in the same shape: `dy` with respect to
the output of a function, `dx` to its input. The gradients of parameters, e.g. `dweights`, are added to.
"""

from math import pi

import numpy as np

from handgrad.kernels.types import Floats, Integers


def relu(x: Floats) -> Floats:
    """Compute y = max(x, 0), for any shape."""
    return np.maximum(x, 0)


def relu_backward(dy: Floats, x: Floats) -> Floats:
    """Compute dx = dy · [x > 0]; the gradient at 0 is 0."""
    return dy * (x > 0)


def leaky_relu(x: Floats, negative_slope: float) -> Floats:
    """Compute y = max(x, 0) + negative_slope · min(x, 0), for any shape."""
    return np.where(x > 0, x, negative_slope * x)


def leaky_relu_backward(dy: Floats, x: Floats, negative_slope: float) -> Floats:
    """Compute dx = dy where x > 0, else negative_slope · dy."""
    return np.where(x > 0, dy, negative_slope * dy)


def tanh(x: Floats) -> Floats:
    """Compute y = tanh x, for any shape."""
    return np.tanh(x)


def tanh_backward(dy: Floats, y: Floats) -> Floats:
    """Compute dx = dy · (1 − y²), with the output y = tanh x."""
    return dy * (1 - y * y)


def sigmoid(x: Floats) -> Floats:
    """Compute y = 1 / (1 + exp −x), for any shape; exp −|x| cannot overflow."""
    power = np.exp(-np.abs(x))
    return np.where(x < 0, power, 1) / (1 + power)


def sigmoid_backward(dy: Floats, y: Floats) -> Floats:
    """Compute dx = dy · y (1 − y), with the output y = sigmoid x."""
    return dy * y * (1 - y)


GELU_SCALE = (2 / pi) ** 0.5
GELU_CUBIC = 0.044715


def gelu(x: Floats) -> Floats:
    """Compute y = x (1 + tanh u) / 2 with u = √(2/π) (x + 0.044715 x³), for any shape.

    Hendrycks and Gimpel, "Gaussian error linear units", 2016, section 2: the approximation of x Φ(x) by tanh.
    """
    return 0.5 * x * (1 + np.tanh(GELU_SCALE * (x + GELU_CUBIC * x**3)))


def gelu_backward(dy: Floats, x: Floats) -> Floats:
    """Compute dx = dy · ((1 + t) + x (1 − t²) u′) / 2, t = tanh u, u′ = √(2/π) (1 + 0.134145 x²)."""
    t = np.tanh(GELU_SCALE * (x + GELU_CUBIC * x**3))
    slope = GELU_SCALE * (1 + 3 * GELU_CUBIC * x**2)
    return dy * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope)


def maxout(x: Floats, pieces: int) -> tuple[Floats, Integers]:
    """Compute the largest of every `pieces` neighbours, yᵢ = maxₖ x[i · pieces + k], and its index k.

    x (N, pieces · O, ...) becomes y (N, O, ...) and argmax (N, O, ...); of equal values the first counts.
    """
    groups = x.reshape(len(x), x.shape[1] // pieces, pieces, *x.shape[2:])
    return groups.max(axis=2), groups.argmax(axis=2)


def maxout_backward(dy: Floats, argmax: Integers, pieces: int) -> Floats:
    """Compute dx[i · pieces + k] = dyᵢ · [k = argmaxᵢ]: (N, O, ...) to (N, pieces · O, ...)."""
    dx = np.zeros((*dy.shape[:2], pieces, *dy.shape[2:]), dy.dtype)
    np.put_along_axis(dx, argmax[:, :, None], dy[:, :, None], axis=2)
    return dx.reshape(len(dy), dy.shape[1] * pieces, *dy.shape[2:])
