"""Each layer as calls of the functions in ``c.h``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.model import layers
from handgrad.model.layers.layer import Parameters, Shape

PER_LINE = 12
"""Elements on one line of an array."""


def rows(elements: list[str]) -> str:
    """Return the elements of an array, separated and broken into lines."""
    lines = (", ".join(elements[start : start + PER_LINE]) for start in range(0, len(elements), PER_LINE))
    return ",\n    ".join(lines)


class Program:
    """The C code of a network: constant arrays, the functions in use, and their calls.

    Two buffers alternate: most layers work in place, others read one buffer and write the other.
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
        """Add a constant array, and return its name."""
        name = f"{self.name}_{name}"
        suffix = "f" if values.dtype == np.float32 else ""
        texts = [f"{text}{suffix}" for text in values.ravel().astype(str).tolist()]
        self.arrays.append(f"static const {kind} {name}[{len(texts)}] = {{\n    {rows(texts)}\n}};\n")
        self.constant_bytes += values.nbytes
        return name

    def call(self, function: str, *arguments: object, returned: bool = False) -> None:
        """Add a call of a function in ``c.h``."""
        self.functions.add(function)
        call = f"{self.name}_{function}({', '.join(map(str, arguments))});"
        self.calls.append(f"return {call}" if returned else call)

    def reserve(self, floats: int) -> None:
        """Ensure that the current buffer holds this number of floats."""
        self.buffers[self.now] = max(self.buffers[self.now], floats)

    def swap(self, floats: int) -> str:
        """Switch to the other buffer, of this number of floats, and return the name of the last one."""
        self.now, self.other = self.other, self.now
        self.reserve(floats)
        return self.other


@dataclass(frozen=True)
class Place:
    """A layer's index, its parameters, and the shapes of its input and output."""

    index: int
    parameters: Parameters
    input_shape: Shape
    output_shape: Shape

    @property
    def channels(self) -> tuple[int, int]:
        """The number of outputs or channels, and the pixels of each."""
        return self.output_shape[0], prod(self.output_shape[1:])


def quantize(weights: NDArray[Any]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Round weights to 8 bits, symmetrically, with one scale per output.

    Parameters
    ----------
    weights : (O, ...)

    Returns
    -------
    q : (O, ...), from −127 to 127
    scales : (O,)
        ``q * scales`` differs from the weights by at most half a scale.
    """
    rows = weights.reshape(len(weights), -1).astype(np.float32)
    largest = np.abs(rows).max(axis=1)
    scales = np.where(largest > 0, largest / np.float32(127), np.float32(1)).astype(np.float32)
    return np.rint(rows / scales[:, None]).astype(np.int8).reshape(weights.shape), scales


def _weighted(program: Program, at: Place, function: str, *sizes: int) -> None:
    """Write a product with weights, then the biases."""
    weights: NDArray[Any] = at.parameters.weights.astype(np.float32)
    weights, scales = quantize(weights) if program.int8 else (weights, None)
    if weights.ndim == 2:
        weights = weights.T  # (I, O)
    constant = program.array(f"{program.name}_weight", f"weights{at.index}", weights)
    biases = program.array("float", f"biases{at.index}", at.parameters.biases.astype(np.float32))
    x = program.swap(prod(at.output_shape))
    program.call(function, x, constant, *sizes, program.now)
    if scales is None:
        program.call("add", program.now, biases, *at.channels)
    else:
        factors = program.array("float", f"scales{at.index}", scales)
        program.call("affine", program.now, factors, biases, *at.channels)


def _dense(program: Program, layer: layers.Dense, at: Place) -> None:
    _weighted(program, at, "dense", *at.input_shape, layer.units)


def _convolution(program: Program, layer: layers.Conv2D, at: Place) -> None:
    sizes = (layer.filters, layer.kernel_size, layer.stride, layer.padding)
    _weighted(program, at, "convolution", *at.input_shape, *sizes)


def _pool(function: str) -> Callable[[Program, Any, Place], None]:
    return lambda program, layer, at: program.call(
        function, program.now, *at.input_shape, layer.pool_size, layer.step
    )


def _batch_norm(program: Program, layer: layers.BatchNorm, at: Place) -> None:
    """Write the affine map that batch normalisation is in inference."""
    p = at.parameters
    slope = p.gamma / np.sqrt(p.variance + p.variance.dtype.type(layer.epsilon))
    slopes = program.array("float", f"slopes{at.index}", slope.astype(np.float32))
    intercepts = program.array("float", f"intercepts{at.index}", (p.beta - p.mean * slope).astype(np.float32))
    program.call("affine", program.now, slopes, intercepts, *at.channels)


def _maxout(program: Program, layer: layers.Maxout, at: Place) -> None:
    outputs, area = at.channels
    program.call("maxout", program.now, outputs, layer.pieces, area)


def _leaky_relu(program: Program, layer: layers.LeakyReLU, at: Place) -> None:
    program.call("leaky_relu", program.now, prod(at.input_shape), f"{np.float32(layer.negative_slope)}f")


def _identity(program: Program, layer: layers.Layer, at: Place) -> None:
    """Write nothing: in inference the values do not change."""


def _elementwise(function: str) -> Callable[[Program, Any, Place], None]:
    return lambda program, layer, at: program.call(function, program.now, prod(at.input_shape))


WRITERS: Mapping[type[layers.Layer], Callable[[Program, Any, Place], None]] = {
    layers.AvgPool2D: _pool("average_pool"),
    layers.BatchNorm: _batch_norm,
    layers.Conv2D: _convolution,
    layers.Dense: _dense,
    layers.Dropout: _identity,
    layers.Flatten: _identity,
    layers.GELU: _elementwise("gelu"),
    layers.LeakyReLU: _leaky_relu,
    layers.Maxout: _maxout,
    layers.MaxPool2D: _pool("max_pool"),
    layers.ReLU: _elementwise("relu"),
    layers.Sigmoid: _elementwise("sigmoid"),
    layers.Tanh: _elementwise("tanh"),
}
