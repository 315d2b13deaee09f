"""Files that are whole or not there: written beside the target, synced, then renamed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from handgrad.errors import HandgradError

UNFINISHED = ".handgrad-unfinished-"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`, and put what is written there in its place.

    A reader sees the old file or the new one, never a part of either. Where the block fails, the temporary
    file is removed and `path` stays as it was.

    Parameters
    ----------
    path : Path
        The file to write; its folder must exist.

    Raises
    ------
    HandgradError
        If the file cannot be written (no permission, disk full, …).
    """
    path = Path(os.path.realpath(path))  # behind a link it is the target that is replaced
    if path.exists() and not path.is_file():
        raise HandgradError(f"cannot write {path}: it is no plain file; choose another place")
    temporary = path.with_name(f"{UNFINISHED}{token_hex(8)}")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def remove_unfinished(folder: Path) -> None:
    """Remove what a process that was killed while it wrote into `folder` has left there."""
    for path in folder.glob(f"{UNFINISHED}*"):
        with suppress(OSError):
            path.unlink()


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, where they do not exist; HandgradError where that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error


def cannot_write(path: Path | str, error: OSError) -> HandgradError:
    """Make the one line for a file or folder, or whatever it is, that could not be written."""
    return HandgradError(
        f"cannot write {path}: {error.strerror or error}; choose another place or make room there"
    )
