"""``handgrad train`` and ``handgrad resume``."""

import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from handgrad.cli.options import (
    DATA,
    OUTPUT,
    RECIPE,
    Data,
    RunOptions,
    merge,
    option,
    parse_number,
    parse_settings,
    parse_widths,
    with_run_options,
)
from handgrad.cli.recipes import recipe_names
from handgrad.errors import HandgradError
from handgrad.training.distributed import init_distributed

RECIPE_HELP = "A built-in recipe or a TOML file. Default: classic."
VALIDATION_HELP = "Validate on N examples, or a fraction, of the training data, or on other data."
SET_HELP = "Change any key of the recipe, e.g. training.epochs=3; may be repeated."
FROM_HELP = "Start from the parameters of a model, by default with its recipe."
OUT_HELP = "Folder of the run. Default: runs/RECIPE-N."

Name = Annotated[str | None, typer.Argument(help=RECIPE_HELP, metavar="RECIPE", autocompletion=recipe_names)]
Validation = Annotated[Any, option("--validation", VALIDATION_HELP, "N|SRC", DATA, parser=parse_number)]
Epochs = Annotated[int | None, option("--epochs", "Passes over the data.", "N", RECIPE, min=1)]
Steps = Annotated[int | None, option("--steps", "Updates, instead of epochs.", "N", RECIPE, min=1)]
Batch = Annotated[Any, option("--batch-size", "Examples per update.", "N|all", RECIPE, parser=parse_number)]
LearningRate = Annotated[float | None, option("--learning-rate", "Learning rate.", "X", RECIPE)]
Hidden = Annotated[
    Any, option("--hidden", "Hidden widths, e.g. 128,64.", "N,N,…", RECIPE, parser=parse_widths)
]
Seed = Annotated[int | None, option("--seed", "Seed of all randomness.", "N", RECIPE, min=0)]
Settings = Annotated[list[str] | None, option("--set", SET_HELP, "KEY=VALUE", RECIPE)]
Start = Annotated[Path | None, option("--from", FROM_HELP, "MODEL", RECIPE)]
Out = Annotated[Path | None, option("--out", OUT_HELP, "DIR", OUTPUT)]


@with_run_options
def train(
    options: RunOptions,
    recipe: Name = None,
    data: Data = None,
    validation: Validation = None,
    epochs: Epochs = None,
    steps: Steps = None,
    batch_size: Batch = None,
    learning_rate: LearningRate = None,
    hidden: Hidden = None,
    seed: Seed = None,
    settings: Settings = None,
    start: Start = None,
    out: Out = None,
) -> int:
    """Train a network, save it, and evaluate it on the test split."""
    from handgrad.cli.run_training import run_training
    from handgrad.data.mnist import COLLECTIONS
    from handgrad.exports.formats import load_model_recipe
    from handgrad.recipes.data import (
        fall_back_to_strokes,
        open_on_ranks,
        with_share_for_validation,
        without_folders,
    )
    from handgrad.recipes.loading import load_recipe, override, parse_recipe, with_hidden
    from handgrad.runs import Run

    if start and not recipe:
        if (tables := load_model_recipe(start)) is None:
            raise HandgradError(f"{start} contains no recipe; name one: handgrad train RECIPE --from {start}")
        chosen = parse_recipe(tables, str(start))
    else:
        chosen = load_recipe(recipe or "classic")
    named = {
        "data": {"source": data and _absolute(data), "validation": _absolute(validation)},
        "training": {"epochs": epochs, "steps": steps, "batch_size": batch_size},
        "optimizer": {"learning_rate": learning_rate},
        "network": {"start": start and str(start.absolute())},
        "seed": seed,
    }
    changes = merge(parse_settings(settings or []), named)
    if isinstance(batch_size, int) and chosen.training.batch_size == "all":
        changes = merge({"training": {"record_every": 1}}, changes)
    if changes.keys() - {"seed", "data"} or hidden:
        changes["lesson"] = ""  # it describes the unchanged recipe
    built_in = recipe in recipe_names() or not (recipe or start)
    try:
        chosen = override(chosen, changes, "command line")
        if built_in and "validation" not in changes.get("data", {}):
            chosen = with_share_for_validation(chosen)
        if hidden:
            chosen = with_hidden(chosen, hidden, "--hidden")
    except HandgradError as error:  # only values of options can be its cause
        raise typer.BadParameter(str(error)) from error
    communicator = init_distributed()
    fixed = (start is not None, options.tensorboard, options.no_test)
    communicator.require_equal(recipe=without_folders(chosen), options=fixed)  # contents of files: later
    if built_in and not (data or start) and chosen.data.source in COLLECTIONS:
        chosen, notice = communicator.broadcast(partial(fall_back_to_strokes, chosen))
        if notice and not options.quiet and communicator.rank == 0:
            print(notice, file=sys.stderr)
    return run_training(
        lambda: Run.start(chosen, open_on_ranks(chosen, communicator), out, communicator), options
    )


@with_run_options
def resume(
    options: RunOptions,
    folder: Annotated[Path, typer.Argument(help="The folder of an interrupted run.", metavar="RUN")],
) -> int:
    """Resume an interrupted run, with the same result as without the interruption."""
    from handgrad.cli.run_training import run_training
    from handgrad.runs import Run

    communicator = init_distributed()
    communicator.require_equal(options=(options.tensorboard, options.no_test))
    return run_training(lambda: Run.resume(folder, communicator), options)


def _absolute(source: Any) -> Any:
    """Return the absolute path of a file, so that a run can be resumed from any folder; leave others as they are."""
    return str(Path(source).absolute()) if isinstance(source, str) and Path(source).exists() else source
