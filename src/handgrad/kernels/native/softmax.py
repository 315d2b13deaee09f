"""Softmax in C; see `handgrad.kernels.softmax`."""

import numpy as np

from handgrad.kernels import softmax as numpy_kernels
from handgrad.kernels.backend import kernels
from handgrad.kernels.memory import is_real, pointer
from handgrad.kernels.types import Floats

MOST_CLASSES = 64
"""As in softmax.c; with more classes NumPy fills its vectors, too."""


def softmax(logits: Floats) -> Floats:
    """Compute `handgrad.kernels.softmax.softmax` in C."""
    if not (is_real(logits) and logits.ndim == 2 and 1 <= logits.shape[1] <= MOST_CLASSES):
        return numpy_kernels.softmax(logits)
    logits = np.ascontiguousarray(logits)
    y = np.empty(logits.shape, logits.dtype)
    kernels.compiled[logits.dtype.char].softmax(*logits.shape, pointer(logits), pointer(y))
    return y
