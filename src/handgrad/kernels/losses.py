"""Losses of logits, with their derivatives; letters as in `activations.py`."""

import numpy as np

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


def count_correct(logits: Floats, labels: Integers) -> int:
    """Return the number of examples whose label (N,) has the largest logit (N, C), of equal ones the first."""
    return int((logits.argmax(axis=1) == labels).sum())
