"""Threads that share work, their number, and the limit of BLAS to one thread meanwhile."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

from handgrad.config import check_integer

Part = TypeVar("Part")
Outcome = TypeVar("Outcome")

WORTH_A_THREAD = 100_000
"""Elements from which an elementwise operation is worth another thread."""

_default_threads: int | None = None
_lock = Lock()
_blas_blocks = 0
_blas_before: list[tuple[Any, int]] = []


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limit BLAS to one thread within a block: the threads that call it are the parallelism.

    The limit belongs to the whole process, so the blocks of all threads are counted: the first sets it, and the last
    one restores what was before.
    """
    global _blas_blocks
    with _lock:
        if _blas_blocks == 0:
            _blas_before[:] = [(library, library.num_threads) for library in _blas_libraries()]
            _set_threads([(library, 1) for library, _ in _blas_before])
        _blas_blocks += 1
    try:
        yield
    finally:
        with _lock:
            _blas_blocks -= 1
            if _blas_blocks == 0:
                _set_threads(_blas_before)


def _set_threads(numbers: list[tuple[Any, int]]) -> None:
    for library, threads in numbers:
        # threadpoolctl lets only one thread of a process change OpenBLAS, but here any may be the last
        release = getattr(library, "clear_controlling_thread", lambda force: None)
        release(force=True)
        library.set_num_threads(threads)
        release(force=True)


@cache
def _blas_libraries() -> list[Any]:
    """Find the BLAS libraries of this process; the search takes milliseconds."""
    return list(ThreadpoolController().select(user_api="blas").lib_controllers)


def processors() -> tuple[int, ...]:
    """Return the processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def set_default_threads(count: int) -> None:
    """Set the default number of threads, e.g. where other processes share the processors."""
    global _default_threads
    _default_threads = count


def choose_threads(wanted: int | None = None) -> int:
    """Return `wanted`, which must be from 1 to 1024, or the number of processors of this process."""
    if wanted is None:
        return _default_threads or len(processors())
    return check_integer("threads", wanted, 1, 1024)


class Workers:
    """A number of threads that share out work inside a ``with`` block; the thread that calls is one of them."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __enter__(self) -> "Workers":
        self._pool = ThreadPoolExecutor(max(1, self.count - 1))
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def map(self, work: Callable[[Part], Outcome], parts: Iterable[Part]) -> list[Outcome]:
        """Return the results of a function for each part, in the order of the parts."""
        parts = list(parts)
        if self.count == 1 or len(parts) < 2:
            return [work(part) for part in parts]
        futures = [self._pool.submit(work, part) for part in parts[1:]]
        outcomes = [work(parts[0])]
        for future, part in zip(futures, parts[1:], strict=True):
            # the calling thread computes what no other has begun
            outcomes.append(work(part) if future.cancel() else future.result())
        return outcomes

    def slices(self, size: int) -> list[slice]:
        """Cut `size` elements evenly into slices, at most one for each thread, where that is worth it."""
        count = max(1, min(self.count, size // WORTH_A_THREAD))
        return [slice(size * part // count, size * (part + 1) // count) for part in range(count)]
