"""The page's network equals the library's: every layer, every recipe, forward and back to the inputs."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save as save_tensors

import handgrad as hg
from handgrad.model.files import model_bytes, model_tensors
from handgrad.recipes.loading import LADDER
from layer_table import EDGES, LAYERS, network_of
from page_models import Models

ROWS: list[tuple[hg.Layer, tuple[int, ...]]] = [
    *LAYERS,
    *EDGES,
    (hg.Conv2D(5, 3, 3, 2), (3, 7, 11)),
    (hg.AvgPool2D(4, 3), (2, 9, 7)),
    (hg.Maxout(4), (8, 3, 1)),
]


@pytest.mark.parametrize(("layer", "shape"), ROWS, ids=[f"{layer}{shape}" for layer, shape in ROWS])
def test_layers(models: Models, layer: hg.Layer, shape: tuple[int, ...]) -> None:
    raw = np.random.default_rng(1).normal(size=(9, *shape)).astype(np.float32).reshape(9, -1)
    compare(models, network_of(layer, shape), raw, 1e-6)


def compare(models: Models, network: hg.Network, raw: NDArray[Any], atol: float = 1e-5) -> None:
    """Compare predictions, and gradients with respect to the inputs."""
    expected = network.predict(raw) if network.task == "regression" else network.predict_proba(raw)
    unit = network.target_scaling.divisor if network.target_scaling else 1.0
    np.testing.assert_allclose(models.predict(network, raw) / unit, expected / unit, rtol=1e-5, atol=atol)
    dlogits = np.random.default_rng(2).normal(size=(len(raw), len(network.classes))).astype(np.float32)
    dx = gradients(network, network.scale(raw), dlogits).reshape(len(raw), -1)
    found = models.input_gradients(network, raw, dlogits)
    np.testing.assert_allclose(found, dx, atol=1e-5 * np.abs(dx).max())


def gradients(network: hg.Network, x: NDArray[Any], dlogits: NDArray[Any]) -> NDArray[Any]:
    _, backward = network.forward(x)
    dx: NDArray[Any] = backward(dlogits, np.zeros_like(network.flat_parameters))
    return dx


def test_the_page_has_every_layer_of_the_library(models: Models) -> None:
    known = models.run('return Object.keys((await import("handgrad/model/layers.js")).LAYERS);')
    assert set(known) == set(hg.layers.__all__) - {"Layer"}


LARGE = {"dropout", "elastic", "best"}  # which take seconds
RECIPES = [pytest.param(name, marks=pytest.mark.slow) if name in LARGE else name for name in LADDER]


@pytest.mark.parametrize("recipe", RECIPES)
def test_recipes(recipe: str, models: Models, digits: hg.Splits) -> None:
    """With random parameters of float32 values that compute in float64."""
    network = hg.load_recipe(recipe).build_network((1, 28, 28), dtype=np.float64)
    network.scaling, network.framing = hg.Scaling.of_bytes(), "digit"
    network.flat_parameters = network.flat_parameters.astype(np.float32)
    network.calibrate(digits.train.inputs[:200])
    network.flat_parameters = network.flat_parameters.astype(np.float32)
    compare(models, network, digits.train.inputs[:9])


def test_tables_are_standardized(models: Models) -> None:
    scaling = hg.Scaling(np.array([1e6, -3.0, 0.0, 2.5]), np.array([0.5, 2.0, 40.0, 1e-3]))
    network = hg.Network([hg.Dense(6), hg.GELU(), hg.Dense(3)], 4, 0, scaling=scaling)
    raw = np.random.default_rng(1).normal([1e6, -3, 0, 2.5], size=(50, 4)).astype(np.float32)
    compare(models, network, raw)


@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("task", ["multilabel", "regression"])
def test_tasks(models: Models, task: str, scaled: bool) -> None:
    scaling = hg.Scaling(np.array([250e3, -1.0, 0.0]), np.array([9e4, 1e-3, 2.0]))
    targets = scaling if task == "regression" and scaled else None
    network = hg.Network([hg.Dense(6), hg.GELU(), hg.Dense(3)], 4, 0, task=task, target_scaling=targets)
    compare(models, network, 9 * np.random.default_rng(1).normal(size=(50, 4)).astype(np.float32))


def small() -> hg.Network:
    layers = [hg.Conv2D(2, 3), hg.ReLU(), hg.Flatten(), hg.Dense(3)]
    return hg.Network(layers, (1, 8, 8), 0, scaling=hg.Scaling(np.zeros(64), np.full(64, 255.0)))


def test_a_trace_has_the_outputs_of_all_layers(models: Models) -> None:
    network, image = small(), np.arange(64, dtype=np.uint8)[None]
    program = """
        const network = readModel(model), trace = network.forward(new Uint8Array(raw));
        return [network.recipe, network.parameterCount, network.layers.map(({ outputShape }) => outputShape),
            trace.activations.map((values) => Array.from(values)),
            Array.from(network.inputGradient(new Uint8Array(raw), [0, 1, 0]))];"""
    content = model_bytes(network, {"name": "mine"})
    recipe, count, shapes, activations, gradient = models.run(program, model=content, raw=image.tobytes())
    assert (recipe, count) == ({"name": "mine"}, network.parameter_count)
    y = np.divide(image, 255, dtype=network.dtype).reshape(1, 1, 8, 8)
    np.testing.assert_allclose(gradient, gradients(network, y, np.eye(3)[1:2]).ravel(), atol=1e-5)
    np.testing.assert_allclose(activations[0], y.ravel(), atol=1e-6)
    for index, layer in enumerate(network.layers):
        y, _ = layer.forward(network.parameters[index], y)
        assert shapes[index] == list(y.shape[1:])
        np.testing.assert_allclose(activations[index + 1], y.ravel(), atol=1e-5)


Change = Callable[[dict[str, Any], dict[str, str]], Any]


def changed(change: Change) -> bytes:
    """Return a model file with other tensors or metadata."""
    tensors, metadata = model_tensors(small())
    change(tensors, metadata)
    return save_tensors(tensors, metadata)


def tensor(name: str, value: Any) -> Change:
    return lambda tensors, metadata: tensors.update({name: value})


def layers(first: str) -> Change:
    return lambda tensors, metadata: metadata.update(layers=f"[{first}]")


def with_header(header: Any) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text


INVALID: list[tuple[bytes | Change, str]] = [
    (b"", "truncated"),
    (model_bytes(small())[:100], "truncated"),
    (model_bytes(small())[:-1], "cannot be used"),
    (b"\x89PNG\r\n\x1a\n" + b"\0" * 200, "of another kind"),
    (b"\x02" + b"\0" * 7 + b"[[", "JSON"),
    (with_header(None), "not of the format"),
    (with_header({"x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}), "not of the format"),
    (lambda tensors, metadata: metadata.update(format="handgrad 99"), "not of the format"),
    (lambda tensors, metadata: metadata.update(layers='[{"type": "constructor"}]'), "unknown layer"),
    (lambda tensors, metadata: metadata.update(classes='["a", "b"]'), "there are 2 classes"),
    (lambda tensors, metadata: metadata.pop("classes"), "JSON"),
    (lambda tensors, metadata: tensors.pop("layers.0.biases"), "layers.0.biases is missing"),
    (lambda tensors, metadata: tensors.pop("scaling.divisor"), "scaling.divisor is missing"),
    (layers('{"type": "Conv2D", "filters": 2, "kernel_size": 9, "stride": 1, "padding": 0}'), "does not fit"),
    (layers('{"type": "Conv2D", "filters": 2, "kernel_size": 3, "stride": 0, "padding": 0}'), "does not fit"),
    (layers('{"type": "AvgPool2D", "pool_size": 9, "stride": 0}'), "does not fit"),
    (layers('{"type": "MaxPool2D", "pool_size": 17, "stride": 0}'), "16 at most"),
    (layers('{"type": "Maxout", "pieces": 3}'), "does not fit"),
    (tensor("layers.3.weights", np.zeros((2, 18), np.float32)), "shape 2,18"),
    (tensor("layers.3.biases", np.array([0, np.nan, 0], np.float32)), "3 finite numbers"),
    (tensor("layers.3.biases", np.array([0, 1e300, 0])), "3 finite numbers"),  # too large for float32
    (tensor("layers.3.biases", np.zeros(3, np.int32)), "model file cannot be used"),
]


@pytest.mark.parametrize(("content", "word"), INVALID, ids=[word for _, word in INVALID])
def test_model_files_that_are_refused(models: Models, content: bytes | Change, word: str) -> None:
    program = "try { readModel(model); return ''; } catch ({ message }) { return message; }"
    line = models.run(program, model=content if isinstance(content, bytes) else changed(content))
    assert word in line
    assert "\n" not in line


def test_a_checkpoint_is_a_model(models: Models) -> None:
    content = changed(tensor("optimizer.m", np.zeros(3)))
    assert models.run("return readModel(model).classes;", model=content) == ["0", "1", "2"]
