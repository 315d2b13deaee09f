"""Requests to train, as command lines."""

from pathlib import Path
from typing import Any

import pytest

from handgrad.data import memory
from handgrad.errors import HandgradError
from handgrad.recipes.loading import load_recipe
from handgrad.server.models import ServedModel
from handgrad.server.schemas import DataFacts, NewRun
from handgrad.server.trainings import train_command
from served import small_network

DIGITS = tuple("0123456789")


def facts(examples: int = 60_000, classes: tuple[str, ...] = DIGITS) -> DataFacts:
    return DataFacts(name="digits/mine", examples=examples, classes=list(classes), input_shape=[1, 28, 28])


def arguments(data: DataFacts | None = None, **changes: Any) -> list[str]:
    wanted = NewRun.model_validate({"recipe": "mlp", "data": "digits/mine", **changes})
    return train_command(wanted, data or facts(), "mine.npz", None).arguments


def test_every_value_becomes_an_option() -> None:
    changes: dict[str, Any] = {
        "epochs": 3,
        "batch_size": "all",
        "learning_rate": 0.25,
        "hidden": [40, 30],
        "seed": 7,
    }
    assert arguments(**changes) == [
        *("mlp", "--data", "mine.npz", "--epochs", "3", "--batch-size", "all", "--learning-rate", "0.25"),
        *("--hidden", "40,30", "--seed", "7"),
    ]
    assert arguments(steps=5) == ["mlp", "--data", "mine.npz", "--steps", "5"]


def test_at_most_a_fifth_of_the_examples_validates() -> None:
    aside = load_recipe("convnet").data.validation
    assert isinstance(aside, int)
    assert arguments(facts(5 * aside), recipe="convnet") == ["convnet", "--data", "mine.npz"]
    assert arguments(facts(5 * aside - 1), recipe="convnet")[-2:] == ["--validation", "0.2"]


def test_training_that_would_not_fit_into_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda: 10**6)
    with pytest.raises(HandgradError, match="memory"):
        arguments(hidden=[800])


def test_path_is_not_a_recipe(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(load_recipe("mlp").toml())
    with pytest.raises(HandgradError, match="unknown recipe"):
        arguments(recipe=str(path))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"epochs": 1, "steps": 1}, "either steps or epochs"),
        ({"recipe": "convnet", "hidden": [3]}, "^hidden needs a recipe of dense layers; convnet has others"),
        ({"recipe": None}, "name a recipe"),
        ({"hidden": [4096] * 8}, "limit"),
    ],
)
def test_contradictions_are_refused(changes: dict[str, Any], word: str) -> None:
    with pytest.raises(HandgradError, match=word):
        arguments(**changes)


def test_network_that_does_not_fit_the_data_is_refused() -> None:
    table = DataFacts(name="digits/mine", examples=9, classes=["a", "b"], input_shape=[4])
    with pytest.raises(HandgradError, match="recipe convnet on digits/mine"):
        arguments(table, recipe="convnet")


def test_model_to_start_from_must_contain_its_recipe_and_fit() -> None:
    origin = ServedModel.of("small", small_network(), None)
    for recipe, word in ((None, "does not contain its recipe"), ("mlp", "cannot start from small")):
        wanted = NewRun.model_validate({"recipe": recipe, "data": "digits/mine"})
        with pytest.raises(HandgradError, match=word):
            train_command(wanted, facts(), "mine.npz", origin)
