"""``handgrad export``: formats, sizes and bad input."""

import re
from pathlib import Path

import pytest
from PIL import Image

import handgrad as hg
from failing import fails, prints
from fixture_types import Cli
from served import small_network


@pytest.fixture(autouse=True)
def model(tmp_path: Path) -> None:
    """A model file of dense layers, and an image that it takes."""
    hg.save_model(small_network(), tmp_path / "m.safetensors", {"name": "mine"})
    Image.fromarray(hg.load_data("strokes:50").train.inputs[3].reshape(28, 28)).save(tmp_path / "digit.png")


def test_predict_runs_on_every_format_that_is_read_back(cli: Cli) -> None:
    expected = prints(cli, "predict m.safetensors digit.png --json")
    for form, out in (("csv", "parameters"), ("onnx", "m.onnx")):  # the suffix chooses the format
        assert f"{out}: 6,370 parameters as {form}, " in prints(cli, "export m.safetensors", out)
        assert prints(cli, f"predict {out} digit.png --json") == expected
    for out in ("m.h", "m.html"):  # what was exported can be exported
        prints(cli, "export m.onnx", out)
        fails(cli, out, "predict", out, "digit.png", detail="read back")


def test_sizes_are_printed(cli: Cli, tmp_path: Path) -> None:
    sizes = []
    for options in ([], ["--int8"]):
        printed = prints(cli, "export m.safetensors m.h", *options)
        sizes.append((tmp_path / "m.h").stat().st_size)
        assert printed.endswith(f" as c, {sizes[-1]:,} bytes\n")
    assert sizes[1] < 0.6 * sizes[0]


def test_pages_show_the_accuracy_on_validation_data(cli: Cli, tmp_path: Path) -> None:
    run, averaged = tmp_path / "RUN", "--set averaging.type=LastEpochs"
    prints(cli, f"train mlp --data strokes:300 --validation 0.3 --epochs 2 {averaged} --out RUN")
    accuracy = hg.load_records(run)[-1].validation_accuracy or 0

    def shown(model: str) -> list[str]:
        prints(cli, "export", model, "m.html")
        return re.findall('data-accuracy="(.*?)"', (tmp_path / "m.html").read_text("utf-8"))

    assert shown("RUN") == [f"accuracy {100 * accuracy:.1f} % on validation data"]
    assert shown("RUN/checkpoint.safetensors") == []  # the parameters before averaging
    hg.save_model(hg.load_model(run), run / "model.safetensors")
    assert shown("RUN") == []  # it is not known to be that of the training


@pytest.mark.parametrize(
    ("command", "naming", "detail"),
    [
        ("m.safetensors nowhere/m.h", "nowhere", "No such file"),
        ("m.safetensors folder --format onnx", "folder", "not a regular file"),
        ("m.safetensors /dev/full --format c", "/dev/full", "not a regular file"),
        ("m.safetensors file", "file", "name a folder"),
        ("m.safetensors m.safetensors --format onnx", "m.safetensors", "the model itself"),
    ],
)
def test_refused_exports(cli: Cli, tmp_path: Path, command: str, naming: str, detail: str) -> None:
    (tmp_path / "file").write_text("precious")
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.iterdir())
    fails(cli, naming, "export", *command.split(), detail=detail)
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "file").read_text() == "precious"
