"""Complete files: written beside the target, synced, then renamed, and the folder is synced."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import IO

from handgrad.errors import HandgradError
from handgrad.locks import opened, try_lock

UNFINISHED = ".handgrad-unfinished-"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside a file, and move what is written there to `path` at the end.

    A reader sees the old file or the new one, never a part of either. If the block fails, the temporary file is
    removed and `path` stays as it was. What killed processes have left in the folder is removed first. HandgradError
    is raised if the file cannot be written.
    """
    path = Path(os.path.realpath(usable(path)))  # the target of a link is replaced, and not the link
    try:
        if path.exists() and not path.is_file():
            raise HandgradError(f"cannot write {path}: it is not a regular file; choose another place")
        remove_unfinished(path.parent)
        with _temporary_file(path.parent) as lock:
            temporary = Path(lock.name)
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            if os.name == "nt":
                lock.close()  # an open file cannot be renamed there
            temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from error


@contextmanager
def _temporary_file(folder: Path) -> Iterator[IO[bytes]]:
    """Create a file and lock it, so that other processes do not remove it; at the end it is removed."""
    while True:
        file = (folder / f"{UNFINISHED}{token_hex(8)}").open("xb")
        if try_lock(file.fileno()) and Path(file.name).exists():
            break
        file.close()  # another process removed it before it was locked
    try:
        with file:
            yield file
    finally:
        with suppress(OSError):
            Path(file.name).unlink(missing_ok=True)


def write_file(path: Path, content: bytes) -> None:
    """Write a file as a whole; see `replacing`."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def remove_unfinished(folder: Path) -> None:
    """Remove temporary files of `replacing` whose process was killed."""
    for path in folder.glob(f"{UNFINISHED}*"):
        with suppress(OSError), path.open("rb+") as file:
            if try_lock(file.fileno()):
                path.unlink()


def usable(path: Path | str) -> Path:
    """Return a path; HandgradError if the system cannot have a file of that name."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        pass
    except (OSError, ValueError) as error:  # too long, or with a NUL character or a lone surrogate
        reason = getattr(error, "strerror", None) or error
        raise HandgradError(f"cannot use {path}: {reason}; choose another name") from error
    return Path(path)


def sync_folder(folder: Path) -> None:
    """Sync the names in a folder to the disk, where the system supports it."""
    with opened(folder) as number:
        if number >= 0:
            os.fsync(number)


def make_folder(folder: Path) -> None:
    """Create a folder and its parents if they do not exist; raise HandgradError if that fails."""
    try:
        usable(folder).mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise HandgradError(f"cannot write {folder}: it is a file; name a folder") from error
    except OSError as error:
        raise cannot_write(folder, error) from error


def cannot_write(path: Path | str, error: OSError) -> HandgradError:
    """Return the error for a file or folder that could not be written."""
    reason = error.strerror or error
    return HandgradError(f"cannot write {path}: {reason}; choose another place or free space")
