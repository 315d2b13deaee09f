"""Softmax, and under it its derivative; letters as in `activations.py`."""

import numpy as np

from handgrad.kernels.types import Floats


def softmax(logits: Floats) -> Floats:
    """Compute probabilities from logits: yᵢ = exp(xᵢ − max x) / Σⱼ exp(xⱼ − max x).

    The maximum is subtracted so that no exponential overflows; it cancels in the quotient. Arrays are (N, C).
    """
    y = np.exp(logits - logits.max(axis=1, keepdims=True))
    y /= y.sum(axis=1, keepdims=True)
    return y


def softmax_backward(dy: Floats, y: Floats) -> Floats:
    """Compute dx = y · (dy − Σⱼ dyⱼ yⱼ), with the output y = softmax(x).

    Networks use the derivative of `losses.softmax_cross_entropy`.
    """
    return y * (dy - (dy * y).sum(axis=1, keepdims=True))
