"""``handgrad export``: formats, sizes and bad input."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from failing import fails
from fixture_types import Cli
from handgrad.data.load import load_data
from handgrad.model.files import save_model
from handgrad.model.layers import Conv2D, Dense, Flatten, ReLU
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling
from networks import DIGITS


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model file of dense layers, and an image that it takes."""
    network = Network(
        [Dense(8), ReLU(), Dense(10)], (784,), np.random.default_rng(0), scaling=Scaling.of_bytes(), **DIGITS
    )
    save_model(network, tmp_path / "m.safetensors", {"name": "mine"})
    Image.fromarray(load_data("strokes:50").train.inputs[3].reshape(28, 28)).save(tmp_path / "digit.png")
    return tmp_path / "m.safetensors"


def test_predict_runs_on_every_format_that_is_read_back(cli: Cli, model: Path, tmp_path: Path) -> None:
    answers = [cli("predict", model, "digit.png", "--json").stdout]
    for form, out in (("csv", "parameters"), ("onnx", "m.onnx")):  # the suffix chooses the format
        done = cli("export", model, out)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"{out}: 6,370 parameters as {form}, ")
        answers.append(cli("predict", out, "digit.png", "--json").stdout)
    assert answers[0]
    assert answers[1:] == answers[:1] * 2
    done = cli("export", "m.onnx", "m.h")  # what was exported can be exported
    assert done.returncode == 0
    fails(cli, "m.h", "predict", "m.h", "digit.png", detail="read back")
    done = cli("export", "m.onnx", "m.html")
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        done.stdout == f"m.html: 6,370 parameters as html, {(tmp_path / 'm.html').stat().st_size:,} bytes\n"
    )
    fails(cli, "m.html", "predict", "m.html", "digit.png", detail="read back")


def test_sizes_are_printed(cli: Cli, model: Path, tmp_path: Path) -> None:
    for options, weights, constants in (([], "float32", 4 * 6370), (["--int8"], "int8", 6352 + 4 * 2 * 18)):
        done = cli("export", model, "m.h", *options)
        assert f"{constants:,} bytes of constants, weights as {weights}" in done.stdout
        facts = json.loads(cli("export", model, "m.h", *options, "--json").stdout)
        assert (facts["weights"], facts["constant_bytes"]) == (weights, constants)
        assert facts["bytes"] == (tmp_path / "m.h").stat().st_size
    facts = json.loads(cli("export", model, "p", "--json").stdout)
    assert facts["bytes"] == sum(path.stat().st_size for path in (tmp_path / "p").iterdir())


def test_existing_files_are_replaced_whole_or_stay(cli: Cli, model: Path, tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_text("old")
    assert cli("export", model, "m.onnx").returncode == 0
    assert (tmp_path / "m.onnx").read_bytes()[:2] == b"\x08\x09"
    images = Network([Conv2D(2), Flatten(), Dense(10)], (1, 28, 28))
    save_model(images, tmp_path / "images.safetensors")
    save_model(Network([Dense(3)], (4,)), tmp_path / "table.safetensors")
    (tmp_path / "file").write_text("precious")
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.iterdir())
    for arguments, naming, detail in (
        ((model, "nowhere/m.h"), "nowhere", "No such file"),
        ((model, "--format", "onnx", "folder"), "folder", "not a regular file"),
        ((model, "--format", "c", "/dev/full"), "/dev/full", "not a regular file"),
        ((model, "file"), "file", "File exists"),
        ((model, "--format", "html", "folder"), "folder", "not a regular file"),
        (("table.safetensors", "m.html"), "28×28", "takes 4 bytes"),
        ((model, "--format", "onnx", model), "m.safetensors", "the model itself"),
        (("images.safetensors", "new"), "", "dense layers"),
        (("nowhere", "m.h"), "nowhere", "does not exist"),
    ):
        fails(cli, naming, "export", *arguments, detail=detail)
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "file").read_text() == "precious"
