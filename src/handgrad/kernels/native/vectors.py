"""Activations, softmax, losses, batch normalization and update rules in C."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.kernels.backend import kernels
from handgrad.kernels.memory import aligned, aligned_like, is_real
from handgrad.kernels.native import fits, is_written, or_numpy
from handgrad.kernels.types import Floats, Integers

MOST_CLASSES = 64
"""As in softmax.c; with more classes NumPy fills its vectors, too."""


@or_numpy
def relu(x: Floats) -> Any:
    y = aligned_like(x) if is_real(x) else None
    if y is None:
        return NotImplemented
    kernels.compiled[x.dtype.char].relu(x.size, x, y)
    return y


@or_numpy
def relu_backward(dy: Floats, x: Floats) -> Any:
    same = x.dtype == dy.dtype and x.shape == dy.shape and x.strides == dy.strides
    dx = aligned_like(x) if is_real(x) and same else None
    if dx is None:
        return NotImplemented
    kernels.compiled[x.dtype.char].relu_backward(x.size, dy, x, dx)
    return dx


@or_numpy
def softmax(logits: Floats) -> Any:
    if not (is_real(logits) and logits.ndim == 2 and 1 <= logits.shape[1] <= MOST_CLASSES):
        return NotImplemented
    y = np.empty(logits.shape, logits.dtype)
    kernels.compiled[logits.dtype.char].softmax(*logits.shape, np.ascontiguousarray(logits), y)
    return y


@or_numpy
def softmax_cross_entropy(logits: Floats, labels: Integers, label_smoothing: float = 0.0) -> Any:
    n, classes = logits.shape
    if not (_fit(logits, labels) and classes <= MOST_CLASSES):
        return NotImplemented
    read = np.ascontiguousarray(logits), np.ascontiguousarray(labels, np.int64)
    losses, dlogits = np.empty(n, logits.dtype), np.empty((n, classes), logits.dtype)
    function = kernels.compiled[logits.dtype.char].softmax_cross_entropy
    wrong = function(n, classes, *read, label_smoothing, losses, dlogits)
    if wrong:
        raise IndexError(f"{wrong} labels are not classes from 0 to {classes - 1}")
    return losses, dlogits


@or_numpy
def count_correct(logits: Floats, labels: Integers) -> Any:
    if not _fit(logits, labels):
        return NotImplemented
    read = np.ascontiguousarray(logits), np.ascontiguousarray(labels, np.int64)
    return kernels.compiled[logits.dtype.char].count_correct(*logits.shape, *read)


def _mean_loss(name: str) -> Any:
    """Bind a loss of outputs and targets (N, O), and numbers."""

    def loss(x: Floats, targets: NDArray[Any], *numbers: float) -> Any:
        if not (is_real(x) and x.ndim == 2 and x.shape[1] and targets.shape == x.shape):
            return NotImplemented
        losses, dx = np.empty(len(x), x.dtype), np.empty(x.shape, x.dtype)
        read = np.ascontiguousarray(x), np.ascontiguousarray(targets, x.dtype)
        getattr(kernels.compiled[x.dtype.char], name)(*x.shape, *read, *numbers, losses, dx)
        return losses, dx

    loss.__name__ = name
    return or_numpy(loss)


binary_cross_entropy = _mean_loss("binary_cross_entropy")
squared_error = _mean_loss("squared_error")
huber = _mean_loss("huber")


def _fit(logits: Floats, labels: Integers) -> bool:
    labelled = labels.shape == logits.shape[:1] and labels.dtype.kind in "iu"
    return labelled and is_real(logits) and logits.shape[1] > 0


@or_numpy
def batch_norm(x: Floats, gamma: Floats, beta: Floats, epsilon: float) -> Any:
    if not (fits("CM C C", x, gamma, beta) and x.size):
        return NotImplemented
    read = map(np.ascontiguousarray, (x, gamma, beta))
    y, normalised, inverse = (aligned(array.shape, x.dtype) for array in (x, x, gamma))
    kernels.compiled[x.dtype.char].batch_norm(*x.shape, epsilon, *read, y, normalised, inverse)
    return y, (normalised, inverse)


@or_numpy
def batch_norm_backward(
    dy: Floats, normalised: tuple[Floats, Floats], gamma: Floats, dgamma: Floats, dbeta: Floats
) -> Any:
    arrays = (dy, *normalised, gamma)
    if not (fits("CM CM C C C C", *arrays, dgamma, dbeta) and dy.size and is_written(dgamma, dbeta)):
        return NotImplemented
    dx = aligned(dy.shape, dy.dtype)
    read = map(np.ascontiguousarray, arrays)
    kernels.compiled[dy.dtype.char].batch_norm_backward(*dy.shape, *read, dgamma, dbeta, dx)
    return dx


def _update_rule(name: str, count: int, constants: Callable[..., tuple[float, ...]] | None = None) -> Any:
    """Bind a rule that takes `count` vectors, then numbers; C takes these, or `constants` of them."""

    def update(*arguments: Any, **named: Any) -> Any:
        if named:
            return NotImplemented
        vectors, numbers = arguments[:count], arguments[count:]
        w, g, *moments = vectors
        same = all(vector.shape == w.shape and vector.dtype == w.dtype for vector in vectors[1:])
        if not (same and is_real(w) and is_written(w, *moments) and g.flags.c_contiguous):
            return NotImplemented
        if constants:
            numbers = constants(*numbers)
        return getattr(kernels.compiled[w.dtype.char], name)(w.size, *vectors, *numbers)

    update.__name__ = name
    return or_numpy(update)


def adam_constants(beta1: float, beta2: float, epsilon: float, rate: float, step: float) -> tuple[float, ...]:
    """Return the numbers that C takes: the caller corrects the bias of the moments."""
    return beta1, beta2, epsilon, rate / (1 - beta1**step), 1 / (1 - beta2**step)


sgd = _update_rule("sgd", 2)
momentum = _update_rule("momentum", 3)
nesterov = _update_rule("nesterov", 3)
rmsprop = _update_rule("rmsprop", 3)
adam = _update_rule("adam", 4, adam_constants)
move_average = _update_rule("move_average", 2)
