"""Activation functions in C; see `handgrad.kernels.activations`."""

from handgrad.kernels import activations as numpy_kernels
from handgrad.kernels.backend import kernels
from handgrad.kernels.memory import aligned_like, is_real, pointer
from handgrad.kernels.types import Floats


def relu(x: Floats) -> Floats:
    """Compute `handgrad.kernels.activations.relu` in C."""
    y = aligned_like(x) if is_real(x) else None
    if y is None:
        return numpy_kernels.relu(x)
    kernels.compiled[x.dtype.char].relu(x.size, pointer(x), pointer(y))
    return y


def relu_backward(dy: Floats, x: Floats) -> Floats:
    """Compute `handgrad.kernels.activations.relu_backward` in C."""
    same = x.dtype == dy.dtype and x.shape == dy.shape and x.strides == dy.strides
    dx = aligned_like(x) if is_real(x) and same else None
    if dx is None:
        return numpy_kernels.relu_backward(dy, x)
    kernels.compiled[x.dtype.char].relu_backward(x.size, pointer(dy), pointer(x), pointer(dx))
    return dx
