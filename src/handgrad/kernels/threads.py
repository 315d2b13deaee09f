"""Threads that share work, how many, and that BLAS keeps to one while they do."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cache
from typing import TypeVar

from threadpoolctl import ThreadpoolController

from handgrad.errors import HandgradError

Part = TypeVar("Part")
Outcome = TypeVar("Outcome")

WORTH_A_THREAD = 100_000
"""Numbers from which a thread is worth the hand-over to it, where little is done with each."""

_kept_to: int | None = None


@cache
def _blas() -> ThreadpoolController:
    """Find the BLAS that NumPy uses; looking for it takes a while."""
    return ThreadpoolController()


def one_blas_thread() -> AbstractContextManager[object]:
    """Limit BLAS to one thread within a block: the threads that call it are the parallelism."""
    return _blas().limit(limits=1, user_api="blas")


def processors() -> tuple[int, ...]:
    """Return the processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def keep_to(count: int) -> None:
    """Set the default number of threads, where other processes share the processors."""
    global _kept_to
    _kept_to = count


def choose_threads(wanted: int | None = None) -> int:
    """Return the number of threads: the one given, or the number of processors of this process.

    Raises
    ------
    HandgradError
        If fewer than one, or absurdly many, are wanted.
    """
    if wanted is None:
        return _kept_to or len(processors())
    if not 1 <= wanted <= 1024:
        raise HandgradError(f"threads must be a whole number from 1 to 1024; got {wanted}")
    return wanted


class Workers:
    """Threads that share out work, inside a ``with`` block.

    Parameters
    ----------
    count : int
        From 1; the thread that calls is one of them.
    """

    def __init__(self, count: int) -> None:
        self.count = count

    def __enter__(self) -> "Workers":
        self._pool = ThreadPoolExecutor(max(1, self.count - 1))
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def map(self, work: Callable[[Part], Outcome], parts: Iterable[Part]) -> list[Outcome]:
        """Do the work on each part, and give the outcomes in the order of the parts."""
        parts = list(parts)
        if self.count == 1 or len(parts) < 2:
            return [work(part) for part in parts]
        futures = [self._pool.submit(work, part) for part in parts[1:]]
        outcomes = [work(parts[0])]
        for future, part in zip(futures, parts[1:], strict=True):
            # what no thread has begun meanwhile, this one does
            outcomes.append(work(part) if future.cancel() else future.result())
        return outcomes

    def slices(self, size: int) -> list[slice]:
        """Cut so many numbers evenly, one slice for each thread, where that is worth it."""
        count = max(1, min(self.count, size // WORTH_A_THREAD))
        return [slice(size * part // count, size * (part + 1) // count) for part in range(count)]
