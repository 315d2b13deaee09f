"""The recipes of the ladder, trained on MNIST once for all tests of a session; of long ones the first epochs."""

from functools import cache
from typing import Any

import handgrad as hg
from handgrad.recipes.data import open_splits
from handgrad.recipes.loading import override

RUNGS: dict[str, tuple[dict[str, Any], float]] = {  # what is changed, and the accuracy that must be reached
    "classic": ({}, 0.8),
    "mlp": ({}, 0.98),
    "dropout": ({"training": {"epochs": 3}}, 0.975),
    "elastic": ({"training": {"epochs": 3}}, 0.975),
    "convnet": ({}, 0.988),
    "best": ({"training": {"epochs": 1}}, 0.985),
    "synthetic": ({"data": {"source": "strokes:60000"}}, 0.965),
}


@cache
def trained(name: str) -> hg.Network:
    """Train a recipe, and return its network."""
    recipe = override(hg.load_recipe(name), RUNGS[name][0], "test")
    network, state = recipe.build_network(), hg.TrainingState(recipe.training_rng())
    hg.fit(network, open_splits(recipe), state=state, **recipe.training_arguments())
    return network
