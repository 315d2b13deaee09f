"""The recipes on MNIST reach the accuracy that their pages state; of long ones the first epochs are trained."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from handgrad.recipes import loading
from handgrad.recipes.data import open_splits
from handgrad.recipes.loading import LADDER, override

RUNGS: dict[str, tuple[dict[str, Any], float]] = {  # what is changed, and what must be reached
    "mlp": ({}, 0.98),
    "dropout": ({"training": {"epochs": 3}}, 0.975),
    "elastic": ({"training": {"epochs": 3}}, 0.975),
    "convnet": ({}, 0.988),
    "best": ({"training": {"epochs": 1}}, 0.985),
    "synthetic": ({"data": {"source": "strokes:60000"}}, 0.965),
}


def test_every_recipe_is_trained() -> None:
    written = {path.stem for path in Path(loading.__file__).parent.glob("*.toml")}
    assert {"classic", *RUNGS} == set(LADDER) == written


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNGS)
def test_a_recipe_reaches_its_accuracy(mnist: hg.Splits, name: str) -> None:
    changes, least = RUNGS[name]
    recipe = override(hg.load_recipe(name), changes, "test")
    network, splits = recipe.build_network(), open_splits(recipe)
    hg.fit(network, splits, state=hg.TrainingState(recipe.training_rng()), **recipe.training_arguments())
    assert hg.evaluate(network, mnist.split("test")).accuracy >= least


@pytest.mark.slow
@pytest.mark.parametrize("name", LADDER)
def test_every_gradient_of_a_recipe_is_correct(name: str) -> None:
    recipe = hg.load_recipe(name)
    network = recipe.build_network(dtype=np.float64)
    network.scaling = hg.Scaling.of_bytes()
    loss = recipe.training_arguments()["loss"]
    assert all(check.passed for check in hg.check_gradients(network, loss=loss))
