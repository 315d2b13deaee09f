"""``handgrad recipes list`` and ``show``, and ``handgrad check``."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.cli.completion import complete_checked, recipe_names
from handgrad.cli.options import FAILED, SUCCEEDED, Json, option, usage_errors
from handgrad.cli.output import emit, emit_json, table
from handgrad.errors import HandgradError

if TYPE_CHECKING:
    from handgrad.recipes.recipe import Recipe
    from handgrad.training.gradient_check import Check

RECIPE_HELP = "A built-in recipe, a TOML file, or a Python file that defines a network or loss."
SHOW_HELP = "Print the entries with the largest errors of every gradient."
ROW = "{:<18}{:<12}{:<14}{:>10}{:>16}  {}"

app = typer.Typer(help="List and show the built-in recipes.", no_args_is_help=True)


Name = Annotated[str, typer.Argument(help="A built-in recipe.", metavar="NAME", autocompletion=recipe_names)]
Checked = Annotated[str, typer.Argument(help=RECIPE_HELP, metavar="RECIPE", autocompletion=complete_checked)]


def open_recipe(name: str, hint: str = "RECIPE") -> "Recipe":
    """Load a recipe; wrong usage if it is neither a built-in one nor a file."""
    from handgrad.recipes.loading import load_recipe

    try:
        return load_recipe(name)
    except HandgradError as error:
        if Path(name).suffix == ".toml" or Path(name).is_file():
            raise
        raise typer.BadParameter(str(error), param_hint=hint) from error


@app.command("list")
def list_recipes() -> None:
    """List the built-in recipes."""
    from handgrad.recipes.loading import load_recipe

    rows = [[name, load_recipe(name).lesson] for name in recipe_names()]
    emit(table(["recipe", "lesson"], rows, left=2))


@app.command("show")
def show_recipe(name: Name) -> None:
    """Print a built-in recipe as TOML.

    Save it as a file to change it, and train the file.
    """
    from handgrad.recipes.loading import recipe_text

    with usage_errors():
        emit(recipe_text(name).rstrip("\n"))


def check(
    recipe: Checked = "classic",
    show: Annotated[bool, option("--show", SHOW_HELP)] = False,
    json: Json = False,
) -> int:
    """Compare every gradient with a numerical one.

    Exit with status 1 if one is wrong.
    """
    from dataclasses import asdict

    from handgrad.kernels.backend import kernels
    from handgrad.training.gradient_check import TOLERANCE

    wrong, checks, used = 0, _checks(recipe), kernels.name
    if not json:
        emit(ROW.format("layer", "parameter", "shape", "compared", "largest error", "verdict"))
    for result in checks:
        wrong += not result.passed
        if json:
            emit_json({**asdict(result), "passed": result.passed, "kernels": used})
            continue
        shape, verdict = "×".join(map(str, result.shape)), "correct" if result.passed else "WRONG"
        cells = (f"{result.entries:,}", f"{result.error:.1e}", verdict)
        emit(ROW.format(result.layer, result.parameter, shape, *cells))
        for entry in result.worst if show else result.worst[: not result.passed]:
            index = ",".join(map(str, entry.index))
            emit(f"  entry [{index}]: analytic {entry.analytic:.9g}, numerical {entry.numerical:.9g}")
    if not json:
        verdict = f"{wrong} gradients are wrong" if wrong else "every gradient is correct"
        emit(f"\n{verdict}: relative errors up to {TOLERANCE:.0e} pass; kernels: {used}, float64")
    return FAILED if wrong else SUCCEEDED


def _checks(name: str) -> "Iterable[Check]":
    """Check the network and the loss of a recipe, or those that a Python file defines."""
    from itertools import chain

    import numpy as np

    from handgrad.model.scaling import Scaling
    from handgrad.training.gradient_check import check_gradients, check_loss
    from handgrad.training.user_code import load_user_code

    if Path(name).suffix == ".py":
        networks, losses = load_user_code(Path(name))
        return chain(*map(check_gradients, networks), map(check_loss, losses))
    recipe = open_recipe(name)
    network = recipe.build_network(dtype=np.float64)
    network.scaling = Scaling.of_bytes()
    return check_gradients(network, loss=recipe.training_arguments()["loss"])
