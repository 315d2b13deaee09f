"""The learner's functions as kernels, so that a network trains with them."""

import sys
from collections.abc import Callable, Iterable
from functools import wraps
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np

from handgrad.errors import HandgradError
from handgrad.kernels import losses
from handgrad.kernels.backend import MODULES, functions_of
from handgrad.learn.catalog import import_solutions
from handgrad.learn.failures import explain_failure
from handgrad.learn.worker import failure_of

Function: TypeAlias = Callable[..., Any]
KERNELS = {  # for each kernel the functions that replace it, and the exercises in which they are written
    "dense": {"dense": "ex03_dense"},
    "dense_backward": {"dense_backward": "ex05_dense_backward"},
    "relu": {"relu": "ex06_relu"},
    "relu_backward": {"relu_backward": "ex06_relu"},
    "leaky_relu": {"leaky_relu": "ex07_leaky_relu"},
    "leaky_relu_backward": {"leaky_relu_backward": "ex07_leaky_relu"},
    "tanh": {"tanh": "ex08_tanh"},
    "tanh_backward": {"tanh_backward": "ex08_tanh"},
    "sigmoid": {"sigmoid": "ex09_sigmoid"},
    "sigmoid_backward": {"sigmoid_backward": "ex09_sigmoid"},
    "gelu": {"gelu": "ex10_gelu"},
    "gelu_backward": {"gelu_backward": "ex10_gelu"},
    "softmax": {"softmax": "ex12_softmax"},
    "softmax_cross_entropy": {"softmax_cross_entropy": "ex14_softmax_cross_entropy"},
    "count_correct": {"count_correct": "ex16_accuracy"},
    "sgd": {"sgd": "ex17_sgd"},
    "momentum": {"momentum": "ex21_momentum"},
    "adam": {"adam": "ex22_adam"},
    "batch_norm": {"normalize": "ex24_batch_norm"},
    "batch_norm_backward": {"normalize_backward": "ex25_batch_norm_backward"},
    "max_pool": {"max_pool": "ex26_max_pool"},
    "max_pool_backward": {"max_pool_backward": "ex26_max_pool"},
    "average_pool": {"average_pool": "ex27_average_pool"},
    "average_pool_backward": {"average_pool_backward": "ex27_average_pool"},
    "convolution": {"convolution": "ex28_convolution"},
    "convolution_backward": {
        "convolution_weights": "ex29_convolution_weights",
        "convolution_input": "ex30_convolution_input",
    },
}


def used_kernels(names: Iterable[str]) -> list[str]:
    """Return the kernels that the functions of some exercises replace."""
    names = set(names)
    return [kernel for kernel, functions in KERNELS.items() if names.issuperset(functions.values())]


def learner_kernels(folder: Path, names: Iterable[str]) -> SimpleNamespace:
    """Return the NumPy kernels, in which those of some exercises are the learner's.

    Parameters
    ----------
    folder : Path
        The learner's folder, which is put on the path of modules.
    names : iterable of str
        Names of the exercises that are used. Others that they import are those of the library.

    Returns
    -------
    SimpleNamespace
        For `handgrad.kernels.backend.kernels.load`.
    """
    names = set(names)
    import_solutions(but=names)
    sys.path.append(str(folder.absolute()))
    kernels = functions_of(
        "handgrad.kernels", MODULES.replace(" images", "")
    )  # the compiled ones draw digits quickly
    for kernel in used_kernels(names):
        theirs = [_load(folder / f"{name}.py", function) for function, name in KERNELS[kernel].items()]
        kernels[kernel] = ADAPTERS[kernel](*theirs) if kernel in ADAPTERS else theirs[0]
    return SimpleNamespace(__name__="exercises", **kernels)


def _dense_backward(theirs: Function) -> Function:
    return lambda *arrays, input_gradient=True: theirs(*arrays)


def _softmax_cross_entropy(theirs: Function) -> Function:
    def softmax_cross_entropy(logits: Any, labels: Any, label_smoothing: float = 0.0) -> Any:
        return (
            losses.softmax_cross_entropy(logits, labels, label_smoothing)
            if label_smoothing
            else theirs(logits, labels)
        )

    return softmax_cross_entropy


def _batch_norm(theirs: Function) -> Function:
    def batch_norm(x: Any, gamma: Any, beta: Any, epsilon: float) -> Any:
        y, normalized, inverse = theirs(x, gamma, beta, epsilon)
        return y, (normalized, inverse)

    return batch_norm


def _batch_norm_backward(theirs: Function) -> Function:
    return lambda dy, normalized, *others: theirs(dy, *normalized, *others)


def _convolution_backward(weights: Function, inputs: Function) -> Function:
    def convolution_backward(
        dy: Any, x: Any, w: Any, dw: Any, db: Any, stride: int, padding: int, *, input_gradient: bool = True
    ) -> Any:
        dweights, dbiases = weights(dy, x, w.shape[2], stride, padding)
        dw += dweights
        db += dbiases
        return inputs(dy, w, x.shape[2:], stride, padding) if input_gradient else None

    return convolution_backward


ADAPTERS: dict[str, Callable[..., Function]] = {
    "dense_backward": _dense_backward,
    "softmax_cross_entropy": _softmax_cross_entropy,
    "batch_norm": _batch_norm,
    "batch_norm_backward": _batch_norm_backward,
    "convolution_backward": _convolution_backward,
}
"""Kernels whose arguments or results are not those of the learner's functions."""


def _load(file: Path, name: str) -> Function:
    try:
        return _in_dtype(getattr(import_module(file.stem), name), file)
    except (Exception, SystemExit) as error:
        raise learner_error(error, file) from error


def _in_dtype(function: Function, file: Path) -> Function:
    """Return a function whose results have the dtype of its first argument, where both are floating-point."""

    @wraps(function)
    def converted(*arguments: Any) -> Any:
        def convert(value: Any) -> Any:
            if isinstance(value, tuple):
                return tuple(map(convert, value))
            floats = isinstance(value, np.ndarray) and value.dtype.kind == "f"
            return value.astype(arguments[0].dtype, copy=False) if floats else value

        try:
            return convert(function(*arguments))
        except (Exception, SystemExit) as error:
            raise learner_error(error, file) from error

    return converted


def learner_error(error: BaseException, file: Path) -> HandgradError:
    """Return the error for an exception that a learner's file raises in training."""
    failure = failure_of(error, file)
    place = f"{file.name}, line {failure.line}" if failure.line else file.name
    return HandgradError(f"{place}: {explain_failure(failure.type, failure.message)}")
