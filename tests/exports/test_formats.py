"""Formats by name and suffix, the layers that they support, and the models that can be loaded."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from handgrad.exports.formats import load_model_recipe
from layer_table import LAYERS


@dataclass(frozen=True)
class Mine(hg.ReLU):
    """A user-defined subclass of a layer of the library may compute something else."""


BYTES = hg.Scaling.of_bytes()


def network(
    *layers: hg.Layer, shape: Any = (1, 28, 28), dtype: Any = np.float32, **settings: Any
) -> hg.Network:
    return hg.Network(layers, shape, 0, dtype, **{"scaling": BYTES, **settings})


FLAT = [hg.Flatten(), hg.Dense(2)]
NUMBERS = hg.Scaling(np.zeros(784), np.ones(784))
DENSE = network(*FLAT)
CUSTOM = network(hg.Flatten(), Mine(), hg.Dense(2))
LARGE = network(hg.Flatten(), hg.Dense(2, hg.Uniform(1e300, 2e300)), dtype=np.float64)


def test_every_supported_layer_is_a_row_of_the_table_that_clients_compute() -> None:
    assert {type(layer).__name__ for layer, _ in LAYERS} == {*hg.layers.__all__} - {"Layer"}


@pytest.mark.parametrize(
    ("name", "format", "begins"),
    [("m.onnx", None, b"\x08"), ("m.h", None, b"/*"), ("M.HTML", None, b"<!"), ("m.x", "c", b"/*")],
)
def test_format_follows_from_the_suffix(name: str, format: str | None, begins: bytes, tmp_path: Path) -> None:
    hg.export(DENSE, tmp_path / name, format)
    assert (tmp_path / name).read_bytes().startswith(begins)


@pytest.mark.parametrize(
    ("network", "name", "options", "message"),
    [
        (DENSE, "m.txt", {}, "unknown format '.txt'; choose from onnx, c"),
        (DENSE, "m.onnx", {"format": "onx"}, "did you mean 'onnx'"),
        (DENSE, "m.onnx", {"int8": True}, "only c has int8"),
        ("mlp", "m.onnx", {}, "a Network or a fitted"),
        (CUSTOM, "m.h", {}, "layers of the library only, .* Mine"),
        (LARGE, "m.onnx", {}, "float32"),
        (network(hg.Flatten(), hg.ReLU()), "m", {}, "dense layers"),
        (network(hg.Dense(2), shape=201), "m.html", {}, "the model takes 201"),
        (network(*FLAT, shape=(3, 28, 28)), "m.html", {}, "takes 2352"),
        (network(*FLAT, scaling=NUMBERS), "m.html", {}, "takes 784 .*; export it as onnx"),
        (network(*FLAT, task="regression"), "m.html", {}, "takes 784"),
    ],
)
def test_refused_exports(network: Any, name: str, options: Any, message: str, tmp_path: Path) -> None:
    if name != "m":
        (tmp_path / name).write_text("precious")
    with pytest.raises(hg.HandgradError, match=message):
        hg.export(network, tmp_path / name, **options)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["precious"] * (name != "m")


def test_runs_files_and_parameter_folders_are_loaded(tmp_path: Path) -> None:
    net = network(hg.Dense(2), shape=3)
    hg.save_model(net, tmp_path / "checkpoint.safetensors", {"name": "begun"})
    assert load_model_recipe(tmp_path) == {"name": "begun"}
    hg.save_model(net, tmp_path / "model.safetensors", {"name": "done"})
    assert load_model_recipe(tmp_path) == {"name": "done"}
    hg.export(net, tmp_path / "final_config")
    assert load_model_recipe(tmp_path / "final_config") is None
    for path in (tmp_path, tmp_path / "model.safetensors", str(tmp_path / "final_config")):
        assert hg.load_model(path).flat_parameters.tobytes() == net.flat_parameters.tobytes()


@pytest.mark.parametrize(
    ("name", "message"),
    [("", "contains no model"), ("nowhere", "does not exist"), ("m.h", "cannot be read back")],
)
def test_paths_without_a_model_are_refused(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "m.h").touch()
    with pytest.raises(hg.HandgradError, match=message):
        hg.load_model(tmp_path / name)
