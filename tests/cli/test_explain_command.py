"""``handgrad explain``: what a person sees, what a program reads, and what bad input gets."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import handgrad as hg
from cli.test_bad_input import fails
from conftest import Cli

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


def test_bad_input_gets_one_line(cli: Cli, model: str, flowers: str, tmp_path: Path) -> None:
    fails(
        cli,
        "strokes:60",
        "explain",
        model,
        "10",
        "--data",
        "strokes:60",
        telling="examples, 0 to 9; got 10",
    )
    fails(cli, "tset", "explain", model, "1", "--data", "strokes:60", "--split", "tset")
    fails(
        cli,
        "ten",
        "explain",
        model,
        "1",
        "--data",
        "strokes:60",
        "--label",
        "ten",
        telling="no class 'ten'",
    )
    fails(cli, "none.png", "explain", model, "none.png", telling="does not exist")
    fails(cli, "none.csv", "explain", model, "none.csv", telling="cannot be read")
    fails(cli, "nowhere", "explain", "nowhere", "1")
    fails(
        cli, "x.png", "explain", model, "x.png", "--data", "strokes:60", telling="--data goes with the INDEX"
    )
    fails(
        cli, "", "explain", flowers, "1", "--data", "strokes:60", telling="takes 2 inputs, the data have 784"
    )
    fails(cli, "flowers.csv", "explain", flowers, "flowers.csv", telling="holds 12 rows")
    (tmp_path / "odd.csv").write_text("tulip,1,2\n")
    fails(cli, "tulip", "explain", flowers, "odd.csv", telling="odd.csv: the model knows no class 'tulip'")
    Image.new("L", (30, 30), 255).save(tmp_path / "blank.png")
    fails(cli, "blank.png", "explain", model, "blank.png", telling="blank")
    fails(cli, "blank.png", "explain", flowers, "blank.png", telling="not grey pictures")
    assert cli("explain", model).returncode == 2
