"""``handgrad train`` and ``handgrad resume``."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.cli.options import (
    Attached,
    Data,
    Json,
    Memory,
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

if TYPE_CHECKING:
    from handgrad.learning.communication import Communication
    from handgrad.recipes.recipe import Recipe
    from handgrad.runs import Run


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
    memory: Memory = None,
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
    from handgrad.cli.conversion import showing_conversion
    from handgrad.data.mnist import COLLECTIONS
    from handgrad.kernels.threads import choose_threads
    from handgrad.learning.communication import connect
    from handgrad.recipes.data import (
        fall_back_to_strokes,
        open_together,
        with_share_for_validation,
        without_folders,
    )
    from handgrad.recipes.loading import load_recipe, override, recipe_names, with_hidden
    from handgrad.runs import Run, next_folder

    communication = connect()
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
        "memory": memory,
        "validation": None if validation is None else parse_validation(validation),
    }
    training = {
        "epochs": epochs,
        "steps": steps,
        "batch_size": None if batch_size is None else parse_batch_size(batch_size),
        "learning_rate": learning_rate,
    }
    if isinstance(training["batch_size"], int) and chosen.training.batch_size == "all":
        training["record_every"] = 1  # an epoch was one step, now it is many
    for section, values in (("data", sources), ("training", training)):
        given = {key: value for key, value in values.items() if value is not None}
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
        chosen, notice = communication.from_first(partial(fall_back_to_strokes, chosen))
        if notice and not quiet and communication.rank == 0:
            print(notice, file=sys.stderr)
    communication.alike(recipe=without_folders(chosen))  # what files hold is compared later
    folder = communication.from_first(lambda: out or next_folder(chosen.name))
    with _last_words(communication) as last_words:
        with showing_conversion(quiet, communication):
            splits = open_together(chosen, communication)
        run = Run.start(chosen, splits, folder, communication)
        return _carry_out(run, last_words, limit, threads, tensorboard, no_test, json, quiet, attached)


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


def resume(
    run: Annotated[Path, typer.Argument(help="The folder of an interrupted run.", metavar="RUN")],
    time_limit: TimeLimit = None,
    threads: Threads = None,
    tensorboard: Tensorboard = False,
    no_test: NoTest = False,
    json: Json = False,
    quiet: Quiet = False,
    attached: Attached = False,
) -> int:
    """Go on with an interrupted run, exactly."""
    from handgrad import __version__
    from handgrad.cli.conversion import showing_conversion
    from handgrad.kernels.threads import choose_threads
    from handgrad.learning.communication import connect
    from handgrad.runs import Run

    communication = connect()
    communication.alike(version=__version__, options=(tensorboard, no_test))
    limit, threads = parse_duration(time_limit), choose_threads(threads)
    with _last_words(communication) as last_words:
        with showing_conversion(quiet, communication):
            resumed = Run.resume(run, communication)
        return _carry_out(resumed, last_words, limit, threads, tensorboard, no_test, json, quiet, attached)


def _carry_out(
    run: "Run",
    last_words: Callable[[str], None],
    limit: float | None,
    threads: int,
    tensorboard: bool,
    no_test: bool,
    json: bool,
    quiet: bool,
    attached: bool,
) -> int:
    from handgrad.cli.conversion import showing_conversion
    from handgrad.cli.interrupts import interrupts
    from handgrad.cli.views import choose_view, resume_command
    from handgrad.errors import Interrupted
    from handgrad.exports.formats import load_model
    from handgrad.learning.metrics import evaluate
    from handgrad.tensorboard import require_tensorboard, with_tensorboard

    communication = run.communication
    first = communication.rank == 0
    last_words(f"the last checkpoint is kept; go on with: {resume_command(run)}")
    if tensorboard:
        communication.together(require_tensorboard)
    view = choose_view(run, threads, json=json and first, quiet=quiet or not first)
    deadline = None if limit is None else monotonic() + limit
    listening = attached and first  # only the first rank has standard input
    with interrupts(listening) as interrupted:

        def stop() -> bool:
            return interrupted() or (deadline is not None and monotonic() >= deadline)

        with run.opened(), view:
            records = run.train(threads, stop)
            for record in with_tensorboard(records, run.folder) if tensorboard and first else records:
                view.show(record)
        if any(communication.gather(interrupted())):
            raise Interrupted(
                f"stopped after {run.state.step:,} of {run.total_steps:,} steps; saved in {run.folder}; "
                f"go on with: {resume_command(run)}"
            )
        network = communication.from_first(partial(load_model, run.folder))
        with showing_conversion(quiet, communication):
            test = None if no_test else communication.by_machine(lambda: run.splits.test)
        found = evaluate(network, test, communication=communication) if test else None
    view.finish(found, opened=not no_test)
    return 0


@contextmanager
def _last_words(communication: "Communication") -> Iterator[Callable[[str], None]]:
    """Have a line printed, on the first of several ranks, if all of them are ended from outside within the block."""
    if not communication.several or communication.rank:
        yield lambda line: None
        return
    from handgrad.learning.last_words import LastWords

    with LastWords() as words:

        def last_words(line: str) -> None:
            words.remember(f"handgrad: a rank was killed, or its machine is gone; {line}")

        last_words("start again: what was converted is kept")
        yield last_words
