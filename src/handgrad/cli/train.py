"""``handgrad train``."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handgrad.cli.options import (
    DATA,
    OUTPUT,
    RECIPE,
    Attached,
    Data,
    Json,
    NoTest,
    Quiet,
    Tensorboard,
    Threads,
    TimeLimit,
    absolute,
    option,
    parse_batch_size,
    parse_hidden,
    parse_path,
    parse_settings,
    parse_validation,
    refusing_options,
)
from handgrad.cli.output import showing_conversions
from handgrad.cli.recipes import recipe_names
from handgrad.cli.run_training import Options, run_training

if TYPE_CHECKING:
    from handgrad.recipes.recipe import Recipe


RECIPE_HELP = "A built-in recipe or a TOML file. Default: classic."
VALIDATION_HELP = "Validate on N examples, or a fraction, of the training data, or on other data."
SET_HELP = "Change any key of the recipe, e.g. training.epochs=3; may be repeated."
FROM_HELP = "Start from the parameters of a model, by default with its recipe."
OUT_HELP = "Folder of the run. Default: runs/RECIPE-N."

Name = Annotated[str | None, typer.Argument(help=RECIPE_HELP, metavar="RECIPE", autocompletion=recipe_names)]
Validation = Annotated[Any, option("--validation", VALIDATION_HELP, "N|SRC", DATA, parser=parse_validation)]
Epochs = Annotated[int | None, option("--epochs", "Passes over the data.", "N", RECIPE, min=1)]
Steps = Annotated[int | None, option("--steps", "Updates, instead of epochs.", "N", RECIPE, min=1)]
BatchSize = Annotated[
    Any, option("--batch-size", "Examples per update.", "N|all", RECIPE, parser=parse_batch_size)
]
LearningRate = Annotated[float | None, option("--learning-rate", "Learning rate.", "X", RECIPE)]
Hidden = Annotated[
    Any, option("--hidden", "Hidden widths, e.g. 128,64.", "N,N,…", RECIPE, parser=parse_hidden)
]
Seed = Annotated[int | None, option("--seed", "Seed of all randomness.", "N", RECIPE, min=0)]
Settings = Annotated[list[str] | None, option("--set", SET_HELP, "KEY=VALUE", RECIPE)]
Start = Annotated[Path | None, option("--from", FROM_HELP, "MODEL", RECIPE)]
Out = Annotated[Path | None, option("--out", OUT_HELP, "DIR", OUTPUT, parser=parse_path)]


def train(
    recipe: Name = None,
    data: Data = None,
    validation: Validation = None,
    epochs: Epochs = None,
    steps: Steps = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    hidden: Hidden = None,
    seed: Seed = None,
    settings: Settings = None,
    start: Start = None,
    out: Out = None,
    threads: Threads = None,
    time_limit: TimeLimit = None,
    no_test: NoTest = False,
    tensorboard: Tensorboard = False,
    json: Json = False,
    quiet: Quiet = False,
    attached: Attached = False,
) -> int:
    """Train a network, save it, and evaluate it on the test split."""
    from handgrad import __version__
    from handgrad.data.mnist import COLLECTIONS
    from handgrad.recipes.data import (
        fall_back_to_strokes,
        open_on_ranks,
        with_share_for_validation,
        without_folders,
    )
    from handgrad.recipes.loading import load_recipe, override, with_hidden
    from handgrad.runs import Run, next_folder
    from handgrad.training.distributed import init_distributed

    communicator = init_distributed()
    communicator.require_equal(version=__version__, options=(start is not None, tensorboard, no_test))
    chosen = recipe_of(start) if start and not recipe else load_recipe(recipe or "classic")
    changes = parse_settings(settings or [])
    sources = {"source": data and absolute(data), "validation": validation}
    training = {
        "epochs": epochs,
        "steps": steps,
        "batch_size": batch_size,
        "record_every": 1 if isinstance(batch_size, int) and chosen.training.batch_size == "all" else None,
    }
    _change(changes, "data", sources)
    _change(changes, "training", training)
    _change(changes, "optimizer", {"learning_rate": learning_rate})
    _change(changes, "network", {"start": start and str(start.absolute())})
    if seed is not None:
        changes["seed"] = seed
    if set(changes) - {"seed", "data"} or hidden:
        changes["lesson"] = ""  # it describes the unchanged recipe
    built_in = recipe in recipe_names() or not (recipe or start)
    with refusing_options():
        chosen = override(chosen, changes, "command line")
        if built_in and "validation" not in changes.get("data", {}):
            chosen = with_share_for_validation(chosen)
        if hidden:
            chosen = with_hidden(chosen, hidden, "--hidden")
    if built_in and not (data or start) and chosen.data.source in COLLECTIONS:
        chosen, notice = communicator.broadcast(partial(fall_back_to_strokes, chosen))
        if notice and not quiet and communicator.rank == 0:
            print(notice, file=sys.stderr)
    communicator.require_equal(recipe=without_folders(chosen))  # contents of files are compared later
    folder = communicator.broadcast(lambda: out or next_folder(chosen.name))
    options = Options(threads, time_limit, no_test, tensorboard, json, quiet, attached)
    with showing_conversions(quiet or communicator.rank > 0):
        splits = open_on_ranks(chosen, communicator)
    run = Run.start(chosen, splits, folder, communicator)
    return run_training(run, options)


def resume(
    folder: Annotated[Path, typer.Argument(help="The folder of an interrupted run.", metavar="RUN")],
    threads: Threads = None,
    time_limit: TimeLimit = None,
    no_test: NoTest = False,
    tensorboard: Tensorboard = False,
    json: Json = False,
    quiet: Quiet = False,
    attached: Attached = False,
) -> int:
    """Resume an interrupted run, with the same result as without the interruption."""
    from handgrad import __version__
    from handgrad.runs import Run
    from handgrad.training.distributed import init_distributed

    communicator = init_distributed()
    communicator.require_equal(version=__version__, options=(tensorboard, no_test))
    options = Options(threads, time_limit, no_test, tensorboard, json, quiet, attached)
    with showing_conversions(quiet or communicator.rank > 0):
        run = Run.resume(folder, communicator)
    return run_training(run, options)


def recipe_of(model: Path) -> "Recipe":
    """Return the recipe that a model was trained by."""
    from handgrad.errors import HandgradError
    from handgrad.exports.formats import load_model_recipe
    from handgrad.recipes.loading import parse_recipe

    tables = load_model_recipe(model)
    if tables is None:
        raise HandgradError(f"{model} contains no recipe; name one: handgrad train RECIPE --from {model}")
    return parse_recipe(tables, str(model))


def _change(changes: dict[str, Any], section: str, options: dict[str, Any]) -> None:
    """Add the options that were set to a section of changes; they take precedence over ``--set``."""
    wanted = {key: value for key, value in options.items() if value is not None}
    if wanted:
        before = changes.get(section, {})
        changes[section] = {**(before if isinstance(before, dict) else {}), **wanted}
