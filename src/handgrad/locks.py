"""Folders in which one process is at work, and no second one; and work that processes do in turn."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

from handgrad.errors import HandgradError

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

PATIENCE = 1.0
"""Seconds: a program that only asks whether a folder is held, holds it for a moment itself."""


@contextmanager
def holding(folder: Path) -> Iterator[None]:
    """Hold a folder, so that no two processes work in it at once; the system lets go of it however the process ends.

    Parameters
    ----------
    folder : Path
        It must exist. On systems without `fcntl` nothing is held.

    Raises
    ------
    HandgradError
        If another process, or another thread, holds it.
    """
    with _opened(folder) as number:
        patience = monotonic() + PATIENCE
        while not try_lock(number, exclusive=True):
            if monotonic() > patience:
                raise HandgradError(
                    f"another program is at work in {folder}; wait for it, or choose another place"
                )
            sleep(0.02)
        yield


@contextmanager
def in_turn(file: Path) -> Iterator[None]:
    """Wait until no other process holds a file, and hold it; one that is killed counts no more.

    Parameters
    ----------
    file : Path
        It is made, in a folder that must exist, and stays. On systems without `fcntl` nobody waits.
    """
    if fcntl is None:
        yield
        return
    with file.open("w") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield


def is_held(folder: Path) -> bool:
    """Tell whether somebody is `holding` a folder."""
    with suppress(OSError), _opened(folder) as number:
        return not try_lock(number, exclusive=False)
    return False


@contextmanager
def _opened(folder: Path) -> Iterator[int | None]:
    if fcntl is None:
        yield None
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        yield number
    finally:
        os.close(number)


def try_lock(number: int | None, *, exclusive: bool) -> bool:
    """Lock an open file if no other process holds it; where locks are not supported, return True."""
    if number is None:
        return True
    try:
        fcntl.flock(number, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
