"""The ranks that mpiexec started: what `Communication` promises, by MPI.

All waiting is done in Python, which gives way to others that compute: where there are more ranks than processors,
MPI's own waiting keeps a processor from the rank that is waited for.
"""

import os
import pickle
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from types import TracebackType
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import HandgradError
from handgrad.kernels.threads import keep_to, processors
from handgrad.training.distributed import COURTESY, PASSING_ON, STARTED, Communication, Outcome
from handgrad.training.last_words import LastWords

JOINING = 120
"""Seconds for all ranks to start: where a program or a library is missing on one, the others would wait for ever."""

PATIENCE, NAP = 10_000, 1e-4
"""Looks, some milliseconds of them, after which a rank that waits for others sleeps in between; and seconds of it."""

give_way = getattr(os, "sched_yield", lambda: time.sleep(0))


class Ranks(Communication):
    """One of the processes that mpiexec started.

    Raises
    ------
    HandgradError
        If mpi4py, or the MPI library that it needs, is missing.
    """

    several = True

    def __init__(self) -> None:
        os.environ.setdefault(
            "MPIR_CVAR_SUPPRESS_ABORT_MESSAGE", "1"
        )  # we say ourselves why a job is aborted
        with _impatience():
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
        """See `Communication.sum`: one all-reduce of MPI."""
        self._wait(self._world.Iallreduce(self._in_place, numbers))

    def gather(self, value: Outcome) -> list[Outcome]:
        """See `Communication.gather`."""
        sent = np.frombuffer(pickle.dumps(value), np.uint8)
        lengths = np.zeros(self.size, np.int64)
        self._wait(self._world.Iallgather(np.array([len(sent)]), lengths))
        received = np.zeros(lengths.sum(), np.uint8)
        self._wait(self._world.Iallgatherv(sent, (received, lengths)))
        return [pickle.loads(part.tobytes()) for part in np.split(received, np.cumsum(lengths)[:-1])]

    def _wait(self, request: Any) -> None:
        """Wait for an exchange, and let others compute meanwhile: MPI's own waiting would keep the processor busy."""
        try:
            for _ in range(PATIENCE):
                if request.Test():
                    return
                give_way()
            while not request.Test():
                time.sleep(NAP)
        except self._lost as error:
            raise HandgradError(f"rank {self.rank} lost the others: {error}; resume the run") from error

    def together(self, work: Callable[[], Outcome]) -> Outcome:
        """See `Communication.together`."""
        outcome, failure = _attempt(work)
        self.raise_first(failure)
        return outcome

    def broadcast(self, work: Callable[[], Outcome]) -> Outcome:
        """See `Communication.broadcast`."""
        outcome, failure = _attempt(work) if self.rank == 0 else (None, None)
        self.raise_first(failure)
        return self.gather(outcome)[0]  # type: ignore[return-value]

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
                print(line, file=sys.stderr)
            return
        time.sleep(COURTESY if self.rank else 0)
        print(line, file=sys.stderr)
        self._abort(status)

    def _abort(self, status: int) -> NoReturn:
        with suppress(OSError, ValueError):
            sys.stderr.flush()
            time.sleep(PASSING_ON)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # MPI has a line of its own to say
        self._world.Abort(status)
        raise SystemExit(status)

    def _excepthook(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """End the others, too, where a program of the user's own ends in an exception: they would wait for ever."""
        if getattr(error, "everywhere", False) and self.rank:
            return
        time.sleep(COURTESY if self.rank and issubclass(kind, Exception) else 0)
        sys.__excepthook__(kind, error, trace)
        if not getattr(error, "everywhere", False):
            self._abort(1)


@contextmanager
def _impatience() -> Iterator[None]:
    """End this process by a signal, and with it the job, where the block takes too long: MPI lets nothing else in."""
    if not hasattr(signal, "alarm"):
        yield
        return
    first = any(os.environ.get(name) == "0" for name in STARTED)
    with LastWords() if first else nullcontext() as words:
        if words:
            words.remember(
                "handgrad: not all ranks have started; see that handgrad, with its extra mpi, is on every machine"
            )
        signal.alarm(JOINING if first else JOINING + round(COURTESY))
        try:
            yield
        finally:
            signal.alarm(0)


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
