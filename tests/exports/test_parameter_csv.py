"""The Rust program's parameter files: exact layout, exact numbers, and invalid files."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import handgrad as hg
from failing import refusal
from handgrad.exports import csv
from handgrad.exports.csv import write_csv

BYTES: dict[str, Any] = {"scaling": hg.Scaling.of_bytes()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_csv(hg.Network([hg.Dense(10), hg.ReLU(), hg.Dense(10)], 784, 0, **BYTES), tmp_path / "p")
    return tmp_path / "p"


def test_layout_is_the_rust_programs_and_numbers_are_in_shortest_form(tmp_path: Path) -> None:
    network = hg.Network([hg.Dense(2), hg.ReLU(), hg.Dense(1)], 2, **BYTES)
    network.parameters[0].weights[...] = [[0.1, -0.25], [3, 1e-7]]
    write_csv(network, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b1.csv", "b2.csv", "w1.csv", "w2.csv"]
    assert (tmp_path / "w1.csv").read_text() == "w10,w11\n0.1,-0.25\n3.0,1e-7\n"
    assert (tmp_path / "b2.csv").read_text() == "b20\n0.0\n"


@pytest.mark.parametrize("widths", [(1, 1), (3, 5), (784, 10, 10), (2, 4, 1, 3)])
def test_networks_are_read_back_bit_for_bit(widths: tuple[int, ...], tmp_path: Path) -> None:
    layers = [layer for width in widths[1:] for layer in (hg.Dense(width), hg.ReLU())][:-1]
    network = hg.Network(layers, widths[0], **BYTES)
    rng, count = np.random.default_rng(0), network.parameter_count
    network.flat_parameters[:] = rng.normal(size=count) * 10.0 ** rng.integers(-44, 38, count)
    write_csv(network, tmp_path)
    loaded = hg.load_model(tmp_path)
    assert loaded.flat_parameters.tobytes() == network.flat_parameters.tobytes()
    assert loaded.layers == network.layers
    shape = (1, 28, 28) if widths[0] == 784 else widths[:1]
    assert (loaded.input_shape, loaded.example_shape) == (widths[:1], shape)


def test_files_of_the_rust_program_are_read(tmp_path: Path) -> None:
    """Written by hand, as Polars does in Rust: a header, plain and scientific numbers."""
    (tmp_path / "w1.csv").write_text("w10,w11\n0.5,-1e-3\n-0.25,3.0\n1.0,0.0\n")
    (tmp_path / "b1.csv").write_text("b10\n0.125\n-2.5\n0\n")
    (tmp_path / "w2.csv").write_text("w20,w21,w22\n1.0,2.0,3.0\n-1.0,0.5,0.1\n")
    (tmp_path / "b2.csv").write_text("b20\n0.0\n1.0\n")
    network = hg.load_model(tmp_path)
    first, _, last = network.parameters
    np.testing.assert_array_equal(first.weights, np.array([[0.5, -1e-3], [-0.25, 3], [1, 0]], np.float32))
    hidden = np.maximum(first.weights @ [1, 0] + [0.125, -2.5, 0], 0)
    logits = network.logits([[255.0, 0.0]])
    np.testing.assert_allclose(logits, [last.weights @ hidden + [0, 1]], rtol=1e-6)


SCALING = hg.Scaling(np.arange(4.0), np.array([0.5, 2.0, 40.0, 1.0]))


@pytest.mark.parametrize("scaling", [None, SCALING, hg.Scaling.of_bytes()])
def test_pandas_and_numpy_compute_the_same_from_them(tmp_path: Path, scaling: hg.Scaling | None) -> None:
    """Dropout and Flatten are not written, and other scaling is folded into the first layer."""
    layers = [hg.Flatten(), hg.Dense(12), hg.ReLU(), hg.Dropout(0.3), hg.Dense(7), hg.ReLU(), hg.Dense(5)]
    network = hg.Network(layers, (1, 2, 2), 0, scaling=scaling)
    network.parameters[1].biases[...] = np.arange(12) - 6
    write_csv(network, tmp_path)
    raw = np.random.default_rng(1).integers(0, 256, (50, 4), np.uint8)
    x = raw / 255
    for number in (1, 2, 3):
        weights, biases = (pd.read_csv(tmp_path / f"{letter}{number}.csv").to_numpy() for letter in "wb")
        x = (np.maximum(x, 0) if number > 1 else x) @ weights.T + biases[:, 0]
    np.testing.assert_allclose(x, network.logits(raw), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(x, hg.load_model(tmp_path).logits(raw), rtol=1e-4, atol=1e-4)


def test_all_files_are_replaced_or_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}
    write = csv._write_matrix

    def interrupt(path: Path, stem: str, matrix: Any) -> None:
        if stem == "b2":
            raise OSError(28, "No space left on device")
        write(path, stem, matrix)

    monkeypatch.setattr(csv, "_write_matrix", interrupt)
    for layers, message in (
        ([hg.Dense(2), hg.ReLU(), hg.Dense(2)], "No space"),
        ([hg.Dense(2)], "deeper network"),
    ):
        with pytest.raises(hg.HandgradError, match=message):
            write_csv(hg.Network(layers, 784), folder)
        assert {path: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("b1", None, "b1.csv does not exist"),
        ("w1", None, "w1.csv does not exist"),
        ("w2", None, "2.csv belongs to a deeper network than w1.csv"),
        ("b2", "b20\n1.0\n", "layers.2.biases has shape"),
        ("w2", "w20,w21\n" + "1.0,2.0\n" * 10, "layers.2.weights has shape"),
        ("w1", "w10,w11\nabc,1.0\n", "w1.csv does not hold a matrix"),
        ("w1", "w11,w10\n1.0,2.0\n", "w1.csv does not begin with the header"),
        ("b1", "0.0\n" * 10, "b1.csv does not begin with the header"),
        ("b2", "b20\n" + "nan\n" * 10, "layers.2.biases must hold finite"),
        ("w1", "", "w1.csv does not begin with the header"),
        ("w2", "w20,w21\n" + "1.0,2.0,3.0\n" * 10, "w2.csv has 2 names of columns, and 3"),
        ("w2", "w20,w21\n1.0,2.0\n1.0\n", "w2.csv does not hold a matrix"),
        ("w1", "w10,w11", "w1.csv: Dense units must be"),
        ("b1", "b10\n", "layers.0.biases has shape"),
    ],
)
def test_invalid_files_are_refused(folder: Path, name: str, content: str | None, message: str) -> None:
    if content is None:
        (folder / f"{name}.csv").unlink()
    else:
        (folder / f"{name}.csv").write_text(content)
    line = refusal(csv.read_csv, folder)
    assert str(folder) in line
    assert message in line
