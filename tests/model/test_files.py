"""Model files: everything comes back, and claims are checked before memory is allocated."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from failing import refusal
from handgrad.model.files import model_tensors, network_from_tensors, serialize_tensors
from handgrad.model.layers import BatchNorm, Dense, Dropout, ReLU

PATH = Path("m.safetensors")


def small() -> hg.Network:
    layers = [Dense(np.int64(5)), BatchNorm(), ReLU(), Dropout(np.float32(0.5)), Dense(2)]  # type: ignore[arg-type]
    form: Any = {"classes": np.array(["no", "yes"]), "example_shape": (1, 2, 2), "framing": "digit"}
    return hg.Network(layers, 4, 0, scaling=hg.Scaling(np.arange(4.0), np.ones(4)), **form)


def test_loading_draws_no_initial_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    tensors, metadata = model_tensors(small())
    monkeypatch.delattr(hg.He, "draw")
    network_from_tensors(tensors, metadata, PATH)


@pytest.mark.parametrize(
    "changes",
    [
        {"layers": [Dense(10**6).to_config()], "input_shape": [10**6]},
        {"layers": [Dense(2).to_config()], "input_shape": [10**9], "example_shape": [10**9]},
        {"layers": [{"type": "Conv2D", "filters": 10**6, "kernel_size": 999}], "input_shape": [9, 999, 999]},
        {"layers": [BatchNorm().to_config(), Dense(2).to_config()], "input_shape": [10**12]},
    ],
)
def test_large_claims_are_refused_before_anything_is_allocated(changes: dict[str, Any]) -> None:
    tensors, metadata = model_tensors(small())
    metadata |= {key: json.dumps(value) for key, value in changes.items()}
    metadata["example_shape"] = metadata["input_shape"]
    tracemalloc.start()
    assert "damaged" in refusal(network_from_tensors, tensors, metadata, PATH)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1_000_000


BAD: dict[str, list[Any]] = {
    "layers": [
        None,
        3,
        [3],
        [ReLU().to_config()] * 10_001,
        [{"type": "Mine"}],
        [{"type": "Dense", "units": 1e9}],
    ],
    "input_shape": [None, [], [-4], [-1, -28, 28], [4.0], "4", {"a": 1}],
    "example_shape": [[3], [-1, 4], "x"],
    "classes": [None, ["no"], ["no", "no"], "ny"],
    "framing": ["other", None, [], 3],
    "dtype": ["int8", None, 3, [3], {"a": 1}, "float64"],
    "features": [["a"], 3, ["a", "a", "b", "c"]],
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key in BAD for value in BAD[key]])
def test_other_metadata_are_refused(key: str, value: Any) -> None:
    tensors, metadata = model_tensors(small())
    line = refusal(network_from_tensors, tensors, metadata | {key: json.dumps(value)}, PATH)
    assert line.startswith("m.safetensors")


TENSORS: dict[str, list[Any]] = {
    "layers.1.mean": [None, np.zeros(3, np.float32)],
    "layers.0.weights": [np.full((5, 4), np.nan, np.float32), np.zeros((5, 4))],
    "scaling.shift": [None, np.zeros(3), np.zeros(4, np.float32)],
    "scaling.divisor": [None, np.array([1.0, 0, 1, 1]), np.array([1.0, np.inf, 1, 1])],
}


@pytest.mark.parametrize("name", TENSORS)
def test_tensors_that_do_not_fit_are_refused(name: str, tmp_path: Path) -> None:
    path, (tensors, metadata) = tmp_path / "m.safetensors", model_tensors(small())
    del tensors[name]
    for array in TENSORS[name]:
        changed = tensors if array is None else {**tensors, name: array}
        path.write_bytes(serialize_tensors(changed, metadata))
        assert "m.safetensors is damaged" in refusal(hg.load_model, path)
