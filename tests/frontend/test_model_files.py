"""Model files that are damaged, inconsistent or of another kind are refused in one line in the page."""

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

Change = Callable[[dict[str, Any], dict[str, str]], Any]


def whole() -> bytes:
    layers = [Conv2D(2, 3), MaxPool2D(), Flatten(), ReLU(), Dense(3)]
    rng = np.random.default_rng(0)
    return model_bytes(Network(layers, (1, 8, 8), rng, scaling=Scaling(np.zeros(64), np.full(64, 255.0))))


def refused(models: Models, content: bytes) -> str:
    """Return the line with which the page refuses a file."""
    program = """
        try { readModel(model); } catch ({ constructor, message }) { return [constructor.name, message]; }
        return ["none", "the file was read"];"""
    kind, line = models.run(program, model=content)
    assert kind == "Error", line
    assert line
    assert "\n" not in line
    return str(line)


def changed(change: Change) -> bytes:
    content = whole()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    tensors, metadata = load_tensors(content), header["__metadata__"]
    change(tensors, metadata)
    return save_tensors(tensors, metadata)


def tensor(name: str, value: Any) -> Change:
    return lambda tensors, metadata: tensors.update({name: value})


def meta(key: str, value: Any) -> Change:
    return lambda tensors, metadata: metadata.update({key: json.dumps(value)})


def layer(index: int, **fields: Any) -> Change:
    def change(tensors: dict[str, Any], metadata: dict[str, str]) -> None:
        layers = json.loads(metadata["layers"])
        layers[index] |= fields
        metadata["layers"] = json.dumps(layers)

    return change


F32, F64 = np.float32, np.float64
INCONSISTENT: list[tuple[Change, str]] = [
    (tensor("layers.4.biases", np.array([0, np.nan, 0], F32)), "layers.4.biases has values other than"),
    (tensor("layers.0.weights", np.full((2, 1, 3, 3), np.inf, F32)), "layers.0.weights has values other"),
    (tensor("layers.4.biases", np.zeros(3, F64)), "layers.4.biases has values other than finite F32"),
    (tensor("layers.4.biases", np.zeros(3, np.int32)), "layers.4.biases has values other"),
    (tensor("layers.4.weights", np.zeros((2, 18), F32)), "shape (2, 18) where the network has (3, 18)"),
    (lambda tensors, metadata: tensors.pop("layers.0.biases"), "layers.0.biases is missing"),
    (lambda tensors, metadata: tensors.pop("scaling.shift"), "scaling.shift is missing"),
    (tensor("scaling.divisor", np.zeros(64)), "scaling.divisor has values"),
    (tensor("scaling.divisor", np.ones(63)), "scaling.divisor has shape (63)"),
    (lambda tensors, metadata: metadata.clear(), "not a model of handgrad"),
    (lambda tensors, metadata: metadata.update(format="handgrad 99"), "format 99"),
    (lambda tensors, metadata: metadata.update(layers="[}"), "'layers'"),
    (lambda tensors, metadata: metadata.pop("classes"), "'classes'"),
    (meta("layers", []), "no layers"),
    (meta("layers", {"type": "Dense"}), "no layers"),
    (meta("layers", [None]), "unknown layer 'undefined'"),
    (layer(3, type="Mine"), "unknown layer 'Mine'; known layers: AvgPool2D, BatchNorm"),
    (layer(3, type="constructor"), "unknown layer 'constructor'"),
    (layer(3, negative_slope=0.5), "ReLU has no field 'negative_slope'"),
    (layer(0, filters="many"), 'Conv2D filters must be an integer from 1 to 1,000,000; got "many"'),
    (layer(0, filters=1.5), "Conv2D filters must be an integer"),
    (layer(0, padding=-1), "Conv2D padding must be an integer from 0"),
    (layer(0, padding=1_000_000), "Conv2D has too large an output"),
    (layer(0, kernel_size=9), "9×9 does not fit into an image of 8×8"),
    (layer(1, pool_size=16), "MaxPool2D pool_size must be an integer from 1 to 15"),
    (layer(2, type="ReLU"), "Dense takes flat inputs; got 2×3×3"),
    (meta("input_shape", [64]), "takes images (channels, height, width); got 64"),
    (meta("input_shape", []), "input shape"),
    (meta("input_shape", [1, 8, -8]), "input shape"),
    (meta("example_shape", [1, 9, 9]), "example shape [1,9,9]"),
    (meta("framing", "askew"), 'framing "askew"'),
    (meta("dtype", "float16"), "neither float32 nor float64"),
    (meta("classes", ["a", "b"]), "the last layer has shape 3, but there are 2 classes"),
    (meta("classes", ["a", "b", "a"]), "two classes have the same name"),
    (meta("classes", [1, 2, 3]), "classes are not names"),
]


