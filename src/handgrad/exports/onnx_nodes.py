"""Each layer as nodes of an ONNX graph, of opset 18."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from handgrad.kernels.activations import GELU_CUBIC, GELU_SCALE
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
from handgrad.model.layers.layer import Shape

Nodes: TypeAlias = list[Any]


@dataclass(frozen=True)
class Place:
    """Where a layer stands: its number, the names of what it takes and gives, and the shape of what it takes."""

    index: int
    x: str
    y: str
    input_shape: Shape

    def parameters(self, *names: str) -> list[str]:
        """Name parameters of the layer as the model file does."""
        return [f"layers.{self.index}.{name}" for name in names]


def node(operator: str, inputs: list[str], output: str, **attributes: Any) -> Any:
    """Make a node with one output, after which it is named."""
    from onnx import helper

    return helper.make_node(operator, inputs, [output], name=output, **attributes)


def constant(name: str, value: Any) -> Any:
    """Make a node that gives an array."""
    from onnx import numpy_helper

    return node("Constant", [], name, value=numpy_helper.from_array(np.asarray(value), name))


def reshaped(x: str, y: str, shape: Shape) -> Nodes:
    """Give each example another shape; the 0 keeps N."""
    return [constant(f"{y}.shape", np.array([0, *shape])), node("Reshape", [x, f"{y}.shape"], y)]


def _dense(layer: Dense, at: Place) -> Nodes:
    return [node("Gemm", [at.x, *at.parameters("weights", "biases")], at.y, transB=1)]


def _convolution(layer: Conv2D, at: Place) -> Nodes:
    sizes = {
        "kernel_shape": [layer.kernel_size] * 2,
        "strides": [layer.stride] * 2,
        "pads": [layer.padding] * 4,
    }
    return [node("Conv", [at.x, *at.parameters("weights", "biases")], at.y, **sizes)]


def _max_pool(layer: MaxPool2D, at: Place) -> Nodes:
    return [node("MaxPool", [at.x], at.y, kernel_shape=[layer.pool_size] * 2, strides=[layer.step] * 2)]


def _average_pool(layer: AvgPool2D, at: Place) -> Nodes:
    return [node("AveragePool", [at.x], at.y, kernel_shape=[layer.pool_size] * 2, strides=[layer.step] * 2)]


def _batch_norm(layer: BatchNorm, at: Place) -> Nodes:
    parameters = at.parameters("gamma", "beta", "mean", "variance")
    return [node("BatchNormalization", [at.x, *parameters], at.y, epsilon=layer.epsilon)]


def _leaky_relu(layer: LeakyReLU, at: Place) -> Nodes:
    return [node("LeakyRelu", [at.x], at.y, alpha=layer.negative_slope)]


def _gelu(layer: GELU, at: Place) -> Nodes:
    """Spell out x (1 + tanh u) / 2, since opset 18 has no GELU."""
    x, own = at.x, at.y + "."
    constants = {"half": 0.5, "one": 1.0, "cubic": GELU_CUBIC, "factor": GELU_SCALE}
    nodes = [constant(own + name, np.float32(value)) for name, value in constants.items()]
    steps = [
        ("Mul", x, x, "square"),
        ("Mul", own + "square", x, "cube"),
        ("Mul", own + "cube", own + "cubic", "term"),
        ("Add", x, own + "term", "sum"),
        ("Mul", own + "sum", own + "factor", "u"),
        ("Tanh", own + "u", None, "tanh"),
        ("Add", own + "tanh", own + "one", "gate"),
        ("Mul", x, own + "half", "halved"),
    ]
    for operator, first, second, y in steps:
        nodes.append(node(operator, [first, second] if second else [first], own + y))
    return [*nodes, node("Mul", [own + "halved", own + "gate"], at.y)]


def _maxout(layer: Maxout, at: Place) -> Nodes:
    groups, axes = f"{at.y}.groups", f"{at.y}.axes"
    outputs, *rest = layer.output_shape(at.input_shape)
    return [
        *reshaped(at.x, groups, (outputs, layer.pieces, *rest)),
        constant(axes, np.array([2])),
        node("ReduceMax", [groups, axes], at.y, keepdims=0),
    ]


def _plain(operator: str) -> Callable[[Any, Place], Nodes]:
    """Write a layer for which ONNX has an operator of one input and no settings."""
    return lambda layer, at: [node(operator, [at.x], at.y)]


WRITERS: Mapping[type[Layer], Callable[[Any, Place], Nodes]] = {
    AvgPool2D: _average_pool,
    BatchNorm: _batch_norm,
    Conv2D: _convolution,
    Dense: _dense,
    Dropout: _plain("Identity"),
    Flatten: _plain("Flatten"),
    GELU: _gelu,
    LeakyReLU: _leaky_relu,
    Maxout: _maxout,
    MaxPool2D: _max_pool,
    ReLU: _plain("Relu"),
    Sigmoid: _plain("Sigmoid"),
    Tanh: _plain("Tanh"),
}
