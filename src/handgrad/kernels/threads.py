"""How many threads to compute on."""

import os

from handgrad.errors import HandgradError


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
