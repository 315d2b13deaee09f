"""What training makes small."""

import numpy as np

from handgrad.errors import HandgradError
from handgrad.kernels.reference import softmax_cross_entropy
from handgrad.kernels.types import Floats, Integers


def cross_entropy(logits: Floats, labels: Integers, examples: int | None = None) -> tuple[float, Floats]:
    """Mean cross-entropy between the softmax of the logits and the labels, and its gradient.

    Parameters
    ----------
    logits : (N, C)
    labels : (N,), whole numbers from 0 to C − 1
    examples : int, optional
        What the sum is divided by: N unless these are one chunk of a larger batch, whose size is then given, so
        that the losses and gradients of the chunks add up to those of the batch.

    Returns
    -------
    loss : float
        In nats, ≥ 0.
    dlogits : (N, C)
    """
    if labels.shape != logits.shape[:1] or not (labels.min() >= 0 and labels.max() < logits.shape[1]):
        raise HandgradError(f"labels must be {logits.shape[:1]} classes from 0 to {logits.shape[1] - 1}")
    losses, dlogits = softmax_cross_entropy(logits, labels)
    examples = len(labels) if examples is None else examples
    dlogits /= examples
    return float(losses.sum(dtype=np.float64)) / examples, dlogits
