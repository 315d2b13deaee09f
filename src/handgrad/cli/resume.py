"""``handgrad resume``."""

from pathlib import Path
from typing import Annotated

import typer

from handgrad.cli.options import (
    Attached,
    Json,
    NoTest,
    Quiet,
    Tensorboard,
    Threads,
    TimeLimit,
    parse_duration,
)
from handgrad.cli.run_training import carry_out, last_words_of


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
    from handgrad.kernels.threads import choose_threads
    from handgrad.runs import Run
    from handgrad.training.distributed import init_distributed

    communication = init_distributed()
    communication.alike(version=__version__, options=(tensorboard, no_test))
    limit, threads = parse_duration(time_limit), choose_threads(threads)
    with last_words_of(communication) as last_words:
        resumed = Run.resume(run, communication)
        return carry_out(resumed, last_words, limit, threads, tensorboard, no_test, json, quiet, attached)
