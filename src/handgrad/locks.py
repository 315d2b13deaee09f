"""Locks on folders and files, which the system releases when the process that holds them ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep

from handgrad.errors import HandgradError

try:
    import fcntl
except ImportError:  # Windows, where nothing is locked
    fcntl = None  # type: ignore[assignment]


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Lock an existing folder within a block; raise HandgradError if another process or thread holds it."""
    with _opened(folder) as number:
        for _ in range(50):  # `is_locked` locks it for a moment
            if try_lock(number, exclusive=True):
                break
            sleep(0.02)
        else:
            raise HandgradError(f"another program is using {folder}; wait for it, or choose another folder")
        yield


@contextmanager
def lock_file(file: Path) -> Iterator[None]:
    """Lock a file within a block, after other processes have released it; the file is created and remains."""
    with file.open("w") as opened:
        if fcntl is not None:
            fcntl.flock(opened, fcntl.LOCK_EX)
        yield


def is_locked(folder: Path) -> bool:
    """Whether `lock_folder` holds a folder."""
    with suppress(OSError), _opened(folder) as number:
        return not try_lock(number, exclusive=False)
    return False


def try_lock(number: int | None, *, exclusive: bool) -> bool:
    """Lock an open file if no other process holds it; where locks are not supported, return True."""
    if number is None or fcntl is None:
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
    """Open a folder, which is possible only where it can be locked."""
    number = None if fcntl is None else os.open(folder, os.O_RDONLY)
    try:
        yield number
    finally:
        if number is not None:
            os.close(number)
