"""ONNX: the network as a graph for onnxruntime and other clients; needs the extra ``onnx``.

The input of the graph is ``input`` (N, I), values as the data set has them (bytes for images, else float32); its
outputs are ``logits`` and ``probabilities`` (N, C). Initializers and metadata are the tensors and metadata of the
model file under the same names, so that the network can be read back.
"""

from pathlib import Path
from typing import Any

import numpy as np

from handgrad.errors import HandgradError, require
from handgrad.exports.onnx_layers import WRITERS, Nodes, Place, node, reshaped
from handgrad.exports.support import float32_tensors, layer_writers
from handgrad.files import write_file
from handgrad.model.files import Recipe, Tensors, network_from_tensors, recipe_from_metadata
from handgrad.model.network import Network

OPSET, IR_VERSION = 18, 9
"""Of 2023, old enough for the clients in use: onnxruntime refuses newer ones than it supports."""


def write_onnx(network: Network, path: Path, recipe: Recipe | None = None) -> None:
    """Write a network as an ONNX file in float32, completely or not at all."""
    write_file(path, build(network, recipe).SerializeToString())


def build(network: Network, recipe: Recipe | None = None) -> Any:
    """Return the ``onnx.ModelProto`` that `write_onnx` writes."""
    require("ONNX files need", "onnx", "onnx")
    from onnx import TensorProto, helper, numpy_helper

    writers = layer_writers(network, WRITERS, "ONNX")
    tensors, metadata = float32_tensors(network, recipe)
    nodes, x = _scale(tensors)
    if len(network.input_shape) > 1:
        nodes += reshaped(x, "image", network.input_shape)
        x = "image"
    shape = network.input_shape
    for index, (layer, write) in enumerate(zip(network.layers, writers, strict=True)):
        y = "logits" if index == len(writers) - 1 else f"layers.{index}"
        nodes += write(layer, Place(index, x, y, shape))
        x, shape = y, layer.output_shape(shape)
    nodes.append(node("Softmax", ["logits"], "probabilities", axis=1))

    as_bytes = network.scaling is not None and network.scaling.for_bytes
    kind = TensorProto.UINT8 if as_bytes else TensorProto.FLOAT
    outputs: list[str | int | None] = ["N", len(network.classes)]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("input", kind, ["N", network.inputs])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, outputs)
            for name in ("logits", "probabilities")
        ],
        [
            numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name)
            for name, array in tensors.items()
        ],
    )
    model = helper.make_model(
        graph,
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
        producer_name="handgrad",
        producer_version=metadata["library_version"],
    )
    helper.set_model_props(model, metadata)
    return model


def _scale(tensors: Tensors) -> tuple[Nodes, str]:
    """Return the nodes that scale ``input`` as `Scaling` does, and the name of the result."""
    from onnx import TensorProto

    if "scaling.divisor" not in tensors:
        return [], "input"
    if tensors["scaling.shift"].any():  # in float64
        nodes = [
            node("Cast", ["input"], "raw", to=TensorProto.DOUBLE),
            node("Sub", ["raw", "scaling.shift"], "shifted"),
            node("Div", ["shifted", "scaling.divisor"], "divided"),
            node("Cast", ["divided"], "scaled", to=TensorProto.FLOAT),
        ]
    else:
        del tensors["scaling.shift"]
        nodes = [
            node("Cast", ["input"], "raw", to=TensorProto.FLOAT),
            node("Cast", ["scaling.divisor"], "divisor", to=TensorProto.FLOAT),
            node("Div", ["raw", "divisor"], "scaled"),
        ]
    return nodes, "scaled"


def read_onnx(path: Path) -> Network:
    """Read a network from an ONNX file that `write_onnx` wrote.

    Raises
    ------
    HandgradError
        If onnx is not installed, or the file is missing, damaged, or was not written by handgrad.
    """
    tensors, metadata = _read(path)
    return network_from_tensors(tensors, metadata, path)


def read_onnx_recipe(path: Path) -> dict[str, Any] | None:
    """Read the recipe of the network's training; None if the file has none."""
    return recipe_from_metadata(_read(path)[1], path)


def _read(path: Path) -> tuple[Tensors, dict[str, str]]:
    require("ONNX files need", "onnx", "onnx")
    if path.exists() and not path.is_file():  # reading a pipe would block
        raise HandgradError(f"{path} is not a regular file, and so not an ONNX file")
    from onnx import ModelProto, TensorProto, numpy_helper

    model = ModelProto()
    try:
        model.ParseFromString(path.read_bytes())
        if any(tensor.data_location == TensorProto.EXTERNAL for tensor in model.graph.initializer):
            raise HandgradError(f"{path} refers to other files, which handgrad does not write")
        tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    except OSError as error:
        raise HandgradError(f"cannot read {path}: {error.strerror or error}") from error
    except HandgradError:
        raise
    except Exception as error:  # protobuf and onnx raise several kinds of errors
        raise HandgradError(
            f"{path} is not a complete ONNX file: it is damaged, or something else"
        ) from error
    if "scaling.divisor" in tensors:  # a shift of zero is not in the graph
        tensors.setdefault("scaling.shift", np.zeros_like(tensors["scaling.divisor"]))
    return tensors, {entry.key: entry.value for entry in model.metadata_props}
