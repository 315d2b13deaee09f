"""Model files and checkpoints: exact round trips, and what a damaged file gets."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError
from handgrad.model.files import load_recipe, load_safetensors, save_model
from handgrad.model.initializers import Uniform
from handgrad.model.layers import Dense, ReLU
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling
from handgrad.training.checkpoint import load_checkpoint, save_checkpoint
from handgrad.training.state import TrainingState
from handgrad.training.train import train


def metadata_of(path: Path) -> dict[str, str]:
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        found: dict[str, str] = json.loads(file.read(size))["__metadata__"]
    return found


def rewrite(path: Path, tensors: dict[str, Any] | None = None, **metadata: str) -> None:
    """Write the file again with some tensors or metadata changed."""
    changed = metadata_of(path) | metadata
    save_file({**load_file(path), **(tensors or {})}, path, changed)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    network = Network(
        [Dense(3), ReLU(), Dense(2)], (4,), np.random.default_rng(0), scaling=Scaling.of_bytes()
    )
    save_model(network, tmp_path / "model.safetensors", {"name": "test"})
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
    layers = [layer for width in widths for layer in (Dense(width, Uniform(-1, 1)), ReLU())]
    network = Network(layers, (inputs,), rng, dtype, classes=[f"class {i} ü" for i in range(widths[-1])])
    network.flat_parameters[:] = rng.normal(size=network.flat_parameters.size) * 10.0 ** rng.integers(-30, 3)
    if per_input:
        network.scaling = Scaling(rng.normal(size=inputs), rng.random(inputs) + 0.1)
    network.framing, network.example_shape = "plain", (inputs,)
    path = tmp_path_factory.mktemp("models") / "model.safetensors"
    save_model(network, path)
    loaded = load_safetensors(path)
    assert loaded.flat_parameters.tobytes() == network.flat_parameters.tobytes()
    assert loaded.layers == network.layers
    for name in ("dtype", "classes", "input_shape", "example_shape", "framing"):
        assert getattr(loaded, name) == getattr(network, name)
    raw = rng.normal(size=(3, inputs))
    np.testing.assert_array_equal(loaded.predict_proba(raw), network.predict_proba(raw))


def test_a_transposed_array_is_not_scrambled(tmp_path: Path) -> None:
    network = Network([Dense(3)], (2,), np.random.default_rng(0))
    network.scaling = Scaling(np.arange(8.0)[::4], np.arange(1.0, 5.0).reshape(2, 2).T[0])
    network.parameters[0].weights = np.arange(6, dtype=np.float32).reshape(2, 3).T
    save_model(network, tmp_path / "model.safetensors")
    loaded = load_safetensors(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(loaded.parameters[0].weights, [[0, 3], [1, 4], [2, 5]])
    assert loaded.scaling is not None
    assert loaded.scaling.shift.tolist() == [0, 4]
    assert loaded.scaling.divisor.tolist() == [1, 3]


def test_equal_models_are_equal_files(model: Path) -> None:
    before = model.read_bytes()
    for _ in range(5):
        save_model(load_safetensors(model), model, {"name": "test"})
        assert model.read_bytes() == before


def test_parameters_stand_under_their_names(model: Path) -> None:
    tensors = load_file(model)
    assert tensors["layers.0.weights"].shape == (3, 4)
    assert tensors["layers.2.biases"].shape == (2,)
    assert load_recipe(model) == {"name": "test"}


def test_a_checkpoint_resumes_exactly(tmp_path: Path, table: Dataset) -> None:
    def network() -> Network:
        return Network([Dense(8), ReLU(), Dense(2)], (4,), np.random.default_rng(0))

    straight, first = network(), network()
    list(train(straight, table, batch_size=32, epochs=4, optimizer="adam", seed=9))
    state = TrainingState(np.random.default_rng(9))
    list(
        train(
            first,
            table,
            batch_size=32,
            epochs=4,
            optimizer="adam",
            state=state,
            stop=lambda: state.step == 10,
        )
    )
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(first, state, path)
    second, state = load_checkpoint(path)
    assert state.updates == state.step == 10
    list(train(second, table, batch_size=32, epochs=4, optimizer="adam", state=state))
    assert second.flat_parameters.tobytes() == straight.flat_parameters.tobytes()


def test_a_checkpoint_is_also_a_model_but_not_the_other_way_round(tmp_path: Path, model: Path) -> None:
    network = load_safetensors(model)
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(network, TrainingState(), path)
    assert load_safetensors(path).flat_parameters.tobytes() == network.flat_parameters.tobytes()
    with pytest.raises(HandgradError, match="without the state of its training"):
        load_checkpoint(model)


@pytest.mark.parametrize("share", [0.0, 0.005, 0.3, 0.9, 0.999])
def test_a_truncated_file_gets_one_line(model: Path, share: float) -> None:
    content = model.read_bytes()
    model.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(HandgradError) as error:
        load_safetensors(model)
    assert str(model) in str(error.value)
    assert "not a whole model file" in str(error.value)
    assert "\n" not in str(error.value)


def test_other_damage_gets_one_line_too(model: Path, tmp_path: Path) -> None:
    whole = model.read_bytes()
    cases: list[tuple[str, dict[str, Any]]] = [
        ("upgrade handgrad", {"format": "handgrad 2"}),
        ("not a model of handgrad", {"format": "other"}),
        ("metadata lack a valid 'layers'", {"layers": "[{"}),
        ("unknown layer.*once its class has been defined", {"layers": '[{"type": "Magic"}]'}),
        ("is damaged: a network needs at least one layer", {"layers": "[]"}),
        ("finite", {"tensors": {"layers.0.weights": np.full((3, 4), np.nan, np.float32)}}),
        ("finite", {"tensors": {"layers.0.weights": np.zeros((3, 4), np.int32)}}),
        ("positive", {"tensors": {"scaling.divisor": np.array(0.0)}}),
        ("finite", {"tensors": {"scaling.shift": np.array(np.inf)}}),
        ("not names", {"classes": "null"}),
        ("same name", {"classes": '["a", "a"]'}),
        ("are not", {"example_shape": "[1, 28, 28]"}),
        ("are not", {"framing": '"upside down"'}),
        ("two inputs have the same name", {"features": '["a", "a"]'}),
        ("1 names for", {"features": '["a"]'}),
        ("is damaged", {"input_shape": "[1e20]"}),
        ("is damaged", {"dtype": "null"}),
        ("not a model of handgrad", {"format": "handgrad " + "9" * 5000}),
        ("has shape", {"tensors": {"layers.0.weights": np.zeros((4, 3), np.float32)}}),
        ("has shape", {"layers": '[{"type": "Dense", "units": 2}]'}),
        (
            "it lacks layers.1.biases|it lacks layers.1.weights",
            {"layers": json.dumps([{"type": "Dense", "units": n} for n in (3, 2)])},
        ),
    ]
    for message, change in cases:
        model.write_bytes(whole)
        rewrite(model, **change)
        with pytest.raises(HandgradError, match=message) as error:
            load_safetensors(model)
        assert str(model) in str(error.value)
    with pytest.raises(HandgradError, match="does not exist"):
        load_safetensors(tmp_path / "none.safetensors")
    with pytest.raises(HandgradError, match="not a regular file"):
        load_safetensors(tmp_path)


def test_what_cannot_be_written_leaves_the_old_file(model: Path) -> None:
    before = model.read_bytes()
    network = load_safetensors(model)
    with pytest.raises(HandgradError, match="cannot write"):
        save_model(network, model.parent / "missing" / "model.safetensors")
    assert model.read_bytes() == before
    assert [path.name for path in model.parent.iterdir()] == ["model.safetensors"]
