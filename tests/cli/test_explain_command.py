"""``handgrad explain``: what a person sees, what a program reads, and what bad input gets."""

import io
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import handgrad as hg
from conftest import Cli
from handgrad.cli.drawing import draw_signed
from handgrad.cli.main import main
from handgrad.cli.output import emit_styled

FLOWERS = "label,petal length,petal width\n" + "rose,1,2\nlily,3,5\n" * 6


@pytest.fixture
def model(tmp_path: Path) -> str:
    layers = [hg.Dense(50), hg.ReLU(), hg.Dense(10)]
    network = hg.Network(layers, (784,), np.random.default_rng(0), scaling=hg.Scaling.of_bytes())
    hg.save(network, tmp_path / "digits.safetensors")
    return "digits.safetensors"


@pytest.fixture
def flowers(tmp_path: Path) -> str:
    (tmp_path / "flowers.csv").write_text(FLOWERS)
    scaling = hg.Scaling(np.array([2, 3.5]), np.array([1, 1.5]))
    network = hg.Network(
        [hg.Dense(2)], (2,), np.random.default_rng(0), scaling=scaling, classes=["lily", "rose"]
    )
    hg.save(network, tmp_path / "flowers.safetensors")
    return "flowers.safetensors"


def test_an_example_of_the_data_is_walked_through(cli: Cli, model: str) -> None:
    done = cli("explain", model, "3", "--data", "strokes:60")
    assert (done.returncode, done.stderr) == (0, "")
    label = hg.load("strokes:60").split("test").labels[3]
    assert f"strokes:60, test, example 3, labelled {label}: taken for " in done.stdout
    assert "█" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    for formula in ("z1 = x weights1ᵀ + biases1", "dz1 = da1 · [z1 > 0]", "dweights1 = dz1ᵀ x"):
        assert formula in done.stdout
    assert f"loss = −log probabilities[{label}]" in done.stdout
    last = done.stdout.partition("What mattered")[2]
    assert "╋╋" in last
    assert "━━" in last
    order = [
        done.stdout.index(f"\n{name} ") for name in ("x", "z1", "a1", "z2", "loss", "dz2", "dweights1", "dx")
    ]
    assert order == sorted(order)


def test_json_is_one_object_a_line(cli: Cli, model: str) -> None:
    done = cli("explain", model, "3", "--data", "strokes:60", "--split", "train", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    about, *steps = map(json.loads, done.stdout.splitlines())
    train = hg.load("strokes:60").train
    assert (about["data"], about["split"], about["index"]) == ("strokes:60", "train", 3)
    assert about["label"] == str(train.labels[3])
    arrays = {step["name"]: step for step in steps}
    np.testing.assert_allclose(arrays["x"]["values"], train.inputs[3:4] / 255)
    assert arrays["weights1"]["shape"] == [50, 784]
    assert arrays["weights1"]["values"] is None
    assert arrays["loss"]["values"] == about["loss"]
    assert steps[-1]["name"] == "dx"


def test_a_picture_without_label_is_its_predicted_class(cli: Cli, model: str, tmp_path: Path) -> None:
    image = Image.fromarray(hg.load("strokes:60").train.inputs[0].reshape(28, 28)).resize((90, 90))
    image.save(tmp_path / "digit.png")
    done = cli("explain", model, "digit.png")
    assert done.returncode == 0
    assert ", the predicted class, since no label is given" in done.stdout
    predicted = json.loads(cli("predict", model, "digit.png", "--json").stdout)["class"]
    assert f"digit.png: taken for {predicted}" in done.stdout
    assert "the loss is that of 4\n" in cli("explain", model, "digit.png", "--label", "4").stdout


def test_tables_have_their_inputs_by_name(cli: Cli, flowers: str, tmp_path: Path) -> None:
    done = cli("explain", flowers, "1", "--data", "flowers.csv", "--split", "train")
    assert (done.returncode, done.stderr) == (0, "")
    assert "petal width            5       1.000" in done.stdout
    assert "labelled lily" in done.stdout
    (tmp_path / "one.csv").write_text("petal length,petal width\n1,2\n")
    done = cli("explain", flowers, "one.csv")
    assert "petal length           1      -1.000" in done.stdout
    (tmp_path / "two.csv").write_text("rose,1,2\n")
    about = json.loads(cli("explain", flowers, "two.csv", "--json").stdout.partition("\n")[0])
    assert about["label"] == "rose"


def test_large_and_coloured_pictures_fit_a_line(cli: Cli, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for shape in ((3, 64, 64), (1, 30, 200)):
        layers = [hg.Flatten(), hg.Dense(2)]
        network = hg.Network(layers, shape, rng, scaling=hg.Scaling.of_bytes())
        hg.save(network, tmp_path / "large.safetensors")
        inputs = rng.integers(256, size=(4, *shape), dtype=np.uint8)
        np.savez(tmp_path / "large.npz", x_train=inputs, y_train=np.array([0, 1, 0, 1]))
        done = cli("explain", "large.safetensors", "2", "--data", "large.npz", "--split", "train")
        assert (done.returncode, done.stderr) == (0, "")
        assert max(map(len, done.stdout.splitlines())) <= 80


BAD = [
    ("digits 10 --data strokes:60", "strokes:60, test, has 10 examples, 0 to 9; got 10"),
    ("digits 1 --data strokes:60 --split tset", "unknown split 'tset'"),
    ("digits 1 --data strokes:60 --label ten", "the model knows no class 'ten'"),
    ("digits none.png", "none.png does not exist"),
    ("digits none.csv", "none.csv cannot be read"),
    ("digits blank.png", "blank.png: the picture is blank"),
    ("digits x.png --data strokes:60", "--data goes with the INDEX of an example; x.png is a file"),
    ("flowers 1 --data strokes:60", "the model takes 2 inputs, the data have 784"),
    ("flowers flowers.csv", "flowers.csv holds 12 rows; leave one"),
    ("flowers odd.csv", "odd.csv: the model knows no class 'tulip'"),
    ("flowers blank.png", "blank.png: the model takes examples of shape (2,), not grey pictures"),
]


@pytest.mark.usefixtures("model", "flowers")
def test_bad_input_gets_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "odd.csv").write_text("tulip,1,2\n")
    Image.new("L", (30, 30), 255).save(tmp_path / "blank.png")
    monkeypatch.chdir(tmp_path)
    for command, told in BAD:
        model, *arguments = command.split()
        assert main(["explain", f"{model}.safetensors", *arguments]) == 1
        printed, (line,) = (text.splitlines() for text in capsys.readouterr())
        assert printed == []
        assert line.startswith(f"handgrad: {told}")
    assert main(["explain", "digits.safetensors"]) == 2


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_colours_and_the_same_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = draw_signed(np.array([[1.0, -1.0, 0.3, 0.0]]), np.array([[0, 0, 1, 1]]))
    for stream, coloured in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setattr(sys, "stdout", stream)
        emit_styled(lines)
        printed = stream.getvalue()
        assert ("\x1b[" in printed) == coloured
        assert re.sub(r"\x1b\[[\d;]*m", "", printed) == "╋╋━━+░░░\n"
