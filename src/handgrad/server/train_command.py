"""The command line of a training that a request describes, checked before anything is started."""

from dataclasses import dataclass
from typing import Any

from handgrad.data.memory import check_memory
from handgrad.errors import HandgradError
from handgrad.recipes.loading import load_recipe, override, parse_recipe, recipe_text, with_hidden
from handgrad.recipes.recipe import Recipe
from handgrad.server.models import ServedModel
from handgrad.server.schemas import DataFacts, NewRun
from handgrad.training.fine_tuning import begin_from

VALIDATION_SHARE = 5
"""At most one in five examples is set aside for validation, whatever the recipe says."""
MAX_PARAMETERS = 25_000_000
COPIES = 12
"""Vectors as long as the parameters that a training may hold, e.g. moments and the gradient of each thread."""


@dataclass(frozen=True)
class TrainCommand:
    """The name of a run without its number, the arguments of ``handgrad train``, and the model to start from."""

    name: str
    arguments: list[str]
    start: bytes | None


def train_command(wanted: NewRun, facts: DataFacts, source: str, origin: ServedModel | None) -> TrainCommand:
    """Check a request to train on data, perhaps from a model, and return its command line.

    Raise HandgradError if the recipe is unknown, or a value, the data or the model to start from do not fit it.
    """
    recipe = _recipe(wanted.recipe, origin)
    arguments = [*([wanted.recipe] if wanted.recipe else []), "--data", source]
    changes: dict[str, dict[str, Any]] = {"training": {}, "optimizer": {}}
    values = wanted.model_dump(include={"epochs", "steps", "batch_size", "learning_rate"}, exclude_none=True)
    for key, value in values.items():
        changes["optimizer" if key == "learning_rate" else "training"][key] = value
        arguments += [f"--{key.replace('_', '-')}", str(value)]
    recipe = override(recipe, changes, "the request")
    if wanted.hidden is not None:
        try:
            recipe = with_hidden(recipe, wanted.hidden, "the request")
        except HandgradError as error:
            raise HandgradError(f"hidden needs a recipe of dense layers; {recipe.name} has others") from error
        arguments += ["--hidden", ",".join(map(str, wanted.hidden))]
        widths = [*wanted.hidden, len(facts.classes)]
        weights = sum(a * b for a, b in zip([784, *widths], widths, strict=False))
        if weights > MAX_PARAMETERS:
            raise HandgradError(
                f"hidden: the network would have {weights:,} weights; the limit is {MAX_PARAMETERS:,}"
            )
    if wanted.seed is not None:
        arguments += ["--seed", str(wanted.seed)]
    validation = recipe.data.validation
    if isinstance(validation, int) and validation * VALIDATION_SHARE > facts.examples:
        arguments += ["--validation", f"{1 / VALIDATION_SHARE}"]
    try:
        network = recipe.build_network(tuple(facts.input_shape), tuple(facts.classes))
    except HandgradError as error:
        raise HandgradError(f"recipe {recipe.name} on {facts.name}: {error}") from error
    check_memory(COPIES * network.flat_parameters.nbytes, f"recipe {recipe.name} with these widths")
    if origin is not None:
        begin_from(network, origin.network, origin.name)
    return TrainCommand(recipe.name, arguments, origin.content if origin else None)


def _recipe(name: str | None, origin: ServedModel | None) -> Recipe:
    if name is not None:
        recipe_text(name)  # refuses names that are not built in: load_recipe would also take a path
        return load_recipe(name)
    if origin is None:
        raise HandgradError("name a recipe, or a model to start from")
    if origin.recipe is None:
        raise HandgradError(f"{origin.name} does not contain its recipe; name one")
    return parse_recipe(origin.recipe, origin.name)
