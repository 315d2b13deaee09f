"""Recipes by name or from a file, checked, and with changed values."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, NamedTuple

from handgrad.errors import HandgradError, suggest
from handgrad.files import usable
from handgrad.model.layers import Dense
from handgrad.recipes.recipe import Recipe


class Rung(NamedTuple):
    """What docs/learn/ladder.md reports of a recipe on MNIST."""

    accuracy: float  # on the test split
    seconds: float  # of the training


LADDER = {
    "classic": Rung(0.8498, 7.5),
    "mlp": Rung(0.9825, 1.0),
    "dropout": Rung(0.9913, 230.0),
    "elastic": Rung(0.9953, 1080.0),
    "convnet": Rung(0.9901, 1.8),
    "best": Rung(0.9971, 720.0),
    "synthetic": Rung(0.9883, 24.0),
}
"""The built-in recipes, in the order of their lessons."""


def parse_recipe(tables: Mapping[str, Any], where: str) -> Recipe:
    """Build a recipe from plain tables; HandgradError, which names `where`, if a key or a value is invalid."""
    try:
        return Recipe.from_config(tables)
    except HandgradError as error:
        raise HandgradError(f"{where}: {error}") from error


def override(recipe: Recipe, changes: Mapping[str, Mapping[str, Any] | Any], where: str) -> Recipe:
    """Return a recipe with changed values, such as ``{"training": {"epochs": 3}, "seed": 1}``."""
    tables = recipe.tables()
    if changes.keys() - {"data", "seed"}:
        tables["lesson"] = ""  # it describes the unchanged recipe
    for key, change in changes.items():
        table = tables.get(key, {})
        both = isinstance(change, Mapping) and isinstance(table, Mapping)
        same = both and change.get("type") in (None, table.get("type"))  # another class has its own defaults
        tables[key] = {**table, **change} if same else change
    training = changes.get("training")
    if isinstance(training, Mapping):
        for key, other in (("steps", "epochs"), ("epochs", "steps")):
            if key in training and other not in training:
                tables["training"].pop(other, None)  # one replaces the other
        if recipe.training.batch_size == "all" and isinstance(training.get("batch_size"), int):
            tables["training"]["record_every"] = training.get("record_every", 1)
    return parse_recipe(tables, where)


def with_hidden(recipe: Recipe, widths: list[int], where: str) -> Recipe:
    """Return a recipe of dense layers with other hidden layers: copies of the first one, with these widths."""
    layers = recipe.network.layers
    starts = [index for index, layer in enumerate(layers) if layer["type"] == Dense.__name__]
    if len(starts) < 2 or starts[0] != 0:
        raise HandgradError(
            f"{where}: hidden widths need a recipe of dense layers; {recipe.name} has other layers"
        )
    pattern = layers[: starts[1]]
    hidden = [layer for width in widths for layer in ({**pattern[0], "units": width}, *pattern[1:])]
    return override(recipe, {"network": {"layers": [*hidden, *layers[starts[-1] :]]}}, where)


def recipe_text(name: str) -> str:
    """Return the TOML text of a built-in recipe."""
    if name not in LADDER:
        raise HandgradError(f"unknown recipe '{name}'{suggest(name, LADDER)}")
    return files(__package__).joinpath(f"{name}.toml").read_text("utf-8")


def load_recipe(name: str) -> Recipe:
    """Load a built-in recipe by name, or a TOML file by its path.

    Parameters
    ----------
    name : str or path
        Name, e.g. ``"mlp"``, or path of a file that ends in ``.toml``.

    Returns
    -------
    Recipe
        Recipe. Its `build_network` and `training_arguments` are what `train` takes.

    Raises
    ------
    HandgradError
        If the recipe is unknown, or a key or a value is invalid.

    Examples
    --------
    >>> import handgrad as hg
    >>> recipe = hg.load_recipe("mlp")
    >>> print(recipe.lesson)
    mini-batches, Adam and He's initialization
    >>> recipe.build_network().parameter_count
    101770
    >>> recipe.training_arguments()["schedule"]
    OneCycle(warmup=0.0, start=0.04, peak=0.3, final=0.0)
    """
    path = usable(name)
    if name in LADDER or (path.suffix != ".toml" and not path.is_file()):
        return parse_recipe(tomllib.loads(recipe_text(name)), f"recipe {name}")
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise HandgradError(f"cannot read the recipe {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # also numbers and nesting beyond the limits of Python
        raise HandgradError(f"{path} is not valid TOML: {error}") from error
    return parse_recipe(tables, str(path))
