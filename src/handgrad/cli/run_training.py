"""How a run that was begun or resumed is carried out: watched, stopped where that is wished, and measured."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from handgrad.runs import Run
    from handgrad.training.distributed import Communication


def carry_out(
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
    """Train, show how it goes, and measure in the end; see the options of ``handgrad train``."""
    from handgrad.cli.interrupts import interrupts
    from handgrad.cli.views import choose_view, resume_command
    from handgrad.errors import Interrupted
    from handgrad.exports.formats import load_model
    from handgrad.tensorboard import require_tensorboard, with_tensorboard
    from handgrad.training.metrics import evaluate

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
        network = communication.broadcast(partial(load_model, run.folder))
        test = None if no_test else communication.by_machine(lambda: run.splits.test)
        found = evaluate(network, test, communication=communication) if test else None
    view.finish(found, opened=not no_test)
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
