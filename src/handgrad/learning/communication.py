"""One process, or the ranks that mpiexec started: a seam between them and the training, which knows neither.

MPI is looked for where the environment says that mpiexec started this process, and imported nowhere else.
"""

import os
import pickle
import sys
import time
from collections.abc import Callable
from functools import cache
from types import TracebackType
from typing import Any, NoReturn, TypeVar

from numpy.typing import NDArray

from handgrad.errors import HandgradError
from handgrad.kernels.threads import choose_threads, keep_to, processors

STARTED = ("PMI_RANK", "PMIX_RANK", "OMPI_COMM_WORLD_RANK")
"""Variables in which MPICH and its kin, PMIx and Open MPI tell a process its rank."""

LOCAL_RANK = ("MPI_LOCALRANKID", "OMPI_COMM_WORLD_LOCAL_RANK", "SLURM_LOCALID")
"""Variables that tell which of its machine's ranks a process is."""

COURTESY = 0.5
"""Seconds for which a rank that fails alone lets others speak, who may have failed for the same reason."""

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

    def sum(self, numbers: NDArray[Any]) -> None:
        """Add up the vectors of all ranks; each then holds the sum, bit for bit the same."""

    def gather(self, value: Outcome) -> list[Outcome]:
        """Give every rank's value, in the order of ranks."""
        return [value]

    def together(self, work: Callable[[], Outcome]) -> Outcome:
        """Work on every rank; where that fails on one, it fails on all, with the same error."""
        return work()

    def from_first(self, work: Callable[[], Outcome]) -> Outcome:
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
        """Tell why the program ends; with ranks, in one line for all of them, and end all where only this one would."""
        print(line, file=sys.stderr)


ALONE = Communication()


class Ranks(Communication):
    """One of the processes that mpiexec started.

    Raises
    ------
    HandgradError
        If mpi4py, or the MPI library that it needs, is missing.
    """

    several = True

    def __init__(self) -> None:
        os.environ.setdefault("MPIR_CVAR_SUPPRESS_ABORT_MESSAGE", "1")  # we say ourselves why a job is aborted
        try:
            import mpi4py

            mpi4py.rc.thread_level = "funneled"  # only the thread that trains communicates
            from mpi4py import MPI
        except (ImportError, RuntimeError) as error:
            raise HandgradError(
                "mpiexec started this, but MPI for Python is not installed, or finds no MPI library: "
                "pip install 'handgrad[mpi]'"
            ) from error
        self._in_place, self._lost = MPI.IN_PLACE, MPI.Exception
        self._world = MPI.COMM_WORLD
        self.rank, self.size = self._world.rank, self._world.size
        places = self.gather((MPI.Get_processor_name(), processors()))
        self.local_rank = sum(machine == places[self.rank][0] for machine, _ in places[: self.rank])
        keep_to(max(1, len(processors()) // places.count(places[self.rank])))
        sys.excepthook = self._excepthook

    def sum(self, numbers: NDArray[Any]) -> None:
        """See `Communication.sum`: one Allreduce."""
        try:
            self._world.Allreduce(self._in_place, numbers)
        except self._lost as error:
            raise HandgradError(f"rank {self.rank} lost the others: {error}; resume the run") from error

    def gather(self, value: Outcome) -> list[Outcome]:
        """See `Communication.gather`."""
        return self._world.allgather(value)

    def together(self, work: Callable[[], Outcome]) -> Outcome:
        """See `Communication.together`."""
        outcome, failure = _attempt(work)
        self.raise_first(failure)
        return outcome

    def from_first(self, work: Callable[[], Outcome]) -> Outcome:
        """See `Communication.from_first`."""
        outcome, failure = _attempt(work) if self.rank == 0 else (None, None)
        self.raise_first(failure)
        return self._world.bcast(outcome)

    def by_machine(self, work: Callable[[], Outcome]) -> Outcome:
        """See `Communication.by_machine`."""
        outcome = self.together(lambda: work() if self.local_rank == 0 else None)
        return self.together(lambda: work() if self.local_rank else outcome)  # type: ignore[return-value]

    def alike(self, **facts: Any) -> None:
        """See `Communication.alike`."""
        first, *others = self.gather(facts)
        for rank, other in enumerate(others, 1):
            if different := [name for name in facts if other[name] != first[name]]:
                raise _everywhere(
                    HandgradError(
                        f"rank {rank} differs from rank 0 in its {' and '.join(different)}; "
                        "start all ranks by the same command, on the same data"
                    )
                )

    def raise_first(self, failure: Exception | None) -> None:
        """See `Communication.raise_first`."""
        for rank, found in enumerate(self.gather(failure and _sendable(failure))):
            if found is not None:
                if rank and isinstance(found, HandgradError):
                    found = type(found)(f"rank {rank}: {found}")
                raise _everywhere(found) from failure

    def fail(self, line: str, status: int, everywhere: bool) -> None:
        """See `Communication.fail`."""
        if everywhere:
            if self.rank == 0:
                super().fail(line, status, everywhere)
            return
        time.sleep(COURTESY if self.rank else 0)
        super().fail(line, status, everywhere)
        self._abort(status)

    def _abort(self, status: int) -> NoReturn:
        sys.stderr.flush()
        self._world.Abort(status)
        raise SystemExit(status)

    def _excepthook(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """End the others, too, where a program of the user's own ends in an exception: they would wait for ever."""
        if getattr(error, "everywhere", False) and self.rank:
            return
        sys.__excepthook__(kind, error, trace)
        if not getattr(error, "everywhere", False):
            self._abort(1)


@cache
def connect() -> Communication:
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
    return Ranks() if any(name in os.environ for name in STARTED) else ALONE


def speaks_for_machine() -> bool:
    """Tell, by the environment alone, whether this is the first rank of its machine."""
    return all(os.environ.get(name, "0") == "0" for name in LOCAL_RANK)


def _attempt(work: Callable[[], Any]) -> tuple[Any, Exception | None]:
    try:
        return work(), None
    except Exception as error:
        return None, error


def _sendable(error: Exception) -> Exception:
    """Give an error that can travel; one that cannot is told in words."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return HandgradError(f"unexpected {type(error).__name__}: {error}")
    return error


def _everywhere(error: Exception) -> Exception:
    """Mark an error that all ranks end with, so that one of them tells it."""
    error.everywhere = True  # type: ignore[attr-defined]
    return error
