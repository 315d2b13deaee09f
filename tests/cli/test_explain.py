"""``handgrad explain``: images, rows of tables, and bad input."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import handgrad as hg
from failing import fails, misused, prints
from fixture_types import Cli
from served import small_network


@pytest.fixture(autouse=True)
def models(tmp_path: Path) -> None:
    """Write models of digits and of flowers, tables of flowers, and images."""
    hg.save_model(small_network(), tmp_path / "digits.safetensors")
    scaling = hg.Scaling(np.array([2, 3.5]), np.array([1, 1.5]))
    flowers = hg.Network([hg.Dense(2)], 2, 0, scaling=scaling, classes=["lily", "rose"])
    hg.save_model(flowers, tmp_path / "flowers.safetensors")
    (tmp_path / "flowers.csv").write_text("label,petal length,petal width\n" + 6 * "rose,1,2\nlily,3,5\n")
    (tmp_path / "one.csv").write_text("rose,1,2\n")
    (tmp_path / "odd.csv").write_text("tulip,1,2\n")
    Image.new("L", (30, 30), 255).save(tmp_path / "blank.png")


def test_an_example_of_the_data(cli: Cli) -> None:
    printed = prints(cli, "explain digits.safetensors 3 --data strokes:60")
    label = hg.load_data("strokes:60").split("test").labels[3]
    assert f"strokes:60, test, example 3, labelled {label}: predicted as " in printed
    assert "█" in printed
    assert max(map(len, printed.splitlines())) <= 80
    for formula in ("z1 = x weights1ᵀ + biases1", "dz1 = da1 · [z1 > 0]", "dweights1 = dz1ᵀ x"):
        assert formula in printed
    image = printed.partition("Attribution")[2].partition("  -   a lighter pixel")[0]
    assert all(sign in image for sign in ("╋╋", "━━", "+", "-", "░░"))


def test_an_image_without_label_has_its_predicted_class(cli: Cli, tmp_path: Path) -> None:
    image = Image.fromarray(hg.load_data("strokes:60").train.inputs[0].reshape(28, 28)).resize((90, 90))
    image.save(tmp_path / "digit.png")
    predicted = cli("predict", "digits.safetensors", "digit.png").stdout.splitlines()[1].split()[1]
    printed = prints(cli, "explain digits.safetensors digit.png")
    assert f"digit.png: predicted as {predicted}, " in printed
    assert f"the loss is that of {predicted}, the predicted class" in printed


def test_tables_have_their_inputs_by_name(cli: Cli) -> None:
    printed = prints(cli, "explain flowers.safetensors 1 --data flowers.csv --split train")
    assert "labelled lily" in printed
    gradients, effects = printed.partition("Attribution")[2].split("Effect")
    rows = [line.split() for line in gradients.splitlines() if line.startswith("petal")]
    assert sorted(row[:4] for row in rows) == [["petal", "length", "3", "1"], ["petal", "width", "5", "1"]]
    sizes = [abs(float(row[4])) for row in rows]
    assert sizes == sorted(sizes, reverse=True)
    model = hg.load_model("flowers.safetensors")
    with_means = model.predict_proba(np.array([[3, 5], [2, 5], [3, 3.5]]))
    predicted = with_means[0].argmax()
    found = {
        line.split()[1]: float(line.split()[-1]) for line in effects.splitlines() if line.startswith("petal")
    }
    expected = 100 * (with_means[0] - with_means)[1:, predicted]
    assert [found["length"], found["width"]] == pytest.approx(expected, rel=1e-3)
    assert "one.csv, labelled rose: " in prints(cli, "explain flowers.safetensors one.csv")


def test_a_missing_number_is_named(cli: Cli, tmp_path: Path) -> None:
    features, scaling = ("age", "age=", "size"), hg.Scaling(np.array([40.0, 0.2, 1.0]), np.ones(3))
    network = hg.Network([hg.Dense(1)], 3, 0, features=features, task="regression", scaling=scaling)
    hg.save_model(network, tmp_path / "ages.safetensors")
    for cell, value in (("", "missing"), ("35", "35")):
        (tmp_path / "age.csv").write_text(f"age,size\n{cell},1\n")
        effects = prints(cli, "explain ages.safetensors age.csv").partition("Effect")[2]
        (row,) = (line.split() for line in effects.splitlines() if line.startswith("age"))
        assert row[1:3] == [value, "40"]


def test_another_label_and_json(cli: Cli) -> None:
    printed = prints(cli, "explain flowers.safetensors one.csv --label lily --json")
    first, *steps = map(json.loads, printed.splitlines())
    assert (first["example"], first["label"]) == ("one.csv", "lily")
    values = {step["name"]: step["values"] for step in steps}
    expected = hg.explain(hg.load_model("flowers.safetensors"), [1, 2], 0)
    np.testing.assert_allclose(values["dx"], expected["dx"])
    assert values["x"] == [[-1, -1]]
    misused(cli, "no class 'tulip'", "explain", "flowers.safetensors", "one.csv", "--label", "tulip")


def test_traces(cli: Cli) -> None:
    entries = ["--trace", "z1[0,1]", "--trace", "loss"]
    printed = prints(cli, "explain flowers.safetensors one.csv", *entries)
    assert printed.startswith("z1[0,1] = Σ[i] x[0,i] · weights1[1,i] + biases1[1]\n  i=0   (−1) · ")
    assert "\nloss = " in printed
    explanation = hg.explain(hg.load_model("flowers.safetensors"), [1, 2], 1)
    objects = [
        json.loads(line)
        for line in prints(cli, "explain flowers.safetensors one.csv --json", *entries).splitlines()
    ]
    assert [found["name"] for found in objects] == ["z1", "loss"]
    assert [found["value"] for found in objects] == pytest.approx(
        [explanation["z1"][0, 1], float(explanation["loss"])]
    )
    for entry, word in {
        "z2[0,0]": "z1",
        "z1[0]": "shape",
        "z1[0,2]": "shape",
        "weights1[0,0]": "learned",
    }.items():
        misused(cli, word, "explain", "flowers.safetensors", "one.csv", "--trace", entry)


def test_large_and_coloured_images_fit_a_line(cli: Cli, tmp_path: Path) -> None:
    network = hg.Network([hg.Flatten(), hg.Dense(2)], (3, 64, 90), 0, scaling=hg.Scaling.of_bytes())
    hg.save_model(network, tmp_path / "large.safetensors")
    inputs = np.random.default_rng(0).integers(256, size=(2, 3, 64, 90), dtype=np.uint8)
    np.savez(tmp_path / "large.npz", x=inputs, y=np.arange(2))
    printed = prints(cli, "explain large.safetensors 0 --data large.npz")
    drawn = printed.split("\n\n")[1].splitlines()
    assert (len(drawn), max(map(len, drawn))) == (22, 60)


@pytest.mark.parametrize(
    ("command", "word"),
    [
        ("digits 10 --data strokes:60", "strokes:60, test, has 10 examples, from 0; got 10"),
        ("digits none.png", "none.png does not exist"),
        ("digits blank.png", "blank.png"),
        ("flowers 1 --data strokes:60", "strokes:60"),
        ("flowers flowers.csv", "flowers.csv holds 12 rows"),
        ("flowers odd.csv", "odd.csv: the model has no class 'tulip'"),
        ("flowers blank.png", "(2,)"),
    ],
)
def test_bad_input_is_one_line(cli: Cli, command: str, word: str) -> None:
    model, *arguments = command.split()
    fails(cli, word, "explain", f"{model}.safetensors", *arguments)
