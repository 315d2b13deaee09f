"""One process, or the ranks that mpiexec started: a seam between them and the training, which knows neither.

MPI is looked for where the environment says that mpiexec started this process, and imported nowhere else.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from numpy.typing import NDArray

STARTED = ("PMI_RANK", "PMIX_RANK", "OMPI_COMM_WORLD_RANK")
"""Variables in which MPICH and its kin, PMIx and Open MPI tell a process its rank."""

LOCAL_RANK = ("MPI_LOCALRANKID", "OMPI_COMM_WORLD_LOCAL_RANK", "SLURM_LOCALID")
"""Variables that tell which of its machine's ranks a process is."""

COURTESY = 3.0
"""Seconds for which a rank that fails lets the first speak, which may have failed for the same reason."""

PASSING_ON = 0.3
"""Seconds for mpiexec to pass on what a rank has said last: it drops what has not come once it ends all."""

Outcome = TypeVar("Outcome")


class Communication:
    """A process that works alone; with ranks, each of these is done by all of them, in the same order.

    Attributes
    ----------
    several : bool
        Whether there are ranks, be it only one.
    rank, size : int
        Which of how many.
    local_rank : int
        Which of those on its machine; the first of a machine downloads what all there need.
    """

    several = False
    rank, size, local_rank = 0, 1, 0

    def sum(self, numbers: "NDArray[Any]") -> None:
        """Add up the vectors of all ranks; each then holds the sum, bit for bit the same."""

    def gather(self, value: Outcome) -> list[Outcome]:
        """Give every rank's value, in the order of ranks."""
        return [value]

    def together(self, work: Callable[[], Outcome]) -> Outcome:
        """Work on every rank; where that fails on one, it fails on all, with the same error."""
        return work()

    def broadcast(self, work: Callable[[], Outcome]) -> Outcome:
        """Work on rank 0 alone; what comes out, or goes wrong, is everybody's."""
        return work()

    def by_machine(self, work: Callable[[], Outcome]) -> Outcome:
        """Work on one rank of each machine, and then on the others, as where the first downloads for all."""
        return work()

    def raise_first(self, failure: Exception | None) -> None:
        """Raise, on all ranks, what went wrong on the first of those where something did."""
        if failure is not None:
            raise failure

    def alike(self, **facts: Any) -> None:
        """Raise HandgradError where ranks differ in what they should have in common."""

    def fail(self, line: str, status: int, everywhere: bool) -> None:
        """Tell why the program ends; of ranks one tells it, and all end where only this one would."""
        first = all(os.environ.get(name, "0") == "0" for name in LOCAL_RANK)
        time.sleep(0 if first else COURTESY)
        print(line, file=sys.stderr, flush=True)
        if started():  # a rank that could not even join: the others wait for it, unless a signal ends it
            time.sleep(PASSING_ON)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTERM)


ALONE = Communication()


def started() -> bool:
    """Tell whether mpiexec, or one of its kin, started this process."""
    return any(name in os.environ for name in STARTED)


@cache
def init_distributed() -> Communication:
    """Join the ranks that mpiexec started, where it started this process; else give one that works alone.

    Returns
    -------
    Communication
        For `handgrad.train`. Its `rank` 0 is the one to print and to save.

    Raises
    ------
    HandgradError
        If mpiexec started this process, and the extra ``mpi`` is not installed.
    """
    if not started():
        return ALONE
    from handgrad.training.ranks import Ranks

    return Ranks()
