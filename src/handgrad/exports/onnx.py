"""ONNX: the network as a graph that onnxruntime and others run; needs the extra ``onnx``.

The graph takes ``input`` (N, I), values as the data set has them (bytes for images, else float32), and gives
``logits`` and ``probabilities`` (N, C). Its initializers are the model file's tensors under their own names
(``layers.0.weights``), its metadata are the model file's metadata, so that the network can be read back.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from handgrad.errors import HandgradError
from handgrad.exports.layers import in_float32, writers_of
from handgrad.exports.onnx_nodes import WRITERS, Nodes, Place, node, reshaped
from handgrad.files import replacing
from handgrad.model.files import Recipe, Tensors, network_from_tensors, recipe_from_metadata
from handgrad.model.network import Network

OPSET, IR_VERSION = 18, 9
"""Of 2023: old enough for the clients in use, and onnxruntime refuses newer ones than it knows."""


def write_onnx(network: Network, path: Path, recipe: Recipe | None = None) -> None:
    """Write a network as an ONNX file in float32, whole or not at all.

    Parameters
    ----------
    network : Network
    path : Path
        Customarily ``….onnx``, by which `load_model` knows it; its folder must exist.
    recipe : mapping, optional
        What the network was trained by, as plain tables.

    Raises
    ------
    HandgradError
        If onnx is not installed, a layer is not one of the library's, or the file cannot be written.
    """
    content = build(network, recipe).SerializeToString()
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def build(network: Network, recipe: Recipe | None = None) -> Any:
    """Build what `write_onnx` writes, an ``onnx.ModelProto``."""
    require_onnx()
    from onnx import TensorProto, helper, numpy_helper

    writers = writers_of(network, WRITERS, "ONNX")
    tensors, metadata = in_float32(network, recipe)
    as_bytes = bool(network.scaling and network.scaling.for_bytes)
    nodes, x = _scaled(tensors)
    if len(network.input_shape) > 1:
        nodes += reshaped(x, "image", network.input_shape)
        x = "image"
    shape = network.input_shape
    for index, (layer, write) in enumerate(zip(network.layers, writers, strict=True)):
        y = "logits" if index == len(writers) - 1 else f"layers.{index}"
        nodes += write(layer, Place(index, x, y, shape))
        x, shape = y, layer.output_shape(shape)
    nodes.append(node("Softmax", ["logits"], "probabilities", axis=1))

    kind = TensorProto.UINT8 if as_bytes else TensorProto.FLOAT
    answer: list[str | int | None] = ["N", len(network.classes)]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("input", kind, ["N", network.inputs])],
        [helper.make_tensor_value_info(y, TensorProto.FLOAT, answer) for y in ("logits", "probabilities")],
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


def read_onnx(path: Path) -> Network:
    """Read a network back from an ONNX file that `write_onnx` wrote.

    Raises
    ------
    HandgradError
        If onnx is not installed, or the file is missing, damaged, or was not written by handgrad.
    """
    tensors, metadata = _read(path)
    return network_from_tensors(tensors, metadata, path)


def read_onnx_recipe(path: Path) -> dict[str, Any] | None:
    """Read the recipe that a network was trained by; None where the file has none."""
    return recipe_from_metadata(_read(path)[1], path)


def require_onnx() -> None:
    """Raise HandgradError, with the command that mends it, where onnx is not installed."""
    if find_spec("onnx") is None:
        raise HandgradError("ONNX files need onnx, which is not installed: pip install 'handgrad[onnx]'")


def _read(path: Path) -> tuple[Tensors, dict[str, str]]:
    require_onnx()
    if path.exists() and not path.is_file():  # nor is a pipe, in which one would wait for ever
        raise HandgradError(f"{path} is a folder, or no plain file, and so no ONNX file")
    from onnx import ModelProto, numpy_helper

    model, beside = ModelProto(), str(path.parent)
    try:
        model.ParseFromString(path.read_bytes())
        tensors = {tensor.name: numpy_helper.to_array(tensor, beside) for tensor in model.graph.initializer}
    except OSError as error:
        raise HandgradError(f"cannot read {path}: {error.strerror or error}") from error
    except Exception as error:  # protobuf and onnx meet damage with several kinds of errors
        raise HandgradError(f"{path} is not a whole ONNX file: it is damaged, or something else") from error
    if "scaling.divisor" in tensors:  # a shift of zero is not in the graph
        tensors.setdefault("scaling.shift", np.zeros_like(tensors["scaling.divisor"]))
    return tensors, {entry.key: entry.value for entry in model.metadata_props}


def _scaled(tensors: Tensors) -> tuple[Nodes, str]:
    """Scale ``input`` as `Scaling` does, a shift in float64; give the nodes, and the name of what they make."""
    from onnx import TensorProto

    if "scaling.divisor" not in tensors:
        return [], "input"
    kind = TensorProto.FLOAT
    if not tensors["scaling.shift"].any():
        del tensors["scaling.shift"]
        return [
            node("Cast", ["input"], "raw", to=kind),
            node("Cast", ["scaling.divisor"], "divisor", to=kind),
            node("Div", ["raw", "divisor"], "scaled"),
        ], "scaled"
    return [
        node("Cast", ["input"], "raw", to=TensorProto.DOUBLE),
        node("Sub", ["raw", "scaling.shift"], "shifted"),
        node("Div", ["shifted", "scaling.divisor"], "divided"),
        node("Cast", ["divided"], "scaled", to=kind),
    ], "scaled"
