"""The data of a recipe: the validation split, and synthetic digits where MNIST is missing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from failing import refusal
from handgrad.recipes.data import fall_back_to_strokes, open_splits, with_share_for_validation
from handgrad.recipes.loading import override
from handgrad.recipes.recipe import Recipe


def recipe(name: str = "classic", seed: int = 0, **data: Any) -> Recipe:
    return override(hg.load_recipe(name), {"data": data, "seed": seed}, "test")


@pytest.mark.parametrize(("wanted", "examples"), [(0, 0), (30, 30), (0.25, 50), (0.0001, 1)])
def test_validation_is_a_number_or_a_share(wanted: float, examples: int) -> None:
    splits = open_splits(recipe(source="strokes:200", validation=wanted))
    assert (len(splits.train), len(splits.validation or ())) == (200 - examples, examples)


def test_the_seed_decides_what_is_set_aside() -> None:
    first, again, other = (
        open_splits(recipe(source="strokes:200", validation=50, seed=seed)).train.inputs for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    line = refusal(open_splits, recipe("mlp", source="strokes:20", validation=20))
    assert "data.validation of recipe mlp on strokes:20: cannot split 20" in line
    assert line.endswith("set validation to 1 to 19")


def test_a_share_of_other_data_is_set_aside() -> None:
    for source, validation in (("images", 0.1), ("strokes.csv", 0.1), ("strokes:500", 2000), ("mnist", 2000)):
        assert with_share_for_validation(recipe("convnet", source=source)).data.validation == validation
    assert with_share_for_validation(recipe("classic", source="images")).data.validation == 0


@pytest.mark.usefixtures("offline")
def test_where_mnist_is_missing_synthetic_digits_replace_it(monkeypatch: pytest.MonkeyPatch) -> None:
    changed, notice = fall_back_to_strokes(recipe())
    assert changed.data.source == "strokes"
    assert notice.startswith("training on strokes, synthetic digits: cannot download")
    monkeypatch.setattr("handgrad.recipes.data.ensure", lambda name: None)
    assert fall_back_to_strokes(recipe()) == (recipe(), "")


def test_targets_and_task_of_a_recipe(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,x,y\n" + "".join(f"{k},{k % 2},{k % 3 % 2}\n" for k in range(20)))
    source = str(tmp_path / "t.csv")
    found = open_splits(recipe(source=source, target=["x", "y"], validation=0.2))
    assert (found.train.task, found.train.classes) == ("multilabel", ("x", "y"))
    splits = open_splits(recipe(source=source, target="x", task="regression", validation=source))
    assert splits.validation is not None
    assert (splits.train.task, splits.validation.task, splits.train.classes) == (*["regression"] * 2, ("x",))
    assert "data.target" in refusal(recipe, target=[])
    assert "data.task" in refusal(recipe, task="ranking")
