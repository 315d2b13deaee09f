"""One process at a time works in a folder; tests/cli/test_interruptions.py kills such processes."""

import errno
import fcntl
import os
from pathlib import Path
from typing import Any

import pytest

from handgrad import locks
from handgrad.errors import HandgradError
from handgrad.locks import is_locked, lock_file, lock_folder


def test_folder_that_is_in_use_is_refused(tmp_path: Path) -> None:
    with lock_folder(tmp_path):
        assert is_locked(tmp_path)
        with pytest.raises(HandgradError, match="another program"), lock_folder(tmp_path):
            pass
    assert not is_locked(tmp_path)
    assert not is_locked(tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


def test_lock_waits_for_a_process_that_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asking = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(asking, fcntl.LOCK_SH)  # as `is_locked` does
    assert not is_locked(tmp_path)
    monkeypatch.setattr(locks, "sleep", lambda seconds: fcntl.flock(asking, fcntl.LOCK_UN))
    with lock_folder(tmp_path):
        pass
    os.close(asking)


def test_file_is_locked_within_the_block(tmp_path: Path) -> None:
    with lock_file(tmp_path / "lock"), (tmp_path / "lock").open() as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with lock_file(tmp_path / "lock"):
        pass


def test_systems_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)  # as on some network file systems
    with lock_folder(tmp_path):
        assert not is_locked(tmp_path)
    monkeypatch.setattr(locks, "fcntl", None)  # as on Windows
    with lock_folder(tmp_path), lock_folder(tmp_path), lock_file(tmp_path / "a"), lock_file(tmp_path / "a"):
        assert not is_locked(tmp_path)
