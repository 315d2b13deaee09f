"""Softmax, and under it its derivative; letters as in `activations.py`."""

import numpy as np
from numpy.typing import DTypeLike, NDArray

from handgrad.kernels.types import Floats, Integers


def softmax(logits: Floats) -> Floats:
    """Compute probabilities from logits: yᵢ = exp(xᵢ − max x) / Σⱼ exp(xⱼ − max x).

    The maximum is subtracted so that no exponential overflows; it cancels in the quotient.

    Parameters
    ----------
    logits : (N, C)

    Returns
    -------
    probabilities : (N, C), each row sums to 1
    """
    y = np.exp(logits - logits.max(axis=1, keepdims=True))
    y /= y.sum(axis=1, keepdims=True)
    return y


def softmax_backward(dy: Floats, y: Floats) -> Floats:
    """Compute dx = y · (dy − Σⱼ dyⱼ yⱼ), with the output y = softmax(x).

    Parameters
    ----------
    dy : (N, C)
    y : (N, C)
        The probabilities of the forward pass.

    Returns
    -------
    dlogits : (N, C)
    """
    return y * (dy - (dy * y).sum(axis=1, keepdims=True))


def one_hot(labels: Integers, classes: int, dtype: DTypeLike = np.float32) -> NDArray[np.floating]:
    """Return each label as a row that is 1 at the label and 0 elsewhere.

    Parameters
    ----------
    labels : (N,), whole numbers from 0 to classes − 1
    classes : int

    Returns
    -------
    (N, classes)
    """
    rows = np.zeros((len(labels), classes), dtype)
    rows[np.arange(len(labels)), labels] = 1
    return rows
