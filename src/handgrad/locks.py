"""Locks on folders and files, which the system releases when the process that holds them ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

from handgrad.errors import HandgradError

try:
    import fcntl
except ImportError:  # Windows, where nothing is locked
    fcntl = None  # type: ignore[assignment]

PATIENCE = 1.0
"""Seconds to wait for a folder: `is_locked` locks it for a moment."""


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Lock an existing folder within a block; raise HandgradError if another process or thread holds it."""
    with _opened(folder) as number:
        end = monotonic() + PATIENCE
        while not try_lock(number, exclusive=True):
            if monotonic() > end:
                raise HandgradError(
                    f"another program is using {folder}; wait for it, or choose another folder"
                )
            sleep(0.02)
        if number is not None and not (folder.exists() and os.path.samestat(os.fstat(number), folder.stat())):
            raise HandgradError(f"another program has removed {folder}; try again")
        yield


@contextmanager
def lock_file(file: Path) -> Iterator[None]:
    """Lock a file within a block, after other processes have released it; the file is created and remains."""
    if fcntl is None:
        yield
        return
    with file.open("w") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield


def is_locked(folder: Path) -> bool:
    """Whether `lock_folder` holds a folder."""
    with suppress(OSError), _opened(folder) as number:
        return not try_lock(number, exclusive=False)
    return False


def try_lock(number: int | None, *, exclusive: bool) -> bool:
    """Lock an open file if no other process holds it; where locks are not supported, return True."""
    if number is None:
        return True
    try:
        fcntl.flock(number, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # e.g. on some network file systems
        return True
    return True


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
