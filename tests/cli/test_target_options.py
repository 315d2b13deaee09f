"""``--target`` and ``--task``: what the commands learn from a table, and what later commands know of it."""

import json
from pathlib import Path

import pytest

import handgrad as hg
from failing import fails, misused, prints
from fixture_types import Cli

ROWS = [(k, k % 7, f"{k / 2 - 3}", k % 2, k % 3 % 2) for k in range(120)]
TRAIN = "train mlp --data t.csv --hidden 4 --epochs 1 --threads 1"


@pytest.fixture(autouse=True)
def table(tmp_path: Path) -> None:
    for name, header in (("t", "a,b,price,tall,red"), ("other", "b,a,Cost,red,tall")):
        rows = "".join(",".join(map(str, row)) + "\n" for row in ROWS)
        (tmp_path / f"{name}.csv").write_text(f"{header}\n{rows}")


def test_targets_of_a_run_are_known_to_later_commands(cli: Cli, tmp_path: Path) -> None:
    assert "1 target" in prints(cli, f"{TRAIN} --target price --out one")
    network = hg.load_model(tmp_path / "one")
    assert (network.task, network.classes, network.features) == (
        "regression",
        ("price",),
        ("a", "b", "tall", "red"),
    )
    (tmp_path / "new.csv").write_text("a,b,red,tall,price\n1,2,0,1,2.5\n3,4,1,0,\n")
    found = [json.loads(line) for line in prints(cli, "predict one new.csv --json").splitlines()]
    assert [row["label"] for row in found] == [[2.5], None]
    prints(cli, "evaluate one --split train")
    prints(cli, "evaluate one --data t.csv")
    prints(cli, "evaluate one --data other.csv --target Cost")
    fails(cli, "no column named 'price'", "evaluate", "one", "--data", "other.csv", printed=False)
    misused(cli, "--target", "evaluate", "one", "--target", "price")
    prints(cli, "train one/recipe.toml --out again")
    assert hg.load_model(tmp_path / "again").classes == ("price",)


def test_several_targets(cli: Cli, tmp_path: Path) -> None:
    assert "2 labels" in prints(cli, f"{TRAIN} --target tall --target red --out labels")
    assert "2 targets" in prints(cli, f"{TRAIN} --target tall --target red --task regression --out numbers")
    for run in ("labels", "numbers"):
        prints(cli, f"evaluate {run} --data t.csv")
        prints(cli, f"explain {run} 3 --split train")
    assert "[data]" in (tmp_path / "labels/recipe.toml").read_text()


def test_many_integers_are_targets_and_that_is_printed(cli: Cli) -> None:
    assert "task     regression" in prints(cli, f"{TRAIN} --target a --out many")
    assert "120 classes" in prints(cli, f"{TRAIN} --target a --task classification --out classes")


def test_targets_are_shown(cli: Cli) -> None:
    assert "price: minimum, mean, maximum  -3, 26.75, 56.5" in prints(cli, "data show t.csv --target price")
    shown = prints(cli, "data show t.csv --target tall --target red").split()
    assert (shown[shown.index("tall") + 1], shown[shown.index("red") + 1]) == ("60", "40")
    fails(cli, "no column named 'Price'; did you mean 'price'?", "data", "show", "t.csv", "--target", "Price")
    misused(cli, "--task", "data", "show", "t.csv", "--task", "ranking")


def test_training_from_a_model_reads_a_table_as_that_model(cli: Cli, tmp_path: Path) -> None:
    rows = "".join(f"{k / 2},{'' if k % 5 else k},{('clay', 'sand')[k % 2]}\n" for k in range(60))
    (tmp_path / "first.csv").write_text(f"price,a,soil\n{rows}")
    (tmp_path / "more.csv").write_text("soil,price,a\n" + "clay,1.5,3\nclay,2,4\n" * 20)
    prints(cli, "train mlp --data first.csv --target price --hidden 4 --epochs 1 --threads 1 --out one")
    features = hg.load_model(tmp_path / "one").features
    assert features == ("a", "a=", "soil=clay", "soil=sand")
    more = "train --from one --data more.csv --validation 4 --epochs 4 --batch-size 9"
    prints(cli, f"{more} --out whole")
    prints(cli, f"{more} --out parts --time-limit 0.001s")
    prints(cli, "resume parts")
    assert hg.load_model(tmp_path / "whole").features == features
    assert (tmp_path / "parts/model.safetensors").read_bytes() == (
        tmp_path / "whole/model.safetensors"
    ).read_bytes()


def test_targets_of_a_model_are_taken_by_name(cli: Cli, tmp_path: Path) -> None:
    rows = "".join(f"{k},{k % 7},{3 * k}.5,{-k % 7}.25\n" for k in range(40))
    (tmp_path / "two.csv").write_text(f"a,b,price,rent\n{rows}")
    prints(cli, "train mlp --data two.csv --target price --target rent --epochs 2 --out TWO --no-test")
    found = [
        prints(cli, f"evaluate TWO --data two.csv --split train {targets} --json")
        for targets in ("--target price --target rent", "--target rent --target price", "")
    ]
    assert found[0] == found[1] == found[2]
    some = ["evaluate", "TWO", "--data", "two.csv", "--split", "train", "--target", "rent", "--target", "a"]
    fails(cli, "not all those of the model: price, rent", *some)
    (tmp_path / "semicolons.csv").write_text("a;price\n1;2\n")
    fails(cli, "separated by ';'", "train", "mlp", "--data", "semicolons.csv", "--target", "price")
