"""ONNX: the network as a graph for onnxruntime and other clients; needs the extra ``onnx``.

The input of the graph is ``input`` (N, I), values as the data set has them: bytes for images, else float64, in which
scaling is exact. For a table with categories or missing numbers it is one input (N, 1) for each column instead, texts
or float64, of which a missing number is NaN. Outputs are ``logits`` and ``probabilities`` (N, C), or for a regression
``predictions`` (N, T) in units of the data. Initializers and metadata are the tensors and metadata of the model file
under the same names, so that the network can be read back.
"""

from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

from handgrad.data.columns import columns_of, holds_numbers, input_names
from handgrad.errors import HandgradError, quoted
from handgrad.files import write_file
from handgrad.kernels.activations import GELU_CUBIC, GELU_SCALE
from handgrad.model import layers
from handgrad.model.files import Recipe, Tensors, model_tensors, network_from_tensors, recipe_from_metadata
from handgrad.model.layers.layer import Shape
from handgrad.model.network import Network

OPSETS, IR_VERSION = {"": 18, "ai.onnx.ml": 3}, 9
"""Of 2023, old enough for the clients in use: onnxruntime refuses newer ones than it supports."""

OPERATORS = {"Flatten": "Flatten", "ReLU": "Relu", "Sigmoid": "Sigmoid", "Tanh": "Tanh"}
"""Layers that are one operator without attributes."""


def write_onnx(network: Network, path: Path, recipe: Recipe | None = None) -> None:
    """Write a network in float32 as an ONNX file, completely or not at all."""
    tensors, metadata = model_tensors(network, recipe)
    nodes, shape = _Nodes(), network.input_shape
    inputs = nodes.add_inputs(network)
    x = nodes.scale("input", tensors)
    if len(shape) > 1:
        x = nodes.reshape(x, shape)
    for index, layer in enumerate(network.layers):
        x = nodes.add_layer(layer, index, x, shape)
        shape = layer.output_shape(shape)
    names = nodes.add_result(x, network)
    taken = {*tensors, *(name for node in nodes.nodes for name in node.output)}
    for column in taken.intersection(each.name for each in inputs):
        raise HandgradError(f"{path}: in ONNX no column can be named {quoted(column)}; rename it")

    outputs: list[str | int | None] = ["N", len(network.classes)]
    graph = helper.make_graph(
        nodes.nodes,
        "network",
        inputs,
        [helper.make_tensor_value_info(y, TensorProto.FLOAT, outputs) for y in names],
        [numpy_helper.from_array(array, name) for name, array in tensors.items()],
    )
    domains = {node.domain for node in nodes.nodes}
    model = helper.make_model(
        graph,
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid(domain, OPSETS[domain]) for domain in sorted(domains)],
        producer_name="handgrad",
        producer_version=metadata["library_version"],
    )
    helper.set_model_props(model, metadata)
    write_file(path, model.SerializeToString())


