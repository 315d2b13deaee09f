"""Model files and checkpoints: exact round trips, and what a damaged file gets."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

import handgrad as hg
from handgrad.model.files import load_recipe, load_safetensors, read_metadata
from handgrad.training.checkpoint import load_checkpoint, save_checkpoint


@pytest.fixture
def model(tmp_path: Path) -> Path:
    network = hg.Network([hg.Dense(3), hg.ReLU(), hg.Dense(2)], 4, 0, scaling=hg.Scaling.of_bytes())
    hg.save_model(network, tmp_path / "model.safetensors", {"name": "test"})
    return tmp_path / "model.safetensors"


@given(
    widths=st.lists(st.integers(1, 6), min_size=1, max_size=4),
    inputs=st.integers(1, 6),
    seed=st.integers(0, 2**32),
    dtype=st.sampled_from([np.float32, np.float64]),
    per_input=st.booleans(),
)
def test_a_model_comes_back_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory,
    widths: list[int],
    inputs: int,
    seed: int,
    dtype: Any,
    per_input: bool,
) -> None:
    rng = np.random.default_rng(seed)
    layers = [layer for width in widths for layer in (hg.Dense(width, hg.Uniform(-1, 1)), hg.ReLU())]
    network = hg.Network(layers, (inputs,), rng, dtype, classes=[f"class {i} ü" for i in range(widths[-1])])
    network.flat_parameters[:] = rng.normal(size=network.flat_parameters.size) * 10.0 ** rng.integers(-30, 3)
    if per_input:
        network.scaling = hg.Scaling(rng.normal(size=inputs), rng.random(inputs) + 0.1)
    path = tmp_path_factory.mktemp("models") / "model.safetensors"
    hg.save_model(network, path)
    loaded, raw = load_safetensors(path), rng.normal(size=(3, inputs))
    assert loaded.flat_parameters.tobytes() == network.flat_parameters.tobytes()
    for name in ("layers", "dtype", "classes", "input_shape", "example_shape", "framing"):
        assert getattr(loaded, name) == getattr(network, name)
    np.testing.assert_array_equal(loaded.predict_proba(raw), network.predict_proba(raw))


def test_a_transposed_array_is_not_scrambled(tmp_path: Path) -> None:
    network = hg.Network([hg.Dense(3)], (2,), 0)
    network.scaling = hg.Scaling(np.arange(8.0)[::4], np.arange(1.0, 5.0).reshape(2, 2).T[0])
    network.parameters[0].weights = np.arange(6, dtype=np.float32).reshape(2, 3).T
    hg.save_model(network, tmp_path / "model.safetensors")
    loaded = load_safetensors(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(loaded.parameters[0].weights, [[0, 3], [1, 4], [2, 5]])
    assert loaded.scaling is not None
    assert loaded.scaling.shift.tolist() == [0, 4]
    assert loaded.scaling.divisor.tolist() == [1, 3]


def test_parameters_have_their_names_and_equal_models_are_equal_files(model: Path) -> None:
    before, tensors = model.read_bytes(), load_file(model)
    assert tensors["layers.0.weights"].shape == (3, 4)
    assert tensors["layers.2.biases"].shape == (2,)
    assert load_recipe(model) == {"name": "test"}
    for _ in range(5):
        hg.save_model(load_safetensors(model), model, {"name": "test"})
        assert model.read_bytes() == before


def test_a_checkpoint_resumes_exactly_and_is_also_a_model(tmp_path: Path, table: hg.Dataset) -> None:
    straight, first = (hg.Network([hg.Dense(8), hg.ReLU(), hg.Dense(2)], 4, 0) for _ in range(2))
    arguments: dict[str, Any] = {"batch_size": 32, "epochs": 4, "optimizer": "adam"}
    hg.fit(straight, table, seed=9, **arguments)
    state, path = hg.TrainingState(np.random.default_rng(9)), tmp_path / "checkpoint.safetensors"
    hg.fit(first, table, state=state, stop=lambda: state.step == 10, **arguments)
    save_checkpoint(first, state, path)
    assert load_safetensors(path).flat_parameters.tobytes() == first.flat_parameters.tobytes()
    second, state = load_checkpoint(path)
    assert state.updates == state.step == 10
    hg.fit(second, table, state=state, **arguments)
    assert second.flat_parameters.tobytes() == straight.flat_parameters.tobytes()


def test_a_model_is_not_a_checkpoint(model: Path) -> None:
    with pytest.raises(hg.HandgradError, match="without the state of its training"):
        load_checkpoint(model)


def rewrite(path: Path, tensors: dict[str, Any], metadata: dict[str, str]) -> None:
    """Write a file again with some tensors or metadata changed."""
    metadata, tensors = read_metadata(path) | metadata, load_file(path) | tensors
    save_file(tensors, path, metadata)


@pytest.mark.parametrize("share", [0.0, 0.005, 0.3, 0.9, 0.999])
def test_a_truncated_file_gets_one_line(model: Path, share: float) -> None:
    content = model.read_bytes()
    model.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(hg.HandgradError, match=r"model\.safetensors.*not a whole model file") as error:
        load_safetensors(model)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("message", "tensors", "metadata"),
    [
        ("upgrade handgrad", {}, {"format": "handgrad 2"}),
        ("not a model of handgrad", {}, {"format": "other"}),
        ("not a model of handgrad", {}, {"format": "handgrad " + "9" * 5000}),
        ("metadata lack a valid 'layers'", {}, {"layers": "[{"}),
        ("unknown layer.*once its class has been defined", {}, {"layers": '[{"type": "Magic"}]'}),
        ("is damaged: a network needs at least one layer", {}, {"layers": "[]"}),
        ("finite", {"layers.0.weights": np.zeros((3, 4), np.int32)}, {}),
        ("has shape", {"layers.0.weights": np.zeros((4, 3), np.float32)}, {}),
        ("positive", {"scaling.divisor": np.array(0.0)}, {}),
        ("is damaged", {}, {"input_shape": "[1e20]"}),
        ("it lacks layers.1", {}, {"layers": json.dumps([{"type": "Dense", "units": n} for n in (3, 2)])}),
    ],
)
def test_other_damage_gets_one_line(
    model: Path, message: str, tensors: dict[str, Any], metadata: dict[str, str]
) -> None:
    rewrite(model, tensors, metadata)
    with pytest.raises(hg.HandgradError, match=message) as error:
        load_safetensors(model)
    assert str(error.value).startswith(str(model))


@pytest.mark.parametrize(
    ("numbers", "tensors"),
    [
        ({"step": -1}, {}),
        ({"epoch": 1.5}, {}),
        ({"position": 201}, {}),
        ({"loss_sum": "much"}, {}),
        ({"memory": 3}, {}),
        ({"rng": {"bit_generator": "PCG64"}}, {}),
        ({"best_score": 0.5}, {}),
        ({"unknown": 1}, {}),
        ({}, {"state.order": np.zeros(200, np.int64)}),
        ({}, {"state.average": np.zeros(10, np.float32)}),
        ({}, {"state.moments.velocity": np.zeros(9, np.float32)}),
        ({}, {"state.moments.velocity": np.full(10, np.nan, np.float32)}),
    ],
)
def test_a_damaged_state_gets_one_line(
    tmp_path: Path, table: hg.Dataset, numbers: dict[str, Any], tensors: dict[str, Any]
) -> None:
    network, state, path = hg.Network([hg.Dense(2)], 4, 0), hg.TrainingState(), tmp_path / "c.safetensors"
    hg.fit(network, table, steps=1, optimizer="momentum", state=state)
    save_checkpoint(network, state, path)
    load_checkpoint(path)
    rewrite(path, tensors, {"state": json.dumps(state.numbers() | numbers)})
    with pytest.raises(hg.HandgradError, match="state of its training is damaged"):
        load_checkpoint(path)


def test_other_paths_are_refused_and_leave_the_old_file(model: Path) -> None:
    before, folder = model.read_bytes(), model.parent
    for path, message in ((folder / "none.safetensors", "does not exist"), (folder, "not a regular file")):
        with pytest.raises(hg.HandgradError, match=message):
            load_safetensors(path)
    with pytest.raises(hg.HandgradError, match="cannot write"):
        hg.save_model(load_safetensors(model), folder / "missing" / "model.safetensors")
    assert model.read_bytes() == before
    assert [path.name for path in folder.iterdir()] == ["model.safetensors"]
