"""``handgrad predict`` on rows of tables, with every format that is read back, and what bad rows get."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from failing import fails
from fixture_types import Cli
from handgrad.data.load import load_data
from handgrad.exports.formats import load_model
from handgrad.recipes.data import open_splits
from handgrad.recipes.loading import load_recipe, override
from handgrad.recipes.recipe import Recipe
from handgrad.runs import Run

PLANTS = "height,soil,label\n" + "".join(
    f"{30 + 20 * (k % 2) + k % 5},{('clay', 'sand', '')[k % 3]},{('sage', 'peony')[k % 2]}\n"
    for k in range(60)
)


@pytest.fixture
def plants(tmp_path: Path) -> Path:
    """A run on a table of numbers and names."""
    (tmp_path / "plants.csv").write_text(PLANTS)
    data = {"data": {"source": str(tmp_path / "plants.csv")}, "training": {"epochs": 3}}
    train_run(override(load_recipe("mlp"), data, "test"), tmp_path / "PLANTS")
    return tmp_path


def train_run(recipe: Recipe, folder: Path) -> None:
    run = Run.start(recipe, open_splits(recipe), folder)
    with run.opened():
        list(run.train())


def answers(cli: Cli, *arguments: str | Path) -> list[dict[str, Any]]:
    done = cli("predict", *arguments, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_table_gets_an_answer_for_each_row(cli: Cli, plants: Path) -> None:
    found = answers(cli, "PLANTS", "plants.csv")
    data = load_data(plants / "plants.csv").train
    expected = load_model(plants / "PLANTS").predict_proba(data.inputs)
    np.testing.assert_allclose([list(row["probabilities"].values()) for row in found], expected, atol=1e-6)
    assert [row["row"] for row in found] == list(range(1, 61))
    assert [row["label"] for row in found] == [data.class_names[label] for label in data.labels]
    pl.read_csv(plants / "plants.csv").drop("label").select("soil", "height").write_parquet(
        plants / "new.parquet"
    )
    (plants / "bare.csv").write_text("31,clay\n")
    again = answers(cli, "PLANTS", "new.parquet", "bare.csv")
    assert [row["probabilities"] for row in again[:-1]] == [row["probabilities"] for row in found]
    assert again[-1]["file"] == "bare.csv"
    assert "label" not in again[-1]
    head, first, *_ = cli("predict", "PLANTS", "plants.csv").stdout.splitlines()
    assert head.split() == ["file", "class", "peony", "sage"]
    assert first.split()[:4] == ["plants.csv,", "row", "1", found[0]["class"]]


@pytest.mark.slow
def test_every_format_that_is_read_back_answers_alike(cli: Cli, plants: Path) -> None:
    expected = answers(cli, "PLANTS", "plants.csv")
    assert cli("export", "PLANTS", "--to", "onnx", "--out", "plants.onnx").returncode == 0
    for model in ("PLANTS/model.safetensors", "plants.onnx"):
        assert answers(cli, model, "plants.csv") == expected
    data = load_data(
        plants / "plants.csv"
    ).train  # parameter files know no names: they take inputs as numbers
    pl.DataFrame(data.inputs, schema=list(data.features)).write_csv(plants / "inputs.csv")
    found = answers(cli, "PLANTS/final_config", "inputs.csv")
    np.testing.assert_allclose(
        [list(row["probabilities"].values()) for row in found],
        [list(row["probabilities"].values()) for row in expected],
        atol=1e-5,
    )


@pytest.mark.slow
def test_rows_of_pixels_are_images(cli: Cli, tmp_path: Path) -> None:
    train_run(
        override(load_recipe("mlp"), {"data": {"source": "strokes:300"}, "training": {"epochs": 1}}, "test"),
        tmp_path / "RUN",
    )
    digits = load_data("strokes:300").split("test")
    rows = np.column_stack([digits.labels, digits.inputs])
    pl.DataFrame(rows).write_csv(tmp_path / "digits.csv", include_header=False)
    expected = load_model(tmp_path / "RUN").predict(digits.inputs)
    assert cli("export", "RUN", "--to", "onnx", "--out", "m.onnx").returncode == 0
    for model in ("RUN", "RUN/model.safetensors", "m.onnx", "RUN/final_config"):
        found = answers(cli, model, "digits.csv")
        assert [row["class"] for row in found] == [str(digit) for digit in expected]
        assert [row["label"] for row in found] == [str(digit) for digit in digits.labels]
    (tmp_path / "digits.csv").write_text(",".join(["7"] * 783 + ["256"]))
    fails(
        cli, "digits.csv, line 1, column 784", "predict", "RUN", "digits.csv", telling="'256' is not a pixel"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "r.csv is empty"),
        ("height,soil\n", "r.csv holds no examples"),
        ("31,clay,7,9\n", "takes 2 inputs, perhaps with a label before them; the first line has 4 cells"),
        ("height,soil\n31,clay\n32\n", "r.csv, line 3: 1 columns"),
        ("height,soil\n31,clay\nnan,clay\n", "r.csv, line 3, column 'height': 'nan' is not a finite number"),
        ("height,soil\n31,clay\n,clay\n", "r.csv, line 3, column 'height': no value"),
        (
            "height,soil\n31,clay\ntall,clay\n",
            "r.csv, line 3, column 'height': 'tall' is not a finite number",
        ),
        (
            "height,soil\n31,clay\n32,peat\n",
            "r.csv: row 2, column 'soil': 'peat' is not one of '', 'clay', 'sand'",
        ),
        ("height,ground\n31,clay\n", "r.csv has no column 'soil'; the model takes height, soil"),
        ("<html>\n", "web page"),
    ],
)
def test_bad_rows_get_one_line(cli: Cli, plants: Path, text: str, told: str) -> None:
    (plants / "r.csv").write_text(text)
    fails(cli, "r.csv", "predict", "PLANTS", "r.csv", telling=told)


def test_a_bad_file_does_not_cost_the_others_their_answers(cli: Cli, plants: Path) -> None:
    (plants / "bad.csv").write_text("1\n")
    done = cli("predict", "PLANTS", "bad.csv", "plants.csv", "none.csv", "a.png", "--json")
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 60
    bad, none, picture = done.stderr.splitlines()
    assert "bad.csv" in bad
    assert "none.csv" in none
    assert "not grey pictures" in picture


@pytest.mark.slow
def test_other_tables_are_measured_by_their_names(cli: Cli, plants: Path) -> None:
    whole = cli("evaluate", "PLANTS", "--data", "plants.csv", "--split", "train").stdout.splitlines()[0]
    rows = pl.read_csv(plants / "plants.csv")
    rows.select("label", "soil", "height").write_csv(plants / "turned.csv")
    turned = cli("evaluate", "PLANTS", "--data", "turned.csv", "--split", "train").stdout.splitlines()[0]
    assert turned.partition(":")[2] == whole.partition(":")[2].replace("plants", "turned")
    explained = cli("explain", "PLANTS", "0", "--data", "turned.csv", "--split", "train").stdout
    assert "soil=sand" in explained
    (plants / "other.csv").write_text("label,soil,height\nsage,peat,3\npeony,clay,4\n")
    fails(
        cli,
        "",
        "evaluate",
        "PLANTS",
        "--data",
        "other.csv",
        "--split",
        "train",
        telling="row 1, column 'soil': 'peat'",
    )
