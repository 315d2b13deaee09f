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
    with opened(folder) as number:
        for _ in range(50):  # `is_locked` locks it for a moment
            if try_lock(number):
                break
            sleep(0.02)
        else:
            raise HandgradError(f"another program is using {folder}; wait for it, or choose another folder")
        yield


@contextmanager
def lock_file(file: Path) -> Iterator[None]:
    """Lock a file within a block, after other processes have released it; the file is created and remains."""
    with file.open("w") as locked:
        if fcntl is not None:
            fcntl.flock(locked, fcntl.LOCK_EX)
        yield


def is_locked(folder: Path) -> bool:
    """Whether `lock_folder` holds a folder."""
    with suppress(OSError), opened(folder) as number:
        return not try_lock(number, shared=True)
    return False


def try_lock(number: int, *, shared: bool = False) -> bool:
    """Lock an open file if no other process holds it; where locks are not supported, return True."""
    if fcntl is not None:
        try:
            fcntl.flock(number, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError as error:  # others than this one e.g. on some network file systems
            return not isinstance(error, BlockingIOError)
    return True


@contextmanager
def opened(folder: Path) -> Iterator[int]:
    """Open a folder within a block; on Windows, where that is not possible, the number is -1."""
    number = -1 if fcntl is None else os.open(folder, os.O_RDONLY)
    try:
        yield number
    finally:
        if fcntl is not None:
            os.close(number)
