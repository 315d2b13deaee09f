"""The Rust program's parameter files: exact layout, exact numbers, and invalid files."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import handgrad as hg
from handgrad.exports import csv
from handgrad.exports.csv import read_csv, write_csv


def classic() -> hg.Network:
    layers = [hg.Dense(10), hg.ReLU(), hg.Dense(10)]
    return hg.Network(layers, (784,), np.random.default_rng(0), scaling=hg.Scaling.of_bytes())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_csv(classic(), tmp_path / "final_config")
    return tmp_path / "final_config"


def test_the_layout_is_the_rust_programs(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["b1.csv", "b2.csv", "w1.csv", "w2.csv"]
    lines = (folder / "w1.csv").read_text().splitlines()
    assert len(lines) == 11
    assert lines[0].split(",") == [f"w1{index}" for index in range(784)]
    assert (folder / "b1.csv").read_text().splitlines()[0] == "b10"
    assert len((folder / "b2.csv").read_text().splitlines()) == 11
    row = [np.float32(cell) for cell in lines[3].split(",")]
    np.testing.assert_array_equal(row, classic().parameters[0].weights[2])


def test_numbers_are_written_in_shortest_form(tmp_path: Path) -> None:
    network = hg.Network([hg.Dense(2)], (2,), np.random.default_rng(0), scaling=hg.Scaling.of_bytes())
    network.parameters[0].weights[...] = [[0.1, -0.25], [3, 1e-7]]
    write_csv(network, tmp_path)
    assert (tmp_path / "w1.csv").read_text() == "w10,w11\n0.1,-0.25\n3.0,1e-7\n"


@settings(deadline=None, max_examples=40)
@given(
    st.integers(1, 4).flatmap(
        lambda count: st.lists(st.integers(1, 5), min_size=count + 1, max_size=count + 1)
    ),
    st.data(),
)
def test_networks_are_read_back_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, widths: list[int], data: st.DataObject
) -> None:
    layers = [layer for width in widths[1:] for layer in (hg.Dense(width), hg.ReLU())][:-1]
    network = hg.Network(layers, (widths[0],), np.random.default_rng(0), scaling=hg.Scaling.of_bytes())
    values = st.floats(width=32, allow_nan=False, allow_infinity=False)
    network.flat_parameters[:] = data.draw(arrays(np.float32, network.flat_parameters.size, elements=values))
    folder = tmp_path_factory.mktemp("final_config")
    write_csv(network, folder)
    loaded = hg.load_model(folder)
    assert loaded.flat_parameters.tobytes() == network.flat_parameters.tobytes()
    assert [type(layer) for layer in loaded.layers] == [type(layer) for layer in network.layers]


def test_files_of_the_rust_program_are_read(tmp_path: Path) -> None:
    """Written by hand, as Polars does in Rust: a header, plain and scientific numbers."""
    (tmp_path / "w1.csv").write_text("w10,w11\n0.5,-1e-3\n-0.25,3.0\n1.0,0.0\n")
    (tmp_path / "b1.csv").write_text("b10\n0.125\n-2.5\n0\n")
    (tmp_path / "w2.csv").write_text("w20,w21,w22\n1.0,2.0,3.0\n-1.0,0.5,0.1\n")
    (tmp_path / "b2.csv").write_text("b20\n0.0\n1.0\n")
    network = hg.load_model(tmp_path)
    first, _, last = network.parameters
    np.testing.assert_array_equal(first.weights, np.array([[0.5, -1e-3], [-0.25, 3], [1, 0]], np.float32))
    np.testing.assert_array_equal(last.biases, [0, 1])
    raw = np.array([[255.0, 0.0]])
    hidden = np.maximum(first.weights @ [1, 0] + first.biases, 0)
    logits = last.weights @ hidden + last.biases
    assert network.predict(raw)[0] == logits.argmax()


@pytest.mark.parametrize("scaling", [None, hg.Scaling(np.arange(3.0), np.array([0.5, 2.0, 40.0]))])
def test_other_scaling_is_folded_into_the_first_layer(tmp_path: Path, scaling: hg.Scaling | None) -> None:
    network = hg.Network(
        [hg.Dense(4), hg.ReLU(), hg.Dense(2)], (3,), np.random.default_rng(0), scaling=scaling
    )
    network.parameters[0].biases[...] = [1, -1, 2, 0]
    write_csv(network, tmp_path)
    raw = np.random.default_rng(1).normal(size=(20, 3)) * 3
    np.testing.assert_allclose(
        hg.load_model(tmp_path).predict_proba(raw), network.predict_proba(raw), rtol=1e-4
    )


def test_pandas_and_numpy_compute_the_same_from_them(tmp_path: Path) -> None:
    layers = [hg.Dense(12), hg.ReLU(), hg.Dense(7), hg.ReLU(), hg.Dense(5)]
    network = hg.Network(layers, (784,), np.random.default_rng(0), scaling=hg.Scaling.of_bytes())
    write_csv(network, tmp_path)
    raw = np.random.default_rng(1).integers(0, 256, (50, 784), np.uint8)
    x = raw / 255
    for number in (1, 2, 3):
        weights, biases = (pd.read_csv(tmp_path / f"{letter}{number}.csv").to_numpy() for letter in "wb")
        x = (np.maximum(x, 0) if number > 1 else x) @ weights.T + biases[:, 0]
    np.testing.assert_allclose(x, network.logits(raw), rtol=1e-4, atol=1e-4)


def test_dropout_and_flatten_are_not_written(tmp_path: Path) -> None:
    layers = [hg.Flatten(), hg.Dense(4), hg.ReLU(), hg.Dropout(0.3), hg.Dense(2)]
    network = hg.Network(layers, (1, 2, 3), np.random.default_rng(0), scaling=hg.Scaling.of_bytes())
    write_csv(network, tmp_path)
    raw = np.random.default_rng(1).integers(0, 256, (9, 6), np.uint8)
    assert len(hg.load_model(tmp_path).layers) == 3
    np.testing.assert_allclose(hg.load_model(tmp_path).logits(raw), network.logits(raw), rtol=1e-6)


def test_files_of_a_deeper_network_are_not_mixed(tmp_path: Path) -> None:
    deep = hg.Network(
        [hg.Dense(2), hg.ReLU(), hg.Dense(2), hg.ReLU(), hg.Dense(2)], (2,), np.random.default_rng(0)
    )
    write_csv(deep, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(hg.HandgradError, match="is of a deeper network"):
        write_csv(hg.Network([hg.Dense(2), hg.ReLU(), hg.Dense(2)], (2,)), tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_all_files_are_replaced_or_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}
    write = csv._write_matrix

    def interrupt(path: Path, stem: str, matrix: Any) -> None:
        if stem == "b2":
            raise OSError(28, "No space left on device")
        write(path, stem, matrix)

    monkeypatch.setattr(csv, "_write_matrix", interrupt)
    network = classic()
    network.flat_parameters[:] = 1
    with pytest.raises(hg.HandgradError, match="No space left"):
        write_csv(network, folder)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_writing_does_not_import_polars(tmp_path: Path) -> None:
    program = "import sys, handgrad as hg; hg.export(hg.Network([hg.Dense(2)], (3,)), sys.argv[1]); "
    program += "print('polars' in sys.modules)"
    command = [sys.executable, "-c", program, str(tmp_path / "p")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"


def replace(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("changed", "change", "named", "message"),
    [
        ("b1", None, "b1", "does not exist"),
        ("w2", None, "b2", "no w2.csv"),
        ("b2", lambda _: "b20\n1.0\n", "b2", "has shape"),
        ("w2", lambda _: "w20,w21\n" + "1.0,2.0\n" * 10, "w2", "has 2 columns"),
        ("w1", replace("\n", "\nabc,"), "w1", "does not hold a matrix"),
        ("w1", replace("w10,w11", "w11,w10"), "w1", "header"),
        ("b1", replace("b10\n", ""), "b1", "header"),
        ("b2", lambda _: "b20\n" + "nan\n" * 10, "b2", "not finite"),
        ("w1", lambda _: "", "w1", "does not hold a matrix"),
        ("b1", lambda _: "b10\n", "b1", "empty"),
    ],
)
def test_invalid_files_are_refused_in_one_line(
    folder: Path, changed: str, change: Callable[[str], str] | None, named: str, message: str
) -> None:
    path = folder / f"{changed}.csv"
    if change is None:
        path.unlink()
    else:
        path.write_text(change(path.read_text()))
    with pytest.raises(hg.HandgradError, match=message) as error:
        read_csv(folder)
    assert str(folder / f"{named}.csv") in str(error.value)
    assert "\n" not in str(error.value)


def test_folder_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(hg.HandgradError, match="no w1"):
        read_csv(tmp_path)
