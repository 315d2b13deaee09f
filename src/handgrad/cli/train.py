"""``handgrad train``."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.cli.options import (
    Attached,
    Data,
    Json,
    NoTest,
    Quiet,
    Tensorboard,
    Threads,
    TimeLimit,
    absolute,
    parse_batch_size,
    parse_duration,
    parse_hidden,
    parse_place,
    parse_settings,
    parse_validation,
)
from handgrad.cli.run_training import carry_out, last_words_of

if TYPE_CHECKING:
    from handgrad.recipes.recipe import Recipe


def train(
    recipe: Annotated[
        str | None,
        typer.Argument(
            help="A built-in recipe, classic unless given, or a TOML file.",
            metavar="RECIPE",
            show_default=False,
        ),
    ] = None,
    data: Data = None,
    start: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="MODEL", help="Start from its parameters, and without RECIPE train its own."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", parser=parse_place, help="Folder of the run; runs/RECIPE-N unless given."
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", help="Seed of all randomness.")] = None,
    epochs: Annotated[int | None, typer.Option("--epochs", metavar="N", help="Passes over the data.")] = None,
    steps: Annotated[
        int | None, typer.Option("--steps", metavar="N", help="Updates, instead of epochs.")
    ] = None,
    batch_size: Annotated[
        str | None, typer.Option("--batch-size", metavar="N|all", help="Examples an update.")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option("--learning-rate", metavar="X", help="Size of an update.")
    ] = None,
    hidden: Annotated[
        str | None, typer.Option("--hidden", metavar="N,N,…", help="Widths of the hidden layers, as 128,64.")
    ] = None,
    validation: Annotated[
        str | None,
        typer.Option(
            "--validation", metavar="N|SRC", help="Examples to set aside, a share of them, or other data."
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change anything else in the recipe, repeatedly."),
    ] = None,
    time_limit: TimeLimit = None,
    threads: Threads = None,
    tensorboard: Tensorboard = False,
    no_test: NoTest = False,
    json: Json = False,
    quiet: Quiet = False,
    attached: Attached = False,
) -> int:
    """Train, save, and measure on the test split."""
    import sys

    from handgrad import __version__
    from handgrad.data.mnist import COLLECTIONS
    from handgrad.kernels.threads import choose_threads
    from handgrad.recipes.data import (
        fall_back_to_strokes,
        open_together,
        with_share_for_validation,
        without_folders,
    )
    from handgrad.recipes.loading import load_recipe, override, recipe_names, with_hidden
    from handgrad.runs import Run, next_folder
    from handgrad.training.distributed import init_distributed

    communication = init_distributed()
    communication.alike(version=__version__, options=(start is not None, tensorboard, no_test))
    limit, threads = parse_duration(time_limit), choose_threads(threads)
    if start and not recipe:
        chosen = communication.together(partial(own_recipe, start))
    else:
        chosen = load_recipe(recipe or "classic")
    changes = parse_settings(settings or [])
    if start:
        changes["network"] = {**changes.get("network", {}), "start": str(start.absolute())}
    if seed is not None:
        changes["seed"] = seed
    sources = {
        "source": None if data is None else absolute(data),
        "validation": None if validation is None else parse_validation(validation),
    }
    training = {
        "epochs": epochs,
        "steps": steps,
        "batch_size": None if batch_size is None else parse_batch_size(batch_size),
    }
    optimizer = {"learning_rate": learning_rate}
    if isinstance(training["batch_size"], int) and chosen.training.batch_size == "all":
        training["record_every"] = 1  # an epoch was one step, now it is many
    for section, values in (("data", sources), ("optimizer", optimizer), ("training", training)):
        given = {key: value for key, value in values.items() if value is not None}
        if given or section in ("data", "training"):
            changes[section] = {**changes.get(section, {}), **given}
    if set(changes) - {"seed", "data", "training"} or changes["training"] or hidden is not None:
        changes["lesson"] = ""  # it speaks of the recipe as it was written
    chosen = override(chosen, changes, "command line")
    if recipe in recipe_names() and "validation" not in changes["data"]:
        chosen = with_share_for_validation(chosen)
    if hidden is not None:
        chosen = with_hidden(chosen, parse_hidden(hidden), "command line")
    if (
        data is None
        and not start
        and (recipe or "classic") in recipe_names()
        and chosen.data.source in COLLECTIONS
    ):
        chosen, notice = communication.broadcast(partial(fall_back_to_strokes, chosen))
        if notice and not quiet and communication.rank == 0:
            print(notice, file=sys.stderr)
    communication.alike(recipe=without_folders(chosen))  # what files hold is compared later
    folder = communication.broadcast(lambda: out or next_folder(chosen.name))
    with last_words_of(communication) as last_words:
        splits = open_together(chosen, communication)
        run = Run.start(chosen, splits, folder, communication)
        return carry_out(run, last_words, limit, threads, tensorboard, no_test, json, quiet, attached)


def own_recipe(model: Path) -> "Recipe":
    """Find the recipe that a model was trained by."""
    from handgrad.errors import HandgradError
    from handgrad.exports.formats import load_model_recipe
    from handgrad.recipes.loading import parse_recipe

    tables = load_model_recipe(model)
    if tables is None:
        raise HandgradError(
            f"{model} does not say what recipe it was trained by; name one: train RECIPE --from MODEL"
        )
    return parse_recipe(tables, str(model))
