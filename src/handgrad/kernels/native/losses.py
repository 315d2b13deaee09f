"""Losses in C; see `handgrad.kernels.losses`."""

import numpy as np

from handgrad.kernels import losses as numpy_kernels
from handgrad.kernels.backend import kernels
from handgrad.kernels.memory import is_real, pointer
from handgrad.kernels.native.softmax import MOST_CLASSES
from handgrad.kernels.types import Floats, Integers


def softmax_cross_entropy(
    logits: Floats, labels: Integers, label_smoothing: float = 0.0
) -> tuple[Floats, Floats]:
    """Compute `handgrad.kernels.losses.softmax_cross_entropy` in C."""
    n, classes = logits.shape
    if not (_fit(logits, labels) and classes <= MOST_CLASSES):
        return numpy_kernels.softmax_cross_entropy(logits, labels, label_smoothing)
    logits, labels = np.ascontiguousarray(logits), np.ascontiguousarray(labels, np.int64)
    losses, dlogits = np.empty(n, logits.dtype), np.empty((n, classes), logits.dtype)
    wrong = kernels.compiled[logits.dtype.char].softmax_cross_entropy(
        *(n, classes, pointer(logits), pointer(labels), label_smoothing, pointer(losses), pointer(dlogits))
    )
    if wrong:
        raise IndexError(f"{wrong} labels are not classes from 0 to {classes - 1}")
    return losses, dlogits


def count_correct(logits: Floats, labels: Integers) -> int:
    """Compute `handgrad.kernels.losses.count_correct` in C."""
    if not _fit(logits, labels):
        return numpy_kernels.count_correct(logits, labels)
    logits, labels = np.ascontiguousarray(logits), np.ascontiguousarray(labels, np.int64)
    function = kernels.compiled[logits.dtype.char].count_correct
    return int(function(*logits.shape, pointer(logits), pointer(labels)))


def _fit(logits: Floats, labels: Integers) -> bool:
    n, classes = logits.shape
    return is_real(logits) and classes > 0 and labels.shape == (n,) and labels.dtype.kind in "iu"
