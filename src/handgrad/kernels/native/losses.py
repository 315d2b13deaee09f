"""Losses in C; see `handgrad.kernels.losses`."""

import numpy as np

from handgrad.kernels import losses as numpy_kernels
from handgrad.kernels.native.library import LIBRARY, pointer
from handgrad.kernels.native.softmax import MOST_CLASSES
from handgrad.kernels.types import Floats, Integers


def softmax_cross_entropy(
    logits: Floats, labels: Integers, label_smoothing: float = 0.0
) -> tuple[Floats, Floats]:
    """Compute `handgrad.kernels.losses.softmax_cross_entropy` in C."""
    n, classes = logits.shape
    if logits.dtype.char not in "fd" or not 1 <= classes <= MOST_CLASSES or labels.shape != (n,):
        return numpy_kernels.softmax_cross_entropy(logits, labels, label_smoothing)
    logits, labels = np.ascontiguousarray(logits), np.ascontiguousarray(labels, np.int64)
    losses, dlogits = np.empty(n, logits.dtype), np.empty((n, classes), logits.dtype)
    wrong = LIBRARY.functions[logits.dtype.char].softmax_cross_entropy(
        *(n, classes, pointer(logits), pointer(labels), label_smoothing, pointer(losses), pointer(dlogits))
    )
    if wrong:
        raise IndexError(f"{wrong} labels are not classes from 0 to {classes - 1}")
    return losses, dlogits


def count_correct(logits: Floats, labels: Integers) -> int:
    """Compute `handgrad.kernels.losses.count_correct` in C."""
    n, classes = logits.shape
    if logits.dtype.char not in "fd" or not classes or labels.shape != (n,):
        return numpy_kernels.count_correct(logits, labels)
    logits, labels = np.ascontiguousarray(logits), np.ascontiguousarray(labels, np.int64)
    functions = LIBRARY.functions[logits.dtype.char]
    return int(functions.count_correct(n, classes, pointer(logits), pointer(labels)))
