"""Train a new or resumed run, show its records, stop it where requested, and evaluate it."""

from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from handgrad.cli.options import SUCCEEDED
from handgrad.errors import HandgradError, require

if TYPE_CHECKING:
    from handgrad.runs import Run


class Interrupted(HandgradError):
    """The training was stopped on request; the message names the run and how to resume it."""


@dataclass(frozen=True)
class Options:
    """The options that ``train`` and ``resume`` share."""

    threads: int | None
    time_limit: float | None
    no_test: bool
    tensorboard: bool
    json: bool
    quiet: bool
    attached: bool


def run_training(run: "Run", options: Options) -> int:
    """Train to the end or to an interruption, and evaluate the model on the test split."""
    from handgrad.cli.interrupts import interrupts
    from handgrad.cli.output import showing_conversions
    from handgrad.cli.views import View, resume_command
    from handgrad.exports.formats import load_model
    from handgrad.kernels.threads import choose_threads
    from handgrad.tensorboard import log_to_tensorboard
    from handgrad.training.metrics import evaluate

    communicator, threads = run.communicator, choose_threads(options.threads)
    first = communicator.rank == 0
    if options.tensorboard:
        require("TensorBoard files need", "tensorboard", "tensorboardX")
    view = View(run, threads, json=options.json and first, quiet=options.quiet or not first)
    end = None if options.time_limit is None else monotonic() + options.time_limit
    with interrupts(options.attached and first) as interrupted:

        def stop() -> bool:
            return interrupted() or (end is not None and monotonic() >= end)

        with run.open(), view:
            records = run.train(threads, stop)
            for record in (
                log_to_tensorboard(records, run.folder) if options.tensorboard and first else records
            ):
                view.show(record)
        if interrupted():
            raise Interrupted(
                f"stopped after {run.state.step:,} of {run.total_steps:,} steps; saved in {run.folder}; "
                f"resume with: {resume_command(run)}"
            )
        network = communicator.broadcast(partial(load_model, run.folder))
        with showing_conversions(options.quiet or not first):
            test = None if options.no_test else run.splits.test
        found = evaluate(network, test, communicator=communicator) if test else None
    view.finish(found, opened=not options.no_test)
    return SUCCEEDED
