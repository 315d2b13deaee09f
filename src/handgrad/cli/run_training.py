"""A new or resumed run: train, show records, stop where requested, and evaluate."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from handgrad.runs import Run
    from handgrad.training.distributed import Communication


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


def run_training(run: "Run", options: Options, last_words: Callable[[str], None]) -> int:
    """Train to the end or to an interruption, and evaluate the model."""
    from handgrad.cli.interrupts import interrupts
    from handgrad.cli.output import showing_conversions
    from handgrad.cli.views import choose_view, resume_command
    from handgrad.errors import Interrupted
    from handgrad.exports.formats import load_model
    from handgrad.kernels.threads import choose_threads
    from handgrad.tensorboard import log_to_tensorboard, require_tensorboard
    from handgrad.training.metrics import evaluate

    communication, threads = run.communication, choose_threads(options.threads)
    first = communication.rank == 0
    last_words(f"the last checkpoint is kept; resume with: {resume_command(run)}")
    if options.tensorboard:
        communication.together(require_tensorboard)
    view = choose_view(run, threads, json=options.json and first, quiet=options.quiet or not first)
    deadline = None if options.time_limit is None else monotonic() + options.time_limit
    with interrupts(options.attached and first) as interrupted:

        def stop() -> bool:
            return interrupted() or (deadline is not None and monotonic() >= deadline)

        with run.opened(), view:
            records = run.train(threads, stop)
            for record in (
                log_to_tensorboard(records, run.folder) if options.tensorboard and first else records
            ):
                view.show(record)
        if any(communication.gather(interrupted())):
            raise Interrupted(
                f"stopped after {run.state.step:,} of {run.total_steps:,} steps; saved in {run.folder}; "
                f"resume with: {resume_command(run)}"
            )
        test = None
        network = communication.broadcast(partial(load_model, run.folder))
        if not options.no_test:
            with showing_conversions(options.quiet or not first):
                test = communication.by_machine(lambda: run.splits.test)
        found = evaluate(network, test, communication=communication) if test else None
    view.finish(found, opened=not options.no_test)
    return 0


@contextmanager
def last_words_of(communication: "Communication") -> Iterator[Callable[[str], None]]:
    """Have a line printed, on the first of several ranks, if all of them are ended from outside within the block."""
    if not communication.several or communication.rank:
        yield lambda line: None
        return
    from handgrad.training.last_words import LastWords

    with LastWords() as words:

        def last_words(line: str) -> None:
            words.remember(f"handgrad: a rank was killed, or its machine is gone; {line}")

        last_words("start again: what was converted is kept")
        yield last_words
