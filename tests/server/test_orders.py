"""Wishes to train, as command lines."""

from pathlib import Path
from typing import Any

import pytest

from handgrad.errors import HandgradError
from handgrad.recipes.loading import load_recipe
from handgrad.server.model_in_use import Served
from handgrad.server.schemas import DataFacts, NewRun
from handgrad.server.train_command import order
from served import small_network

DIGITS = tuple("0123456789")


def facts(examples: int = 60_000, classes: tuple[str, ...] = DIGITS) -> DataFacts:
    return DataFacts(name="digits/mine", examples=examples, classes=list(classes), input_shape=[1, 28, 28])


def arguments(data: DataFacts | None = None, **wishes: Any) -> list[str]:
    wanted = NewRun.model_validate({"recipe": "mlp", "data": "digits/mine", **wishes})
    return order(wanted, data or facts(), "mine.npz", None).arguments


def test_every_wish_becomes_an_option() -> None:
    wishes: dict[str, Any] = {
        "epochs": 3,
        "batch_size": "all",
        "learning_rate": 0.25,
        "hidden": [40, 30],
        "seed": 7,
    }
    assert arguments(**wishes) == [
        *("mlp", "--data", "mine.npz", "--epochs", "3", "--batch-size", "all", "--learning-rate", "0.25"),
        *("--hidden", "40,30", "--seed", "7"),
    ]
    assert arguments(steps=5) == ["mlp", "--data", "mine.npz", "--steps", "5"]


def test_no_more_than_a_fifth_of_few_examples_is_set_aside() -> None:
    aside = load_recipe("convnet").data.validation
    assert isinstance(aside, int)
    assert arguments(facts(5 * aside), recipe="convnet") == ["convnet", "--data", "mine.npz"]
    assert arguments(facts(5 * aside - 1), recipe="convnet")[-2:] == ["--validation", "0.2"]


def test_a_recipe_is_named_and_not_found_by_a_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(load_recipe("mlp").toml())
    with pytest.raises(HandgradError, match="unknown recipe"):
        arguments(recipe=str(path))


@pytest.mark.parametrize(
    ("wishes", "told"),
    [
        ({"epochs": 1, "steps": 1}, "either steps or epochs"),
        ({"recipe": "convnet", "hidden": [3]}, "^hidden needs a recipe of dense layers; convnet has others"),
        ({"recipe": None}, "name a recipe"),
    ],
)
def test_what_contradicts_itself_is_told(wishes: dict[str, Any], told: str) -> None:
    with pytest.raises(HandgradError, match=told):
        arguments(**wishes)


def test_a_network_that_does_not_fit_the_data_is_told() -> None:
    table = DataFacts(name="digits/mine", examples=9, classes=["a", "b"], input_shape=[4])
    with pytest.raises(HandgradError, match="recipe convnet on digits/mine"):
        arguments(table, recipe="convnet")


def test_a_model_to_start_from_must_tell_its_recipe_and_fit() -> None:
    origin = Served.of("small", small_network(), None)
    for recipe, told in ((None, "does not tell its recipe"), ("mlp", "cannot start from small")):
        wanted = NewRun.model_validate({"recipe": recipe, "data": "digits/mine"})
        with pytest.raises(HandgradError, match=told):
            order(wanted, facts(), "mine.npz", origin)
