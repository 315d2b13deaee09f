"""What is made of logits, in plain NumPy: probabilities, the loss, right answers; letters as in `reference.py`."""

import numpy as np
from numpy.typing import DTypeLike, NDArray

from handgrad.kernels.types import Floats, Integers


def softmax(logits: Floats) -> Floats:
    """Turn scores into probabilities: yᵢ = exp(xᵢ − max x) / Σⱼ exp(xⱼ − max x).

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
    """Pass back through y = softmax(x): dx = y · (dy − Σⱼ dyⱼ yⱼ).

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
    """Write each label as a row that is 1 at the label and 0 elsewhere.

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


def softmax_cross_entropy(
    logits: Floats, labels: Integers, label_smoothing: float = 0.0
) -> tuple[Floats, Floats]:
    """Softmax and cross-entropy in one, with the derivative: ℓ = log Σⱼ exp(xⱼ) − Σⱼ tⱼ xⱼ.

    The target t is 1 at the label and 0 elsewhere; smoothing takes a share s of that and spreads it over all
    classes, t = (1 − s) one_hot(label) + s / C (Szegedy et al., "Rethinking the inception architecture for computer
    vision", 2016, section 7). Through log-sum-exp with the maximum subtracted, so that no probability is rounded to
    0 before its logarithm is taken. The derivative of the pair is the simple one: dx = softmax(x) − t.

    Parameters
    ----------
    logits : (N, C)
    labels : (N,), whole numbers from 0 to C − 1
    label_smoothing : float
        s, from 0 to below 1.

    Returns
    -------
    losses : (N,)
        One for each example, ≥ 0.
    dlogits : (N, C)
        The gradient of each example's own loss.
    """
    rows, classes = np.arange(len(labels)), logits.shape[1]
    # with few classes, long rows are summed much faster than short ones
    by_class = np.ascontiguousarray(logits.T)
    by_class = by_class - by_class.max(axis=0)
    target_logits = by_class[labels, rows]
    if label_smoothing:
        target_logits = (1 - label_smoothing) * target_logits + label_smoothing * by_class.mean(axis=0)
    dlogits = np.exp(by_class, out=by_class)
    sums = dlogits.sum(axis=0)
    losses = np.log(sums) - target_logits
    dlogits /= sums
    dlogits[labels, rows] -= 1 - label_smoothing
    if label_smoothing:
        dlogits -= label_smoothing / classes
    return losses, dlogits.T


def count_correct(logits: Floats, labels: Integers) -> int:
    """Count the examples whose own class has the largest score; of equal scores the first counts.

    Parameters
    ----------
    logits : (N, C)
    labels : (N,), whole numbers from 0 to C − 1

    Returns
    -------
    int
    """
    return int((logits.argmax(axis=1) == labels).sum())
