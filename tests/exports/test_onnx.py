"""ONNX files: onnxruntime computes the same, and handgrad reads them back."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

import handgrad as hg
from failing import refusal
from handgrad.exports.formats import load_model_recipe
from handgrad.exports.onnx import write_onnx
from layer_table import LAYERS, network_of


def run(path: Path, inputs: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Check a file, and return the logits and probabilities of onnxruntime."""
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    logits, probabilities = session.run(["logits", "probabilities"], {"input": inputs})
    return logits, probabilities


@pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=[f"{layer}{shape}" for layer, shape in LAYERS])
def test_every_layer_computes_the_same(layer: hg.Layer, shape: tuple[int, ...], tmp_path: Path) -> None:
    network = network_of(layer, shape)
    hg.export(network, tmp_path / "layer.onnx")
    raw = np.random.default_rng(1).normal(size=(9, *shape)).reshape(9, -1)
    logits, probabilities = run(tmp_path / "layer.onnx", raw)
    np.testing.assert_allclose(logits, network.logits(raw), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(probabilities, network.predict_proba(raw), atol=1e-5)


@pytest.fixture
def network() -> hg.Network:
    layers = [hg.Dense(6), hg.GELU(), hg.Dense(3)]
    scaling = hg.Scaling(np.array([1e6, -3.0, 0.0, 2.5]), np.array([0.5, 2.0, 40.0, 1e-3]))
    names: dict[str, Any] = {"classes": ["yes", "no", 'żółw "?"'], "features": ("a", "b=x", "b=y", "żółw")}
    return hg.Network(layers, 4, 0, scaling=scaling, **names)


def test_tables_are_standardized_and_any_batch_size_works(network: hg.Network, tmp_path: Path) -> None:
    network.features = ("a", "b", "c", "żółw")
    write_onnx(network, tmp_path / "table.onnx")
    raw = np.random.default_rng(1).normal([1e6, -3, 0, 2.5], size=(100, 4))
    for count in (1, 7, 100):
        logits, _ = run(tmp_path / "table.onnx", raw[:count])
        np.testing.assert_allclose(logits, network.logits(raw[:count]), rtol=1e-5, atol=1e-5)
    model = onnx.load(tmp_path / "table.onnx")
    assert (model.ir_version, model.opset_import[0].version, len(model.opset_import)) == (9, 18, 1)


@pytest.mark.parametrize("task", ["multilabel", "regression"])
def test_other_tasks_compute_the_same_and_are_read_back(task: str, tmp_path: Path) -> None:
    scaling = hg.Scaling(np.array([1e6, -3.0]), np.array([200, 1e-3])) if task == "regression" else None
    network = hg.Network([hg.Dense(5), hg.Tanh(), hg.Dense(2)], 4, 0, task=task, target_scaling=scaling)
    hg.export(network, tmp_path / "m.onnx")
    onnx.checker.check_model(onnx.load(tmp_path / "m.onnx"), full_check=True)
    raw = np.random.default_rng(1).normal(size=(9, 4))
    (found,) = onnxruntime.InferenceSession(tmp_path / "m.onnx").run(
        ["predictions" if scaling else "probabilities"], {"input": raw}
    )
    np.testing.assert_allclose(
        found, network.predict(raw) if scaling else network.predict_proba(raw), rtol=1e-6
    )
    np.testing.assert_equal(hg.load_model(tmp_path / "m.onnx").predict(raw), network.predict(raw))
    assert "hold classifiers" in refusal(hg.export, network, tmp_path / "parameters")


@pytest.mark.parametrize("scaled", [True, False])
def test_columns_of_a_table_are_inputs(scaled: bool, network: hg.Network, tmp_path: Path) -> None:
    network.features = ("a", "a=", "b=x", "b=y")
    network.scaling = network.scaling if scaled else None
    hg.export(network, tmp_path / "table.onnx")
    onnx.checker.check_model(onnx.load(tmp_path / "table.onnx"), full_check=True)
    session = onnxruntime.InferenceSession(tmp_path / "table.onnx", providers=["CPUExecutionProvider"])
    numbers, texts = np.array([[1e6], [np.nan], [1e6 + 3]]), np.array([["x"], ["y"], ["z"]], object)
    logits, _ = session.run(None, {"a": numbers, "b": texts})
    fill = 1e6 if scaled else 0
    raw = np.array([[1e6, 0, 1, 0], [fill, 1, 0, 1], [1e6 + 3, 0, 0, 0]])
    np.testing.assert_allclose(logits, network.logits(raw), rtol=1e-5)
    network.features = ("logits", "logits=", "b=x", "b=y")
    assert "no column can be named 'logits'" in refusal(hg.export, network, tmp_path / "table.onnx")


@pytest.mark.parametrize("scaling", ["as it is", hg.Scaling.of_bytes(), None])
@pytest.mark.parametrize("recipe", [{"name": "mine"}, None])
def test_network_is_read_back_exactly(network: hg.Network, scaling: Any, recipe: Any, tmp_path: Path) -> None:
    network.scaling = network.scaling if scaling == "as it is" else scaling
    hg.export(network, tmp_path / "m.onnx", recipe=recipe)
    loaded = hg.load_model(tmp_path / "m.onnx")
    for name in ("layers", "dtype", "classes", "input_shape", "example_shape", "framing", "features"):
        assert getattr(loaded, name) == getattr(network, name)
    raw = np.random.default_rng(2).normal(size=(5, 4))
    assert loaded.logits(raw).tobytes() == network.logits(raw).tobytes()
    assert load_model_recipe(tmp_path / "m.onnx") == recipe


def test_damaged_and_foreign_files_are_refused_in_one_line(network: hg.Network, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    write_onnx(network, path)
    whole = path.read_bytes()
    external, without_weights, without_metadata = (onnx.load_from_string(whole) for _ in range(3))
    external.graph.initializer[0].data_location = onnx.TensorProto.EXTERNAL
    without_weights.graph.initializer.pop(0)
    del without_metadata.metadata_props[:]
    for content, message in (
        (b"not a model", "not a complete ONNX file"),
        (whole[:-9], "not a complete ONNX file"),
        (external.SerializeToString(), "not a complete ONNX file"),
        (without_weights.SerializeToString(), "lacks layers.0.weights"),
        (without_metadata.SerializeToString(), "not a model of handgrad"),
    ):
        path.write_bytes(content)
        line = refusal(hg.load_model, path)
        assert str(path) in line
        assert message in line
