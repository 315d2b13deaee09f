"""``handgrad recipes list`` and ``handgrad recipes show``."""

from typing import Annotated

import typer

from handgrad.cli.options import Json
from handgrad.cli.output import emit, emit_json, table

app = typer.Typer(help="List and show the built-in recipes.", no_args_is_help=True)


def recipe_names() -> list[str]:
    """Return the names of the built-in recipes, for completion."""
    from handgrad.recipes.loading import recipe_names

    return recipe_names()


@app.command("list")
def list_recipes(json: Json = False) -> None:
    """List the built-in recipes."""
    from handgrad.recipes.loading import load_recipe

    recipes = [load_recipe(name) for name in recipe_names()]
    if json:
        for recipe in recipes:
            emit_json(recipe.tables())
    else:
        emit(table(["recipe", "lesson"], [[recipe.name, recipe.lesson] for recipe in recipes], left=2))


@app.command("show")
def show_recipe(
    name: Annotated[
        str, typer.Argument(help="A built-in recipe.", metavar="NAME", autocompletion=recipe_names)
    ],
    json: Json = False,
) -> None:
    """Print a built-in recipe as TOML, to change and train."""
    from handgrad.recipes.loading import load_recipe, recipe_text

    if json:
        emit_json(load_recipe(name).tables())
    else:
        emit(recipe_text(name).rstrip("\n"))
