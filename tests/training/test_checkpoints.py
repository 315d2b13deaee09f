"""Model files and checkpoints: exact round trips, and what a damaged file gets."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

import handgrad as hg
from failing import refusal
from handgrad.model.files import model_bytes, read_metadata
from handgrad.training.checkpoint import load_checkpoint, save_checkpoint


@settings(max_examples=25)
@given(widths=st.lists(st.integers(1, 6), min_size=1, max_size=4), seed=st.integers(0, 2**32))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_model_comes_back_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, widths: list[int], seed: int, dtype: Any
) -> None:
    rng = np.random.default_rng(seed)
    layers = [layer for width in widths for layer in (hg.Dense(width), hg.BatchNorm(), hg.ReLU())]
    form: Any = {"classes": [f"class {i} ü" for i in range(widths[-1])], "framing": "digit"}
    network = hg.Network(layers, 4, rng, dtype, example_shape=(1, 2, 2), **form)
    network.flat_parameters[:] = rng.normal(size=network.flat_parameters.size) * 10.0 ** rng.integers(-30, 3)
    network.scaling = hg.Scaling(rng.normal(size=4), rng.random(4) + 0.1)
    path, raw = tmp_path_factory.mktemp("models") / "model.safetensors", rng.normal(size=(3, 4))
    network.calibrate(raw)
    hg.save_model(network, path)
    loaded = hg.load_model(path)
    assert loaded.statistics[1].mean.any()
    assert loaded.flat_parameters.tobytes() == network.flat_parameters.tobytes()
    for name in ("layers", "dtype", "classes", "framing"):
        assert getattr(loaded, name) == getattr(network, name)
    assert model_bytes(loaded) == model_bytes(network)
    np.testing.assert_array_equal(loaded.predict_proba(raw), network.predict_proba(raw))


def rewrite(path: Path, tensors: dict[str, Any], metadata: dict[str, str]) -> None:
    """Write a file again with some tensors or metadata changed."""
    metadata, tensors = read_metadata(path) | metadata, load_file(path) | tensors
    save_file(tensors, path, metadata)


def test_other_files_are_refused_and_left(tmp_path: Path) -> None:
    network = hg.Network([hg.Dense(2)], 4, 0, scaling=hg.Scaling.of_bytes())
    model = tmp_path / "m.safetensors"
    hg.save_model(network, model, {"name": "test"})
    before = model.read_bytes()
    assert "does not exist" in refusal(load_checkpoint, tmp_path / "none.safetensors")
    assert "not a regular file" in refusal(load_checkpoint, tmp_path)
    assert "without the state of its training" in refusal(load_checkpoint, model)
    assert "cannot write" in refusal(hg.save_model, network, tmp_path / "missing" / "m.safetensors")
    assert model.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["m.safetensors"]
    for message, metadata in (
        ("upgrade handgrad", {"format": "handgrad 2"}),
        ("not a model of handgrad", {"format": "other"}),
        ("not a model of handgrad", {"format": "handgrad " + "9" * 5000}),
        ("'layers'", {"layers": "[{"}),
        ("once its class has been defined", {"layers": '[{"type": "Magic"}]'}),
    ):
        rewrite(model, {}, metadata)
        assert message in refusal(hg.load_model, model)
        model.write_bytes(before)
    model.write_bytes(before[:-1])
    assert "not a whole model file" in refusal(hg.load_model, model)


COUNTS = {"step": -1, "epoch": 1.5, "position": 201, "memory": 3, "loss_sum": "much", "best_score": 0.5}
DAMAGE: list[tuple[str, Any]] = [
    *COUNTS.items(),
    ("seed", -1),
    ("rng", {"bit_generator": "PCG64"}),
    ("unknown", 1),
    ("order", np.zeros(200, np.int64)),
    ("average", np.zeros(10, np.float32)),
    ("moments.velocity", np.zeros(9, np.float32)),
    ("moments.velocity", np.full(10, np.nan, np.float32)),
]


@pytest.mark.parametrize(("name", "value"), DAMAGE)
def test_a_checkpoint_is_also_a_model_and_a_damaged_state_is_refused(
    tmp_path: Path, table: hg.Dataset, name: str, value: Any
) -> None:
    network, state, path = hg.Network([hg.Dense(2)], 4, 0), hg.TrainingState(), tmp_path / "c.safetensors"
    hg.fit(network, table, steps=1, optimizer="momentum", state=state)
    save_checkpoint(network, state, path)
    for loaded in (load_checkpoint(path)[0], hg.load_model(path)):
        np.testing.assert_array_equal(loaded.flat_parameters, network.flat_parameters)
    if isinstance(value, np.ndarray):
        rewrite(path, {f"state.{name}": value}, {})
    else:
        rewrite(path, {}, {"state": json.dumps(state.numbers() | {name: value})})
    assert "state of its training is damaged" in refusal(load_checkpoint, path)