class _Nodes:
    """The nodes of a graph. Its methods take and return the names of arrays."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node with one output, after which it is named."""
        output = output or f"{operator}.{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def constant(self, value: Any) -> str:
        """Add a constant array."""
        return self.add("Constant", value=numpy_helper.from_array(np.asarray(value)))

    def reshape(self, x: str, shape: Shape) -> str:
        """Reshape each example; 0 keeps N."""
        return self.add("Reshape", x, self.constant([0, *shape]))

    def add_inputs(self, network: Network) -> list[Any]:
        """Return the inputs of the graph; those of columns are combined to ``input``."""
        features, scaling = network.features, network.scaling
        columns = columns_of(features)
        if not any(columns.values()) or input_names(columns, inf) != features:
            kind = TensorProto.UINT8 if scaling and scaling.for_bytes else TensorProto.DOUBLE
            return [helper.make_tensor_value_info("input", kind, ["N", network.inputs])]
        shifts = dict(
            zip(features, np.broadcast_to(scaling.shift if scaling else 0.0, len(features)), strict=True)
        )
        inputs, parts = [], []
        for column, names in columns.items():
            kind = TensorProto.DOUBLE if holds_numbers(names) else TensorProto.STRING
            inputs.append(helper.make_tensor_value_info(column, kind, ["N", 1]))
            if not names:
                parts.append(column)
            elif holds_numbers(names):
                missing = self.add("IsNaN", column)
                parts += [self.add("Where", missing, self.constant(shifts[column]), column), missing]
            else:
                encoded = self.add("OneHotEncoder", column, domain="ai.onnx.ml", cats_strings=names, zeros=1)
                parts.append(self.add("Squeeze", encoded, self.constant([1])))  # (N, 1, K) to (N, K)
        self.add(
            "Concat", *(self.add("Cast", y, to=TensorProto.DOUBLE) for y in parts), output="input", axis=1
        )
        return inputs

    def scale(self, x: str, tensors: Tensors) -> str:
        """Scale values of the data set as `Scaling` does; a shift of zero is removed from the tensors."""
        if "scaling.divisor" not in tensors:
            return self.add("Cast", x, to=TensorProto.FLOAT)
        if tensors["scaling.shift"].any():
            shifted = self.add("Sub", self.add("Cast", x, to=TensorProto.DOUBLE), "scaling.shift")
            return self.add("Cast", self.add("Div", shifted, "scaling.divisor"), to=TensorProto.FLOAT)
        del tensors["scaling.shift"]
        raw, divisor = (self.add("Cast", y, to=TensorProto.FLOAT) for y in (x, "scaling.divisor"))
        return self.add("Div", raw, divisor)

    def add_result(self, x: str, network: Network) -> list[str]:
        """Add what follows the last layer, by the task of the network; return the names of the outputs."""
        if network.task == "regression":
            y = x
            if network.target_scaling:
                scaled = self.add("Mul", self.add("Cast", x, to=TensorProto.DOUBLE), "target_scaling.divisor")
                y = self.add("Cast", self.add("Add", scaled, "target_scaling.shift"), to=TensorProto.FLOAT)
            return [self.add("Identity", y, output="predictions")]
        self.add("Identity", x, output="logits")
        if network.task == "multilabel":
            self.add("Sigmoid", "logits", output="probabilities")
        else:
            self.add("Softmax", "logits", output="probabilities", axis=1)
        return ["logits", "probabilities"]

    def add_layer(self, layer: layers.Layer, index: int, x: str, input_shape: Shape) -> str:
        """Add a layer, whose parameters are named as in the model file."""
        prefix = f"layers.{index}."
        weighted = x, f"{prefix}weights", f"{prefix}biases"
        match layer:
            case layers.Dense():
                return self.add("Gemm", *weighted, transB=1)
            case layers.Conv2D():
                kernel, strides, pads = [layer.kernel_size] * 2, [layer.stride] * 2, [layer.padding] * 4
                return self.add("Conv", *weighted, kernel_shape=kernel, strides=strides, pads=pads)
            case layers.MaxPool2D() | layers.AvgPool2D():
                operator = "MaxPool" if isinstance(layer, layers.MaxPool2D) else "AveragePool"
                return self.add(operator, x, kernel_shape=[layer.pool_size] * 2, strides=[layer.step] * 2)
            case layers.BatchNorm():
                names = (f"{prefix}{name}" for name in ("gamma", "beta", "mean", "variance"))
                return self.add("BatchNormalization", x, *names, epsilon=layer.epsilon)
            case layers.LeakyReLU():
                return self.add("LeakyRelu", x, alpha=layer.negative_slope)
            case layers.GELU():  # x (1 + tanh u) / 2 = x sigmoid(2u), 2u = x (a + b x²); opset 18 has none
                a, b = (np.float32(2 * GELU_SCALE * factor) for factor in (1, GELU_CUBIC))
                scaled = self.add("Mul", self.add("Mul", x, x), self.constant(b))
                twice = self.add("Mul", x, self.add("Add", scaled, self.constant(a)))
                return self.add("Mul", x, self.add("Sigmoid", twice))
            case layers.Maxout():
                outputs, *rest = layer.output_shape(input_shape)
                groups = self.reshape(x, (outputs, layer.pieces, *rest))
                return self.add("ReduceMax", groups, self.constant([2]), keepdims=0)
            case layers.Dropout():
                return x
        return self.add(OPERATORS[type(layer).__name__], x)


def read_onnx(path: Path) -> tuple[Network, dict[str, Any] | None]:
    """Read a network and the recipe of its training, if any, from an ONNX file that `write_onnx` wrote."""
    if path.exists() and not path.is_file():  # reading a pipe would block
        raise HandgradError(f"{path} is not a regular file, and so not an ONNX file")
    model = ModelProto()
    try:
        model.ParseFromString(path.read_bytes())
        if any(tensor.data_location == TensorProto.EXTERNAL for tensor in model.graph.initializer):
            raise ValueError("it refers to other files")
        tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    except OSError as error:
        raise HandgradError(f"cannot read {path}: {error.strerror or error}") from error
    except Exception as error:  # protobuf and onnx raise several kinds of errors
        raise HandgradError(f"{path} is damaged, or not a complete ONNX file that handgrad wrote") from error
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    if "scaling.divisor" in tensors:
        tensors.setdefault("scaling.shift", np.zeros_like(tensors["scaling.divisor"]))
    return network_from_tensors(tensors, metadata, path), recipe_from_metadata(metadata, path)
