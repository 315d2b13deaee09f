"""Each layer as calls of the functions in ``c.h``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.model.layers import (
    GELU,
    AvgPool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    LeakyReLU,
    Maxout,
    MaxPool2D,
    ReLU,
    Sigmoid,
    Tanh,
)
from handgrad.model.layers.layer import Parameters, Shape

LINE = 12
"""Elements on a line of an array."""


def rows(elements: list[str]) -> str:
    """Write the elements of an array, a dozen a line."""
    lines = (", ".join(elements[start : start + LINE]) for start in range(0, len(elements), LINE))
    return ",\n    ".join(lines)


class Program:
    """What the layers add up to: constant arrays, the functions in use, and one call after another.

    Two buffers take turns: most layers work in place, others read one buffer and write the other.
    """

    def __init__(self, name: str, int8: bool) -> None:
        self.name = name
        self.int8 = int8
        self.arrays: list[str] = []
        self.constant_bytes = 0
        self.functions: set[str] = set()
        self.calls: list[str] = []
        self.buffers = {"a": 0, "b": 0}
        self.now, self.other = "a", "b"

    def array(self, kind: str, name: str, values: NDArray[Any]) -> str:
        """Write down a constant array, and give its name."""
        name = f"{self.name}_{name}"
        texts = [
            f"{text}f" if values.dtype == np.float32 else text for text in values.ravel().astype(str).tolist()
        ]
        self.arrays.append(f"static const {kind} {name}[{len(texts)}] = {{\n    {rows(texts)}\n}};\n")
        self.constant_bytes += values.nbytes
        return name

    def call(self, function: str, *arguments: object, returned: bool = False) -> None:
        """Call a function of ``c.h``."""
        self.functions.add(function)
        call = f"{self.name}_{function}({', '.join(map(str, arguments))});"
        self.calls.append(f"return {call}" if returned else call)

    def reserve(self, floats: int) -> None:
        """Make sure that as many fit into the present buffer."""
        self.buffers[self.now] = max(self.buffers[self.now], floats)

    def swap(self, floats: int) -> str:
        """Go on in the other buffer, with as many floats, and give the name of the one before."""
        self.now, self.other = self.other, self.now
        self.reserve(floats)
        return self.other


@dataclass(frozen=True)
class Place:
    """Where a layer stands: its number, its parameters, and the shapes of what it takes and gives."""

    index: int
    parameters: Parameters
    input_shape: Shape
    output_shape: Shape

    @property
    def channels(self) -> tuple[int, int]:
        """The outputs, or channels, and the pixels of each."""
        return self.output_shape[0], prod(self.output_shape[1:])


def quantised(weights: NDArray[Any]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Round weights to 8 bits, symmetrically, each output by a scale of its own.

    Parameters
    ----------
    weights : (O, ...)

    Returns
    -------
    numbers : (O, ...), from −127 to 127
    scales : (O,)
        `numbers` times these are the weights, to half a scale.
    """
    rows = weights.reshape(len(weights), -1).astype(np.float32)
    largest = np.abs(rows).max(axis=1)
    scales = np.where(largest > 0, largest / np.float32(127), np.float32(1)).astype(np.float32)
    return np.rint(rows / scales[:, None]).astype(np.int8).reshape(weights.shape), scales


def _weighted(program: Program, at: Place, function: str, *sizes: int) -> None:
    """Multiply by weights, then add the biases."""
    weights: NDArray[Any] = at.parameters.weights.astype(np.float32)
    scales = None
    if program.int8:
        weights, scales = quantised(weights)
    if weights.ndim == 2:
        weights = weights.T  # input by input
    numbers = program.array(f"{program.name}_weight", f"weights{at.index}", weights)
    biases = program.array("float", f"biases{at.index}", at.parameters.biases.astype(np.float32))
    x = program.swap(prod(at.output_shape))
    program.call(function, x, numbers, *sizes, program.now)
    if scales is None:
        program.call("add", program.now, biases, *at.channels)
    else:
        slopes = program.array("float", f"scales{at.index}", scales)
        program.call("affine", program.now, slopes, biases, *at.channels)


def _dense(program: Program, layer: Dense, at: Place) -> None:
    _weighted(program, at, "dense", *at.input_shape, layer.units)


def _convolution(program: Program, layer: Conv2D, at: Place) -> None:
    sizes = (layer.filters, layer.kernel_size, layer.stride, layer.padding)
    _weighted(program, at, "convolution", *at.input_shape, *sizes)


def _max_pool(program: Program, layer: MaxPool2D, at: Place) -> None:
    program.call("max_pool", program.now, *at.input_shape, layer.pool_size, layer.step)


def _average_pool(program: Program, layer: AvgPool2D, at: Place) -> None:
    program.call("average_pool", program.now, *at.input_shape, layer.pool_size, layer.step)


def _batch_norm(program: Program, layer: BatchNorm, at: Place) -> None:
    """Write the affine map that fixed mean and variance make of it."""
    p = at.parameters
    slope = p.gamma / np.sqrt(p.variance + p.variance.dtype.type(layer.epsilon))
    slopes = program.array("float", f"slopes{at.index}", slope.astype(np.float32))
    starts = program.array("float", f"starts{at.index}", (p.beta - p.mean * slope).astype(np.float32))
    program.call("affine", program.now, slopes, starts, *at.channels)


def _maxout(program: Program, layer: Maxout, at: Place) -> None:
    outputs, area = at.channels
    program.call("maxout", program.now, outputs, layer.pieces, area)


def _leaky_relu(program: Program, layer: LeakyReLU, at: Place) -> None:
    program.call("leaky_relu", program.now, prod(at.input_shape), f"{np.float32(layer.negative_slope)}f")


def _nothing(program: Program, layer: Layer, at: Place) -> None:
    """Write nothing: in inference, and as a row of numbers, what comes out is what went in."""


def _in_place(function: str) -> Callable[[Program, Any, Place], None]:
    """Write a layer that treats every number alike."""
    return lambda program, layer, at: program.call(function, program.now, prod(at.input_shape))


WRITERS: Mapping[type[Layer], Callable[[Program, Any, Place], None]] = {
    AvgPool2D: _average_pool,
    BatchNorm: _batch_norm,
    Conv2D: _convolution,
    Dense: _dense,
    Dropout: _nothing,
    Flatten: _nothing,
    GELU: _in_place("gelu"),
    LeakyReLU: _leaky_relu,
    Maxout: _maxout,
    MaxPool2D: _max_pool,
    ReLU: _in_place("relu"),
    Sigmoid: _in_place("sigmoid"),
    Tanh: _in_place("tanh"),
}
