"""How many threads to compute on, and that BLAS keeps to one while they do."""

import os
from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController

from handgrad.errors import HandgradError


@cache
def _blas() -> ThreadpoolController:
    """Find the BLAS that NumPy uses; looking for it takes a while."""
    return ThreadpoolController()


def one_blas_thread() -> AbstractContextManager[object]:
    """Keep BLAS to one thread within a block: the threads that call it are the parallelism."""
    return _blas().limit(limits=1, user_api="blas")


def choose_threads(wanted: int | None = None) -> int:
    """Give the number of threads wanted, or that of the processors that this process may run on.

    Raises
    ------
    HandgradError
        If fewer than one, or absurdly many, are wanted.
    """
    if wanted is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not 1 <= wanted <= 1024:
        raise HandgradError(f"threads must be a whole number from 1 to 1024; got {wanted}")
    return wanted
