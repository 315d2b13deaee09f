"""One process at a time works in a folder."""

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from handgrad import locks
from handgrad.errors import HandgradError
from handgrad.locks import is_locked, lock_file, lock_folder


def test_a_folder_is_held_by_one_and_let_go_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 0.0)
    assert not is_locked(tmp_path)
    with lock_folder(tmp_path):
        assert is_locked(tmp_path)
        with pytest.raises(HandgradError, match="another program"), lock_folder(tmp_path):
            pass
    assert not is_locked(tmp_path)
    with lock_folder(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_is_killed_holds_nothing(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from handgrad.locks import lock_folder\n"
        "with lock_folder(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    assert is_locked(tmp_path)
    process.kill()
    process.communicate()
    assert not is_locked(tmp_path)


def test_work_is_done_in_turn(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from handgrad.locks import lock_file\n"
        "with lock_file(pathlib.Path(sys.argv[1])): print('mine', flush=True); sys.stdin.readline(); print('done')"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "lock")]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    first = subprocess.Popen(command, **pipes)
    assert first.stdout is not None
    assert first.stdout.readline() == "mine\n"
    second = subprocess.Popen(command, **pipes)
    with (tmp_path / "lock").open() as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert first.communicate("\n")[0] == "done\n"
    assert second.communicate("\n")[0] == "mine\ndone\n"
    with lock_file(tmp_path / "lock"):
        pass


def test_who_only_asks_does_not_hold(tmp_path: Path) -> None:
    asking = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(asking, fcntl.LOCK_SH)  # as another process does while it asks
    assert not is_locked(tmp_path)
    os.close(asking)


def test_a_moment_of_asking_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asking = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(asking, fcntl.LOCK_SH)
    monkeypatch.setattr(locks, "sleep", lambda seconds: fcntl.flock(asking, fcntl.LOCK_UN))
    with lock_folder(tmp_path):
        pass
    os.close(asking)


def test_what_cannot_be_locked_at_all_is_worked_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with lock_folder(tmp_path):
        assert not is_locked(tmp_path)


def test_what_is_not_there_is_not_held(tmp_path: Path) -> None:
    assert not is_locked(tmp_path / "none")


def test_where_the_system_has_no_locks_nothing_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "fcntl", None)
    with (
        lock_folder(tmp_path),
        lock_folder(tmp_path),
        lock_file(tmp_path / "lock"),
        lock_file(tmp_path / "lock"),
    ):
        assert not is_locked(tmp_path)
