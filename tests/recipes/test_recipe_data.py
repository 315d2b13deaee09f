"""The data of a recipe: the validation split, and synthetic digits where MNIST is missing."""

import numpy as np
import pytest

from handgrad.errors import HandgradError
from handgrad.recipes.data import (
    fall_back_to_strokes,
    open_splits,
    with_share_for_validation,
)
from handgrad.recipes.loading import load_recipe, override


@pytest.mark.parametrize(("wanted", "examples"), [(0, 0), (30, 30), (0.25, 50), (0.0001, 1)])
def test_validation_is_a_number_or_a_share(wanted: float, examples: int) -> None:
    recipe = override(
        load_recipe("classic"), {"data": {"source": "strokes:200", "validation": wanted}}, "test"
    )
    splits = open_splits(recipe)
    assert len(splits.train) == 200 - examples
    assert (len(splits.validation) if splits.validation else 0) == examples


def test_the_seed_decides_what_is_set_aside() -> None:
    recipe = override(load_recipe("classic"), {"data": {"source": "strokes:200", "validation": 50}}, "test")
    first, again = open_splits(recipe), open_splits(recipe)
    other = open_splits(override(recipe, {"seed": 1}, "test"))
    np.testing.assert_array_equal(first.train.inputs, again.train.inputs)
    assert (first.train.inputs != other.train.inputs).any()


def test_too_large_a_validation_split_names_the_recipe() -> None:
    recipe = override(load_recipe("mlp"), {"data": {"source": "strokes:20", "validation": 20}}, "test")
    with pytest.raises(HandgradError, match=r"recipe mlp on strokes:20: cannot split 20.* set validation"):
        open_splits(recipe)


def test_a_share_of_other_data_is_set_aside() -> None:
    for name, source, validation in (
        ("convnet", "images", 0.1),
        ("convnet", "strokes:500", 2000),
        ("convnet", "mnist", 2000),
        ("classic", "images", 0),
    ):
        recipe = override(load_recipe(name), {"data": {"source": source}}, "test")
        assert with_share_for_validation(recipe).data.validation == validation


@pytest.mark.usefixtures("offline")
def test_without_mnist_synthetic_digits_replace_it_with_a_notice() -> None:
    recipe, notice = fall_back_to_strokes(load_recipe("classic"))
    assert recipe.data.source == "strokes"
    assert "strokes" in notice
    assert "\n" not in notice


@pytest.mark.usefixtures("mnist")
def test_with_mnist_nothing_is_replaced() -> None:
    recipe = load_recipe("classic")
    assert fall_back_to_strokes(recipe) == (recipe, "")
