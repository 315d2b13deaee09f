"""``handgrad explain``: what a person sees, what a program reads, and what bad input gets."""

import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import handgrad as hg
from fixture_types import Cli
from handgrad.cli.drawing import draw_signed
from handgrad.cli.main import main
from handgrad.cli.output import emit_styled
from handgrad.data.images import read_example

FLOWERS = "label,petal length,petal width\n" + "rose,1,2\nlily,3,5\n" * 6


@pytest.fixture
def model(tmp_path: Path) -> str:
    layers = [hg.Dense(50), hg.ReLU(), hg.Dense(10)]
    network = hg.Network(layers, (784,), np.random.default_rng(0), scaling=hg.Scaling.of_bytes())
    hg.save_model(network, tmp_path / "digits.safetensors")
    return "digits.safetensors"


@pytest.fixture
def flowers(tmp_path: Path) -> str:
    (tmp_path / "flowers.csv").write_text(FLOWERS)
    scaling = hg.Scaling(np.array([2, 3.5]), np.array([1, 1.5]))
    network = hg.Network(
        [hg.Dense(2)], (2,), np.random.default_rng(0), scaling=scaling, classes=["lily", "rose"]
    )
    hg.save_model(network, tmp_path / "flowers.safetensors")
    return "flowers.safetensors"


@pytest.fixture
def explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Run the command in this process, which is faster, and give what it prints."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> str:
        assert main(["explain", *arguments]) == 0
        printed = capsys.readouterr()
        assert printed.err == ""
        return printed.out

    return run


def test_an_example_of_the_data_is_walked_through(cli: Cli, model: str) -> None:
    done = cli("explain", model, "3", "--data", "strokes:60")
    assert (done.returncode, done.stderr) == (0, "")
    label = hg.load_data("strokes:60").split("test").labels[3]
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


def test_json_is_one_object_a_line(explained: Callable[..., str], model: str) -> None:
    printed = explained(model, "3", "--data", "strokes:60", "--split", "train", "--json")
    about, *steps = map(json.loads, printed.splitlines())
    train = hg.load_data("strokes:60").train
    assert (about["data"], about["split"], about["index"]) == ("strokes:60", "train", 3)
    assert about["label"] == str(train.labels[3])
    arrays = {step["name"]: step for step in steps}
    np.testing.assert_allclose(arrays["x"]["values"], train.inputs[3:4] / 255)
    assert arrays["weights1"]["shape"] == [50, 784]
    assert arrays["weights1"]["values"] is None
    assert arrays["loss"]["values"] == about["loss"]
    assert steps[-1]["name"] == "dx"


def test_a_picture_without_label_is_its_predicted_class(
    explained: Callable[..., str], model: str, tmp_path: Path
) -> None:
    image = Image.fromarray(hg.load_data("strokes:60").train.inputs[0].reshape(28, 28)).resize((90, 90))
    image.save(tmp_path / "digit.png")
    printed = explained(model, "digit.png")
    assert ", the predicted class, since no label is given" in printed
    network = hg.load_model(tmp_path / model)
    predicted = network.predict(read_example(tmp_path / "digit.png", (1, 28, 28), "digit")[None])[0]
    assert f"digit.png: taken for {predicted}" in printed
    assert "the loss is that of 4\n" in explained(model, "digit.png", "--label", "4")


def test_tables_have_their_inputs_by_name(
    explained: Callable[..., str], flowers: str, tmp_path: Path
) -> None:
    printed = explained(flowers, "1", "--data", "flowers.csv", "--split", "train")
    assert "petal width            5       1.000" in printed
    assert "labelled lily" in printed
    (tmp_path / "one.csv").write_text("petal length,petal width\n1,2\n")
    assert "petal length           1      -1.000" in explained(flowers, "one.csv")
    (tmp_path / "two.csv").write_text("rose,1,2\n")
    assert json.loads(explained(flowers, "two.csv", "--json").partition("\n")[0])["label"] == "rose"


def test_large_and_coloured_pictures_fit_a_line(explained: Callable[..., str], tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for shape in ((3, 64, 64), (1, 30, 200)):
        layers = [hg.Flatten(), hg.Dense(2)]
        network = hg.Network(layers, shape, rng, scaling=hg.Scaling.of_bytes())
        hg.save_model(network, tmp_path / "large.safetensors")
        inputs = rng.integers(256, size=(4, *shape), dtype=np.uint8)
        np.savez(tmp_path / "large.npz", x_train=inputs, y_train=np.array([0, 1, 0, 1]))
        printed = explained("large.safetensors", "2", "--data", "large.npz", "--split", "train")
        assert max(map(len, printed.splitlines())) <= 80


def test_long_tables_are_cut(explained: Callable[..., str], tmp_path: Path) -> None:
    hg.save_model(hg.Network([hg.Dense(2)], (100,), np.random.default_rng(0)), tmp_path / "wide.safetensors")
    np.savetxt(tmp_path / "wide.csv", np.arange(100.0)[None], delimiter=",")
    printed = explained("wide.safetensors", "wide.csv")
    assert "input 39 " in printed
    assert "and 60 more\n" in printed
    assert "and 88 more, which mattered less\n" in printed


BAD = [
    ("digits 10 --data strokes:60", "strokes:60, test, has 10 examples, 0 to 9; got 10"),
    ("digits 1 --data strokes:60 --split tset", "unknown split 'tset'"),
    ("digits 1 --data strokes:60 --label ten", "the model knows no class 'ten'"),
    ("digits none.png", "none.png does not exist"),
    ("digits none.csv", "none.csv cannot be read"),
    ("digits blank.png", "blank.png: the picture is blank"),
    ("digits x.png --data strokes:60", "--data goes with the INDEX of an example; x.png is a file"),
    ("flowers 1 --data strokes:60", "strokes:60: the model takes 2 inputs, the data have 784"),
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
