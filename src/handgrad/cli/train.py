"""``handgrad train`` and ``handgrad resume``."""

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

import handgrad.cli.options as opt
from handgrad.cli.completion import complete_recipe, recipe_names
from handgrad.cli.recipes import open_recipe
from handgrad.errors import HandgradError
from handgrad.training.distributed import init_distributed

RECIPE_HELP = "A built-in recipe or a TOML file. Default: classic."

Name = Annotated[
    str | None, typer.Argument(help=RECIPE_HELP, metavar="RECIPE", autocompletion=complete_recipe)
]
Folder = Annotated[Path, typer.Argument(help="The folder of an interrupted run.", metavar="RUN")]


def train(
    recipe: Name = None,
    data: opt.Data = None,
    target: opt.Target = None,
    task: opt.TaskName = None,
    validation: opt.Validation = None,
    epochs: opt.Epochs = None,
    steps: opt.Steps = None,
    batch_size: opt.BatchSize = None,
    learning_rate: opt.LearningRate = None,
    hidden: opt.Hidden = None,
    seed: opt.Seed = None,
    settings: opt.Settings = None,
    start: opt.Start = None,
    threads: opt.Threads = None,
    time_limit: opt.Limit = None,
    no_test: opt.NoTest = False,
    out: opt.Out = None,
    tensorboard: opt.Tensorboard = False,
    json: opt.Json = False,
    quiet: opt.Quiet = False,
    attached: opt.Attached = False,
) -> int:
    """Train a network.

    Save it in the folder of the run, and evaluate it on the test split.
    """
    from handgrad.cli.run_training import run_training
    from handgrad.data.mnist import COLLECTIONS
    from handgrad.exports.formats import load_model_recipe
    from handgrad.recipes.data import fall_back_to_strokes, with_share_for_validation
    from handgrad.recipes.loading import override, parse_recipe, with_hidden
    from handgrad.recipes.sections import DataSection
    from handgrad.runs import Run

    if epochs and steps:
        raise typer.BadParameter("give either --epochs or --steps")
    if recipe or not start:
        chosen = open_recipe(recipe or "classic")
    elif tables := load_model_recipe(start):
        chosen = parse_recipe(tables, str(start))
    else:
        raise HandgradError(f"{start} contains no recipe; name one: handgrad train RECIPE --from {start}")
    named = {
        "data.source": data and absolute(data),
        "data.target": target if target is None or len(target) > 1 else target[0],
        "data.task": task,
        "data.validation": absolute(validation),
        "training.epochs": epochs,
        "training.steps": steps,
        "training.batch_size": batch_size,
        "optimizer.learning_rate": learning_rate,
        "network.start": start and str(start.absolute()),
        "seed": seed,
    }
    given = [(key, value) for key, value in named.items() if value is not None]
    changes = opt.arrange([*(settings or []), *given])
    built_in = recipe in recipe_names() or not (recipe or start)
    with opt.usage_errors():
        chosen = override(chosen, changes, opt.COMMAND_LINE)
        if built_in and "validation" not in changes.get("data", {}):
            chosen = with_share_for_validation(chosen)
        if hidden:
            chosen = with_hidden(chosen, hidden, "--hidden")
    communicator = init_distributed()
    # Paths may differ from machine to machine, and what the files contain is compared later.
    communicator.require_equal(
        recipe=replace(chosen, data=DataSection(), network=replace(chosen.network, start=None))
    )
    if built_in and not (data or start) and chosen.data.source in COLLECTIONS:
        chosen, notice = communicator.broadcast(partial(fall_back_to_strokes, chosen))
        if notice and not quiet and communicator.rank == 0:
            print(notice, file=sys.stderr)
    options = opt.RunOptions(threads, time_limit, no_test, tensorboard, json, quiet, attached)
    return run_training(lambda: Run.start(chosen, out, communicator), options)


def resume(
    folder: Folder,
    threads: opt.Threads = None,
    time_limit: opt.Limit = None,
    no_test: opt.NoTest = False,
    tensorboard: opt.Tensorboard = False,
    json: opt.Json = False,
    quiet: opt.Quiet = False,
    attached: opt.Attached = False,
) -> int:
    """Resume an interrupted run.

    The result is that of a run without the interruption.
    """
    from handgrad.cli.run_training import run_training
    from handgrad.runs import Run

    options = opt.RunOptions(threads, time_limit, no_test, tensorboard, json, quiet, attached)
    return run_training(lambda: Run.resume(folder, init_distributed()), options)


def absolute(source: Any) -> Any:
    """Return the absolute path of a file, so that a run can be resumed from any folder; leave others as they are."""
    return str(Path(source).absolute()) if isinstance(source, str) and Path(source).exists() else source
