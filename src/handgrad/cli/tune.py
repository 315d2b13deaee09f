"""``handgrad tune``."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import handgrad.cli.options as opt
from handgrad.cli.completion import complete_recipe
from handgrad.cli.output import emit, emit_json
from handgrad.cli.recipes import open_recipe
from handgrad.config import count_outputs
from handgrad.errors import HandgradError, require

if TYPE_CHECKING:
    from handgrad.tuning import Trial

TIME_HELP = "Time of the search, e.g. 60s, 5m or 1h."
RECIPE_HELP = "The recipe of the first trial. Default: mlp."
SHOWN = 10
ROW = "{:>5}{:>9}{:>8}{:>6}  {:<12}{:>7}{:>7}{:>8}{:>6}{:>7}"
HEADER = ROW.format("trial", "loss", "acc.", "times", "layers", "rate", "decay", "dropout", "batch", "epochs")

Time = Annotated[Any, opt.option("--time", TIME_HELP, "TIME", parser=opt.parse_duration)]
First = Annotated[
    str,
    opt.option("--recipe", RECIPE_HELP, "RECIPE", show_default=False, autocompletion=complete_recipe),
]
Out = Annotated[Path | None, opt.option("--out", "Folder of the best run. Default: runs/tuned-N.", "DIR")]


def tune(
    data: opt.Source,
    time: Time = "5m",
    recipe: First = "mlp",
    target: opt.Target = None,
    task: opt.TaskName = None,
    validation: opt.Validation = None,
    seed: opt.Seed = None,
    threads: opt.Threads = None,
    out: Out = None,
    json: opt.Json = False,
) -> int:
    """Search for a recipe that suits the data.

    Compare recipes on validation data, and train the best one.
    """
    from handgrad.cli.interrupts import Interrupted, interrupts
    from handgrad.cli.run_training import run_training
    from handgrad.cli.train import absolute
    from handgrad.recipes.data import open_splits, with_share_for_validation
    from handgrad.recipes.loading import override
    from handgrad.runs import Run, check_free
    from handgrad.tuning import best
    from handgrad.tuning import tune as search

    require("tuning needs", "tune", "optuna")
    named = {
        "data.source": absolute(data),
        "data.target": target if target is None or len(target) > 1 else target[0],
        "data.task": task,
        "data.validation": absolute(validation),
        "name": "tuned",
        "seed": seed,
    }
    changes = opt.arrange((key, value) for key, value in named.items() if value is not None)
    first = open_recipe(recipe, "--recipe")
    with opt.usage_errors():
        first = override(first, changes, opt.COMMAND_LINE)
    first = with_share_for_validation(first) if validation is None else first
    if out is not None:  # before the search, which takes long
        check_free(out)
        existing = next(folder for folder in (out.absolute(), *out.absolute().parents) if folder.exists())
        if not (existing.is_dir() and os.access(existing, os.W_OK)):
            raise HandgradError(f"cannot write {out}: {existing} is not a folder that can be written")
    splits, trials = open_splits(first), dict[int, "Trial"]()
    if not json:
        apart = f", {len(splits.validation):,} for validation" if splits.validation else ""
        outputs = count_outputs(splits.train.task, len(splits.train.classes))
        emit(f"data     {splits.source}: {len(splits.train):,} examples{apart}, {outputs}")
        emit(
            f"search   {time:g} s; each trial that is better, on validation data, than those before:\n\n{HEADER}"
        )
    least = None
    with interrupts(attached=False) as interrupted:
        for trial in search(first, splits, time, threads, interrupted):
            trials[trial.number] = trial
            if json:
                facts = {name: value for name, value in vars(trial).items() if name != "recipe"}
                emit_json({**facts, "recipe": trial.recipe.tables()})
            elif trial.complete and trial.repetitions == 1 and (least is None or trial.loss < least):
                least = trial.loss
                emit(_row(trial))
        if interrupted():
            raise Interrupted("the search was interrupted; nothing was saved")
    if (chosen := best(trials.values())) is None:
        raise HandgradError("no trial was completed; give the search more time")
    if not json:
        _show([*trials.values()])
    options = opt.RunOptions(threads, None, False, False, json, quiet=False, attached=False)
    return run_training(lambda: Run.start(chosen.recipe, out), options)


def _show(trials: "list[Trial]") -> None:
    """Print the best trials, those first that were repeated most often."""
    ended = sum(not trial.complete for trial in trials)
    count = f"{len(trials):,} trial{'s' * (len(trials) != 1)}"
    emit(f"\n{count}, {ended:,} ended early. The best, and how many times each was trained:\n")
    complete = sorted((trial for trial in trials if trial.complete), key=lambda t: (-t.repetitions, t.loss))
    emit(HEADER)
    for trial in complete[:SHOWN]:
        emit(_row(trial))
    emit()


def _row(trial: "Trial") -> str:
    """Describe a trial in a row of the table."""
    layers, optimizer, training = trial.recipe.network.layers, trial.recipe.optimizer, trial.recipe.training
    sizes = [
        str(layer.get("filters", layer.get("units")))
        for layer in layers[:-1]
        if {"filters", "units"} & {*layer}
    ]
    dropout = next((f"{layer['rate']:.2g}" for layer in layers if layer["type"] == "Dropout"), "")
    cells = [
        trial.number,
        f"{trial.loss:.4f}",
        "" if trial.accuracy is None else f"{trial.accuracy:.2%}",
        trial.repetitions,
        "-".join(sizes) or "linear",
        f"{optimizer.learning_rate:.2g}",
        f"{optimizer.weight_decay:.2g}",
        dropout,
        training.batch_size,
        training.epochs,
    ]
    return ROW.format(*cells) + "  augmented" * (trial.recipe.augmentation is not None)
