"""Activations, softmax, losses, batch normalization and update rules in C."""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.kernels.backend import kernels
from handgrad.kernels.memory import aligned, aligned_like, batch_first, batch_last, is_real
from handgrad.kernels.native import fits, is_written, or_numpy
from handgrad.kernels.types import Floats, Integers

MOST_CLASSES, MOST_PIECES = 64, 256
"""Classes, as in softmax.c; with more, NumPy fills its vectors, too. Pieces whose numbers fit into a byte."""


def _activation(name: str) -> tuple[Any, Any]:
    """Bind an activation of x, and its derivative of dy and x (or y), which may take a number as well."""

    def activation(x: Floats, *numbers: float) -> Any:
        y = aligned_like(x) if is_real(x) else None
        if y is None:
            return NotImplemented
        getattr(kernels.compiled[x.dtype.char], name)(x.size, x, *numbers, y)
        return y

    def backward(dy: Floats, x: Floats, *numbers: float) -> Any:
        same = x.dtype == dy.dtype and x.shape == dy.shape and x.strides == dy.strides
        dx = aligned_like(x) if is_real(x) and is_real(dy) and same else None
        if dx is None:
            return NotImplemented
        getattr(kernels.compiled[x.dtype.char], backward.__name__)(x.size, dy, x, *numbers, dx)
        return dx

    activation.__name__, backward.__name__ = name, f"{name}_backward"
    return or_numpy(activation), or_numpy(backward)


relu, relu_backward = _activation("relu")
leaky_relu, leaky_relu_backward = _activation("leaky_relu")
tanh, tanh_backward = _activation("tanh")
sigmoid, sigmoid_backward = _activation("sigmoid")
gelu, gelu_backward = _activation("gelu")


@or_numpy
def maxout(x: Floats, pieces: int) -> Any:
    last, outputs = batch_last(x), x.shape[1] // pieces
    if not (is_real(x) and x.ndim > 1 and x.shape[1] == outputs * pieces and 1 <= pieces <= MOST_PIECES):
        return NotImplemented
    y = aligned((outputs, *last.shape[1:]), x.dtype)
    argmax = np.empty(y.shape, np.uint8)
    kernels.compiled[x.dtype.char].maxout(outputs, pieces, prod(last.shape[1:]), last, y, argmax)
    return batch_first(y), batch_first(argmax)


@or_numpy
def maxout_backward(dy: Floats, argmax: Integers, pieces: int) -> Any:
    if not (is_real(dy) and argmax.dtype == np.uint8 and argmax.shape == dy.shape and dy.ndim > 1):
        return NotImplemented
    last, best = batch_last(dy), batch_last(argmax)
    dx = aligned((len(last) * pieces, *last.shape[1:]), dy.dtype)
    kernels.compiled[dy.dtype.char].maxout_backward(len(last), pieces, prod(last.shape[1:]), last, best, dx)
    return batch_first(dx)


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


@or_numpy
def batch_norm_inference(
    x: Floats, mean: Floats, variance: Floats, gamma: Floats, beta: Floats, epsilon: float
) -> Any:
    if not fits("CM C C C C", x, mean, variance, gamma, beta):
        return NotImplemented
    y = aligned(x.shape, x.dtype)
    read = map(np.ascontiguousarray, (x, mean, variance, gamma, beta))
    kernels.compiled[x.dtype.char].batch_norm_inference(*x.shape, epsilon, *read, y)
    return y


@or_numpy
def batch_norm_inference_backward(
    dy: Floats,
    x: Floats,
    mean: Floats,
    variance: Floats,
    gamma: Floats,
    dgamma: Floats,
    dbeta: Floats,
    epsilon: float,
) -> Any:
    arrays = (dy, x, mean, variance, gamma)
    if not (fits("CM CM C C C C C", *arrays, dgamma, dbeta) and is_written(dgamma, dbeta)):
        return NotImplemented
    dx = aligned(dy.shape, dy.dtype)
    read = map(np.ascontiguousarray, arrays)
    kernels.compiled[dy.dtype.char].batch_norm_inference_backward(
        *dy.shape, epsilon, *read, dgamma, dbeta, dx
    )
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
