"""Losses in C; see `handgrad.kernels.losses`."""

import numpy as np

from handgrad.kernels import losses as numpy_kernels
from handgrad.kernels.memory import is_real
from handgrad.kernels.native.library import LIBRARY, pointer
from handgrad.kernels.native.softmax import MOST_CLASSES
from handgrad.kernels.types import Floats, Integers


def softmax_cross_entropy(
    logits: Floats, labels: Integers, label_smoothing: float = 0.0
) -> tuple[Floats, Floats]:
    """Compute `handgrad.kernels.losses.softmax_cross_entropy` in C."""
    n, classes = logits.shape
    if not (_fit(logits, labels) and 1 <= classes <= MOST_CLASSES):
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
    if not (_fit(logits, labels) and classes):
        return numpy_kernels.count_correct(logits, labels)
    logits, labels = np.ascontiguousarray(logits), np.ascontiguousarray(labels, np.int64)
    functions = LIBRARY.functions[logits.dtype.char]
    return int(functions.count_correct(n, classes, pointer(logits), pointer(labels)))


def _fit(logits: Floats, labels: Integers) -> bool:
    return is_real(logits) and labels.shape == logits.shape[:1] and labels.dtype.kind in "iu"
