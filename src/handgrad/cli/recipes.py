"""``handgrad recipes``."""

from typing import Annotated

import typer

from handgrad.cli.options import Json
from handgrad.cli.output import emit


def recipes(
    name: Annotated[str | None, typer.Argument(help="Print this recipe as TOML.", metavar="NAME")] = None,
    json: Json = False,
) -> None:
    """List the built-in recipes, or print one."""
    import json as json_format

    from handgrad.recipes.loading import load_recipe, recipe_names, recipe_text

    if json:
        for wanted in [name] if name else recipe_names():
            recipe_text(wanted)
            emit(json_format.dumps(load_recipe(wanted).tables()))
    elif name:
        emit(recipe_text(name).rstrip("\n"))
    else:
        for known in recipe_names():
            emit(f"{known:<12}  {load_recipe(known).lesson}")
