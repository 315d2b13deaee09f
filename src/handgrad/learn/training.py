"""The learner's functions as kernels, so that a network trains with them."""

import sys
from collections.abc import Callable, Iterable
from functools import wraps
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from handgrad.kernels.backend import functions_of

MODULES = "activations convolution dense losses normalization optimizers pooling softmax"
KERNELS = {  # the kernels that the functions of an exercise replace
    "ex03_dense": ["dense"],
    "ex05_dense_backward": ["dense_backward"],
    "ex06_relu": ["relu", "relu_backward"],
    "ex07_leaky_relu": ["leaky_relu", "leaky_relu_backward"],
    "ex08_tanh": ["tanh", "tanh_backward"],
    "ex09_sigmoid": ["sigmoid", "sigmoid_backward"],
    "ex10_gelu": ["gelu", "gelu_backward"],
    "ex12_softmax": ["softmax"],
    "ex14_softmax_cross_entropy": ["softmax_cross_entropy"],
    "ex16_accuracy": ["count_correct"],
    "ex17_sgd": ["sgd"],
    "ex21_momentum": ["momentum"],
    "ex22_adam": ["adam"],
    "ex24_batch_norm": ["batch_norm"],
    "ex25_batch_norm_backward": ["batch_norm_backward"],
    "ex26_max_pool": ["max_pool", "max_pool_backward"],
    "ex27_average_pool": ["average_pool", "average_pool_backward"],
    "ex28_convolution": ["convolution"],
}


def learner_kernels(folder: Path, names: Iterable[str]) -> SimpleNamespace:
    """Return the NumPy kernels, in which those of some exercises are the learner's.

    Parameters
    ----------
    folder : Path
        The learner's folder, which is put on the path of modules.
    names : iterable of str
        Names of the exercises that are used.

    Returns
    -------
    SimpleNamespace
        For `handgrad.kernels.backend.kernels.load`.
    """
    names = set(names)
    sys.path.insert(0, str(folder.absolute()))
    ours = functions_of("handgrad.kernels", MODULES)
    theirs: dict[str, Any] = {
        kernel: getattr(import_module(name), kernel)
        for name, kernels in KERNELS.items()
        if name in names
        for kernel in kernels
    }
    kernels = ours | {kernel: _in_dtype(function) for kernel, function in theirs.items()}
    if "dense_backward" in theirs:
        kernels["dense_backward"] = lambda *arrays, input_gradient=True: _in_dtype(theirs["dense_backward"])(
            *arrays
        )
    if "softmax_cross_entropy" in theirs:
        fused = kernels["softmax_cross_entropy"]
        smoothed = ours["softmax_cross_entropy"]
        kernels["softmax_cross_entropy"] = lambda logits, labels, smoothing=0.0: (
            smoothed(logits, labels, smoothing) if smoothing else fused(logits, labels)
        )
    if {"ex29_convolution_weights", "ex30_convolution_input"} <= names:
        weights = import_module("ex29_convolution_weights").convolution_weights
        inputs = import_module("ex30_convolution_input").convolution_input
        kernels["convolution_backward"] = _convolution_backward(_in_dtype(weights), _in_dtype(inputs))
    return SimpleNamespace(__name__="exercises", **kernels)


def _in_dtype(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function whose results have the dtype of its first argument, where both are floating-point."""

    @wraps(function)
    def converted(*arguments: Any) -> Any:
        def convert(value: Any) -> Any:
            if isinstance(value, tuple):
                return tuple(map(convert, value))
            floats = isinstance(value, np.ndarray) and value.dtype.kind == "f"
            return value.astype(arguments[0].dtype, copy=False) if floats else value

        return convert(function(*arguments))

    return converted


def _convolution_backward(weights: Callable[..., Any], inputs: Callable[..., Any]) -> Callable[..., Any]:
    """Compose the backward pass of a convolution of the gradients that two exercises compute."""

    def convolution_backward(
        dy: Any, x: Any, w: Any, dw: Any, db: Any, stride: int, padding: int, *, input_gradient: bool = True
    ) -> Any:
        dweights, dbiases = weights(dy, x, w.shape[2], stride, padding)
        dw += dweights
        db += dbiases
        return inputs(dy, w, x.shape[2:], stride, padding) if input_gradient else None

    return convolution_backward