@pytest.mark.parametrize(("change", "message"), INCONSISTENT, ids=[message for _, message in INCONSISTENT])
def test_inconsistent_files(models: Models, change: Change, message: str) -> None:
    assert message in refused(models, changed(change))


def with_header(header: Any, rest: int = 0) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + b"\0" * rest


ENTRY = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "truncated or empty"),
        (b"\0" * 7, "truncated or empty"),
        (whole()[:100], "truncated"),
        (whole()[:-1], "truncated, or too long"),
        (whole() + b"\0", "truncated, or too long"),
        (b"\xff" * 100, "truncated, or of another kind"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 200, "truncated, or of another kind"),
        (with_header(b"\xff\xfe{}"), "the header is not JSON"),
        (with_header(b"[" * 20), "the header is not JSON"),
        (with_header([]), "the header is not a table"),
        (with_header(None), "the header is not a table"),
        (with_header({"__metadata__": {"format": 1}}), "the metadata are not strings"),
        (with_header({"__metadata__": None}), "the metadata are not strings"),
        (with_header({"x": None}), "the entry of x is invalid"),
        (with_header({"x": ENTRY | {"dtype": "F99"}}, 4), "the entry of x is invalid"),
        (with_header({"x": ENTRY | {"shape": [-1]}}, 4), "the entry of x is invalid"),
        (with_header({"x": ENTRY | {"shape": [2]}}, 4), "the offsets of x are wrong"),
        (with_header({"x": ENTRY | {"data_offsets": [4, 8]}}, 8), "the offsets of x are wrong"),
        (with_header({"x": ENTRY}), "truncated, or too long"),
        (with_header({"x": ENTRY}, 4), "not a model of handgrad"),
    ],
)
def test_files_of_another_kind(models: Models, content: bytes, message: str) -> None:
    assert message in refused(models, content)


def test_numbers_too_large_for_float32(models: Models) -> None:
    network = Network([Dense(2)], (2,), dtype=np.float64)
    network.flat_parameters[0] = 1e300
    assert "layers.0.weights has numbers too large for float32" in refused(models, model_bytes(network))


def test_invalid_inputs(models: Models) -> None:
    program = """
        const network = readModel(model), lines = [];
        for (const values of [new Uint8Array(63), Float32Array.from({ length: 64 }, () => NaN)]) {
            try { network.forward(values); } catch (error) { lines.push(error.message); }
        }
        try { network.predictProba(new Uint8Array(64), 2); } catch (error) { lines.push(error.message); }
        return lines;"""
    for line, word in zip(
        models.run(program, model=whole()), ("63 values", "finite", "64 values"), strict=True
    ):
        assert word in line


def test_a_checkpoint_is_a_model(models: Models) -> None:
    more = {"optimizer.m": np.zeros(3), "state.order": np.arange(4)}
    content = changed(lambda tensors, metadata: tensors.update(more))
    assert models.run("return readModel(model).classes;", model=content) == ["0", "1", "2"]
