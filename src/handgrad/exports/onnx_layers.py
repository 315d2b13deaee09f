"""Each layer as nodes of an ONNX graph of opset 18."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from handgrad.kernels.activations import GELU_CUBIC, GELU_SCALE
from handgrad.model import layers
from handgrad.model.layers.layer import Shape

Nodes: TypeAlias = list[Any]


@dataclass(frozen=True)
class Place:
    """A layer's index, the names of its input and output in the graph, and the shape of its input."""

    index: int
    x: str
    y: str
    input_shape: Shape

    def inputs(self, *parameters: str) -> list[str]:
        """Return the names of the layer's input and of parameters, which are named as in the model file."""
        return [self.x, *(f"layers.{self.index}.{name}" for name in parameters)]


def node(operator: str, inputs: list[str], output: str, **attributes: Any) -> Any:
    """Return a node with one output, after which it is named."""
    from onnx import helper

    return helper.make_node(operator, inputs, [output], name=output, **attributes)


def constant(name: str, value: Any) -> Any:
    """Return a node whose output is a constant array."""
    from onnx import numpy_helper

    return node("Constant", [], name, value=numpy_helper.from_array(np.asarray(value), name))


def reshaped(x: str, y: str, shape: Shape) -> Nodes:
    """Return the nodes that reshape each example; 0 keeps N."""
    return [constant(f"{y}.shape", np.array([0, *shape])), node("Reshape", [x, f"{y}.shape"], y)]


def _dense(layer: layers.Dense, at: Place) -> Nodes:
    return [node("Gemm", at.inputs("weights", "biases"), at.y, transB=1)]


def _convolution(layer: layers.Conv2D, at: Place) -> Nodes:
    shape, stride, padding = [layer.kernel_size] * 2, [layer.stride] * 2, [layer.padding] * 4
    inputs = at.inputs("weights", "biases")
    return [node("Conv", inputs, at.y, kernel_shape=shape, strides=stride, pads=padding)]


def _pool(operator: str) -> Callable[[Any, Place], Nodes]:
    return lambda layer, at: [
        node(operator, [at.x], at.y, kernel_shape=[layer.pool_size] * 2, strides=[layer.step] * 2)
    ]


def _batch_norm(layer: layers.BatchNorm, at: Place) -> Nodes:
    inputs = at.inputs("gamma", "beta", "mean", "variance")
    return [node("BatchNormalization", inputs, at.y, epsilon=layer.epsilon)]


def _leaky_relu(layer: layers.LeakyReLU, at: Place) -> Nodes:
    return [node("LeakyRelu", [at.x], at.y, alpha=layer.negative_slope)]


def _gelu(layer: layers.GELU, at: Place) -> Nodes:
    """Write x (1 + tanh u) / 2 in elementary operators, since opset 18 has no GELU."""
    x, names = at.x, at.y + "."
    constants = {"half": 0.5, "one": 1.0, "cubic": GELU_CUBIC, "factor": GELU_SCALE}
    nodes = [constant(names + name, np.float32(value)) for name, value in constants.items()]
    steps = [
        ("Mul", [x, x], "square"),
        ("Mul", [names + "square", x], "cube"),
        ("Mul", [names + "cube", names + "cubic"], "term"),
        ("Add", [x, names + "term"], "sum"),
        ("Mul", [names + "sum", names + "factor"], "u"),
        ("Tanh", [names + "u"], "tanh"),
        ("Add", [names + "tanh", names + "one"], "gate"),
        ("Mul", [x, names + "half"], "halved"),
    ]
    nodes += [node(operator, inputs, names + output) for operator, inputs, output in steps]
    return [*nodes, node("Mul", [names + "halved", names + "gate"], at.y)]


def _maxout(layer: layers.Maxout, at: Place) -> Nodes:
    groups, axes = f"{at.y}.groups", f"{at.y}.axes"
    outputs, *rest = layer.output_shape(at.input_shape)
    return [
        *reshaped(at.x, groups, (outputs, layer.pieces, *rest)),
        constant(axes, np.array([2])),
        node("ReduceMax", [groups, axes], at.y, keepdims=0),
    ]


def _operator(name: str) -> Callable[[Any, Place], Nodes]:
    """Return the writer of a layer that is one operator without attributes."""
    return lambda layer, at: [node(name, [at.x], at.y)]


WRITERS: Mapping[type[layers.Layer], Callable[[Any, Place], Nodes]] = {
    layers.AvgPool2D: _pool("AveragePool"),
    layers.BatchNorm: _batch_norm,
    layers.Conv2D: _convolution,
    layers.Dense: _dense,
    layers.Dropout: _operator("Identity"),
    layers.Flatten: _operator("Flatten"),
    layers.GELU: _gelu,
    layers.LeakyReLU: _leaky_relu,
    layers.Maxout: _maxout,
    layers.MaxPool2D: _pool("MaxPool"),
    layers.ReLU: _operator("Relu"),
    layers.Sigmoid: _operator("Sigmoid"),
    layers.Tanh: _operator("Tanh"),
}
