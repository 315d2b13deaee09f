"""Model files that are broken, or of another kind, get one clear line in the page."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from handgrad.model.layers import Conv2D, Dense, Flatten, MaxPool2D, ReLU
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling
from page_models import Models, model_bytes

Tensors = dict[str, Any]
Metadata = dict[str, str]


def whole() -> bytes:
    layers = [Conv2D(2, 3), MaxPool2D(), Flatten(), ReLU(), Dense(3)]
    rng = np.random.default_rng(0)
    return model_bytes(Network(layers, (1, 8, 8), rng, scaling=Scaling(np.zeros(64), np.full(64, 255.0))))


def refused(models: Models, content: bytes) -> str:
    """Have the page refuse a file, and give its line."""
    program = """
        try { readModel(model); } catch ({ constructor, message }) { return [constructor.name, message]; }
        return ["nothing", "the file was read"];"""
    kind, line = models.run(program, model=content)
    assert kind == "Error", line
    assert line
    assert "\n" not in line
    return line


def changed(change: Callable[[Tensors, Metadata], None]) -> bytes:
    content = whole()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    tensors, metadata = load_tensors(content), header["__metadata__"]
    change(tensors, metadata)
    return save_tensors(tensors, metadata)


def tensor(name: str, value: Any) -> Callable[[Tensors, Metadata], None]:
    return lambda tensors, metadata: tensors.update({name: value})


def said(key: str, value: Any) -> Callable[[Tensors, Metadata], None]:
    return lambda tensors, metadata: metadata.update({key: json.dumps(value)})


def layer(index: int, **fields: Any) -> Callable[[Tensors, Metadata], None]:
    def change(tensors: Tensors, metadata: Metadata) -> None:
        layers = json.loads(metadata["layers"])
        layers[index] |= fields
        metadata["layers"] = json.dumps(layers)

    return change


F32, F64 = np.float32, np.float64
BROKEN = [
    (
        tensor("layers.4.biases", np.array([0, np.nan, 0], F32)),
        "layers.4.biases holds other values than finite",
    ),
    (tensor("layers.0.weights", np.full((2, 1, 3, 3), np.inf, F32)), "layers.0.weights holds other values"),
    (tensor("layers.4.biases", np.zeros(3, F64)), "layers.4.biases holds other values than finite F32"),
    (tensor("layers.4.biases", np.zeros(3, np.int32)), "layers.4.biases holds other values"),
    (tensor("layers.4.weights", np.zeros((2, 18), F32)), "has shape (2, 18) where the network has (3, 18)"),
    (lambda tensors, metadata: tensors.pop("layers.0.biases"), "it lacks layers.0.biases"),
    (lambda tensors, metadata: tensors.pop("scaling.shift"), "it lacks scaling.shift"),
    (tensor("scaling.divisor", np.zeros(64)), "other values than positive"),
    (tensor("scaling.divisor", np.ones(63)), "scaling.divisor has shape (63)"),
    (lambda tensors, metadata: metadata.clear(), "not a model of handgrad"),
    (
        lambda tensors, metadata: metadata.update(format="handgrad 99"),
        "in format 99; this page reads up to 1",
    ),
    (lambda tensors, metadata: metadata.update(layers="[}"), "metadata lack a valid 'layers'"),
    (lambda tensors, metadata: metadata.pop("classes"), "metadata lack a valid 'classes'"),
    (said("layers", []), "it has no layers"),
    (said("layers", {"type": "Dense"}), "it has no layers"),
    (said("layers", [None]), "unknown layer 'undefined'"),
    (layer(3, type="Mine"), "unknown layer 'Mine'; this page knows AvgPool2D, BatchNorm"),
    (layer(3, type="constructor"), "unknown layer 'constructor'"),
    (layer(3, negative_slope=0.5), "ReLU has no field 'negative_slope'"),
    (
        layer(0, filters="many"),
        'Conv2D filters must be a whole number from 1 to 1,000,000; got "many"',
    ),
    (layer(0, filters=1.5), "Conv2D filters must be a whole number"),
    (layer(0, padding=-1), "Conv2D padding must be a whole number from 0"),
    (layer(0, padding=1_000_000), "more values than a page holds"),
    (layer(0, kernel_size=9), "a window of 9×9 does not fit into an image of 8×8"),
    (layer(1, pool_size=16), "MaxPool2D pool_size must be a whole number from 1 to 15"),
    (layer(2, type="ReLU"), "Dense takes flat inputs; got 2×3×3"),
    (said("input_shape", [64]), "takes images (channels, height, width); got 64"),
    (said("input_shape", []), "its inputs have no shape"),
    (said("input_shape", [1, 8, -8]), "its inputs have no shape"),
    (said("example_shape", [1, 9, 9]), "it takes no examples of shape [1,9,9]"),
    (said("framing", "askew"), "it takes no examples"),
    (said("dtype", "float16"), "neither float32 nor float64"),
    (said("classes", ["a", "b"]), "it ends in 3, but there are 2 classes"),
    (said("classes", ["a", "b", "a"]), "two of its classes have the same name"),
    (said("classes", [1, 2, 3]), "its classes are no names"),
]


@pytest.mark.parametrize(("change", "telling"), BROKEN, ids=[telling for _, telling in BROKEN])
def test_what_is_inconsistent_is_told(models: Models, change: Any, telling: str) -> None:
    assert telling in refused(models, changed(change))


def with_header(header: Any) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text


ENTRY = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}


@pytest.mark.parametrize(
    ("content", "telling"),
    [
        (b"", "cut short or empty"),
        (b"\0" * 7, "cut short or empty"),
        (whole()[:100], "cut short"),
        (whole()[:-1], "cut short, or too long"),
        (whole() + b"\0", "cut short, or too long"),
        (b"\xff" * 100, "cut short, or something else"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 200, "cut short, or something else"),
        (with_header(b"\xff\xfe{}"), "its header is not JSON"),
        (with_header(b"[" * 20), "its header is not JSON"),
        (with_header([]), "its header is no table"),
        (with_header(None), "its header is no table"),
        (with_header({"__metadata__": {"format": 1}}), "its metadata are no strings"),
        (with_header({"__metadata__": None}), "its metadata are no strings"),
        (with_header({"x": None}), "its header says nothing sensible of x"),
        (with_header({"x": ENTRY | {"dtype": "F99"}}) + b"\0" * 4, "nothing sensible of x"),
        (with_header({"x": ENTRY | {"shape": [-1]}}) + b"\0" * 4, "nothing sensible of x"),
        (with_header({"x": ENTRY | {"shape": [2]}}) + b"\0" * 4, "x is not where it should be"),
        (with_header({"x": ENTRY | {"data_offsets": [4, 8]}}) + b"\0" * 8, "x is not where it should be"),
        (with_header({"x": ENTRY}), "cut short, or too long"),
        (with_header({"x": ENTRY}) + b"\0" * 4, "not a model of handgrad"),
    ],
)
def test_what_is_no_model_file_is_told(models: Models, content: bytes, telling: str) -> None:
    assert telling in refused(models, content)


def test_numbers_too_large_for_float32_are_refused(models: Models) -> None:
    network = Network([Dense(2)], (2,), dtype=np.float64)
    network.flat_parameters[0] = 1e300
    assert "layers.0.weights holds numbers too large for float32" in refused(models, model_bytes(network))


def test_inputs_of_another_kind_are_refused(models: Models) -> None:
    program = """
        const network = readModel(model), said = [];
        for (const values of [new Uint8Array(63), Float32Array.from({ length: 64 }, () => NaN)]) {
            try { network.forward(values); } catch (error) { said.push(error.message); }
        }
        try { network.predictProba(new Uint8Array(64), 2); } catch (error) { said.push(error.message); }
        return said;"""
    assert models.run(program, model=whole()) == [
        "the network takes 64 inputs for each of 1 examples; got 63 values",
        "the inputs hold values that are not finite numbers",
        "the network takes 64 inputs for each of 2 examples; got 64 values",
    ]


def test_a_checkpoint_is_a_model_too(models: Models) -> None:
    content = changed(
        lambda tensors, metadata: tensors.update({"optimizer.m": np.zeros(3), "state.order": np.arange(4)})
    )
    assert models.run("return readModel(model).classes;", model=content) == ["0", "1", "2"]
