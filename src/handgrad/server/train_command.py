"""From a wish to train to a command line, checked before anything is started."""

from dataclasses import dataclass
from typing import Any

from handgrad.errors import HandgradError
from handgrad.recipes.loading import load_recipe, override, parse_recipe, recipe_text, with_hidden
from handgrad.recipes.recipe import Recipe
from handgrad.server.model_in_use import Served
from handgrad.server.schemas import DataFacts, NewRun
from handgrad.training.fine_tuning import begin_from

SHARE = 5
"""Of few examples, no more than one in so many is set aside, whatever the recipe says."""


@dataclass(frozen=True)
class Order:
    """What `handgrad train` is to be called with.

    Attributes
    ----------
    stem : str
        The run's name, without its number.
    arguments : list of str
        Without ``--out`` and ``--from``.
    first : bytes or None
        The model to start from.
    """

    stem: str
    arguments: list[str]
    first: bytes | None


def order(wanted: NewRun, facts: DataFacts, source: str, origin: Served | None) -> Order:
    """Check a wish, and put it as a command line.

    Parameters
    ----------
    wanted : NewRun
    facts : DataFacts
        Of the data.
    source : str
        The data as `handgrad.load` takes them.
    origin : Served, optional
        The model to start from.

    Raises
    ------
    HandgradError
        If the recipe is unknown, a value does not fit it, or the model to start from does not.
    """
    recipe = _recipe(wanted.recipe, origin)
    arguments = [wanted.recipe] if wanted.recipe else []
    arguments += ["--data", source]
    changes: dict[str, dict[str, Any]] = {"training": {}, "optimizer": {}}
    for key in ("epochs", "steps", "batch_size", "learning_rate"):
        value = getattr(wanted, key)
        if value is not None:
            changes["optimizer" if key == "learning_rate" else "training"][key] = value
            arguments += [
                f"--{key.replace('_', '-')}",
                repr(value) if isinstance(value, float) else str(value),
            ]
    recipe = override(recipe, changes, "the request")
    if wanted.hidden is not None:
        try:
            recipe = with_hidden(recipe, wanted.hidden, "the request")
        except HandgradError as error:
            raise HandgradError(f"hidden needs a recipe of dense layers; {recipe.name} has others") from error
        arguments += ["--hidden", ",".join(map(str, wanted.hidden))]
    if wanted.seed is not None:
        arguments += ["--seed", str(wanted.seed)]
    validation = recipe.data.validation
    if isinstance(validation, int) and validation * SHARE > facts.examples:
        arguments += ["--validation", f"{1 / SHARE}"]
    try:
        network = recipe.build_network(tuple(facts.input_shape), tuple(facts.classes))
    except HandgradError as error:
        raise HandgradError(f"recipe {recipe.name} on {facts.name}: {error}") from error
    if origin is not None:
        begin_from(network, origin.network, origin.name)
    return Order(recipe.name, arguments, origin.content if origin else None)


def _recipe(name: str | None, origin: Served | None) -> Recipe:
    if name is not None:
        recipe_text(name)  # only built-in ones: load_recipe would take a path, too
        return load_recipe(name)
    if origin is None:
        raise HandgradError("name a recipe, or a model to start from")
    if origin.recipe is None:
        raise HandgradError(f"{origin.name} does not tell its recipe; name one")
    return parse_recipe(origin.recipe, origin.name)
