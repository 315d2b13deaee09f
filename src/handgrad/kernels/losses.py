"""Losses of logits, with their derivatives; letters as in `activations.py`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.kernels.types import Floats, Integers


def softmax_cross_entropy(
    logits: Floats, labels: Integers, label_smoothing: float = 0.0
) -> tuple[Floats, Floats]:
    """Compute softmax and cross-entropy together, ℓ = log Σⱼ exp(xⱼ) − Σⱼ tⱼ xⱼ, and their derivative.

    The target t is 1 at the label and 0 elsewhere; label smoothing spreads a share s of it over all
    classes, t = (1 − s) one_hot(label) + s / C (Szegedy et al., "Rethinking the inception architecture for computer
    vision", 2016, section 7). Log-sum-exp with the maximum subtracted avoids that a probability is rounded to 0
    before its logarithm. The derivative of both together is dx = softmax(x) − t.

    From logits (N, C), labels (N,) from 0 to C − 1 and s, from 0 to below 1, come the loss (N,) of each example and
    its gradient (N, C).
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


def binary_cross_entropy(logits: Floats, targets: NDArray[Any]) -> tuple[Floats, Floats]:
    """Compute the sigmoid and its cross-entropy together, and their derivative, as means over the labels.

    ℓ = Σⱼ (log(1 + exp xⱼ) − tⱼ xⱼ) / L, of logits (N, L) and targets (N, L) that are 0 or 1. The logarithm is
    max(x, 0) + log(1 + exp(−|x|)), in which no exponential overflows. The derivative is dx = (sigmoid(x) − t) / L.
    Returns the losses (N,) and their gradients (N, L).
    """
    small = np.exp(-np.abs(logits))
    losses = np.maximum(logits, 0) + np.log1p(small) - targets * logits
    sigmoids = np.where(logits >= 0, 1, small) / (1 + small)
    dlogits = (sigmoids - targets).astype(logits.dtype, copy=False)
    return losses.mean(axis=1, dtype=logits.dtype), dlogits / logits.shape[1]


def squared_error(x: Floats, targets: Floats) -> tuple[Floats, Floats]:
    """Compute the mean squared error over the T targets of each example, and its derivative dx = 2 (x − t) / T.

    Arrays are (N, T). Returns the losses (N,) and their gradients (N, T).
    """
    difference = x - targets
    return np.square(difference).mean(axis=1), difference * (2 / x.shape[1])


def huber(x: Floats, targets: Floats, delta: float) -> tuple[Floats, Floats]:
    """Compute the mean Huber loss over the T targets of each example, and its derivative.

    It is (x − t)² / 2 up to a distance of δ, and δ (|x − t| − δ/2) beyond, so that outliers count less (Huber,
    "Robust estimation of a location parameter", Annals of Mathematical Statistics 35, 1964). The derivative is
    x − t, limited to ±δ, divided by T. Arrays are (N, T). Returns the losses (N,) and their gradients (N, T).
    """
    difference = x - targets
    limited = difference.clip(-delta, delta)
    return (limited * (difference - limited / 2)).mean(axis=1), limited / x.shape[1]


def count_correct(logits: Floats, labels: Integers) -> int:
    """Return the number of examples whose label (N,) has the largest logit (N, C), of equal ones the first."""
    return int((logits.argmax(axis=1) == labels).sum())
