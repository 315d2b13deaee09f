"""Files are complete or absent."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from handgrad.errors import HandgradError, suggest
from handgrad.files import UNFINISHED, replacing


def test_a_file_appears_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def fail() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_behind_a_link_the_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    link, target = tmp_path / "link", tmp_path / "folder" / "target"
    target.write_text("old")
    link.symlink_to(target)
    with replacing(link) as temporary:
        temporary.write_text("new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_device_is_never_replaced() -> None:
    with pytest.raises(HandgradError, match="not a regular file"), replacing(Path("/dev/null")):
        pass
    assert Path("/dev/null").is_char_device()


def test_an_error_of_the_system_becomes_one_line(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "file"
    message = f"cannot write {path}: No such file or directory"
    with pytest.raises(HandgradError, match=message), replacing(path) as temporary:
        temporary.write_text("nowhere")


def test_read_only_file_system_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(HandgradError, match=r"cannot write .*file: Read-only"), replacing(tmp_path / "file"):
        pass


def test_folder_is_synced_after_the_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(os.fstat(number).st_ino))
    with replacing(tmp_path / "file") as temporary:
        temporary.write_text("new")
    assert synced == [path.stat().st_ino for path in (tmp_path / "file", tmp_path)]


def test_temporaries_of_killed_processes_are_removed_and_others_stay(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from handgrad.files import replacing\n"
        "with replacing(Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_text('half'); print('writing', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "file")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with replacing(tmp_path / "other") as temporary:
            temporary.write_text("new")
        assert len(list(tmp_path.glob(f"{UNFINISHED}*"))) == 1
        process.send_signal(signal.SIGKILL)
    with replacing(tmp_path / "other") as temporary:
        temporary.write_text("newer")
    assert list(tmp_path.iterdir()) == [tmp_path / "other"]


def test_suggestions_name_the_nearest_or_all() -> None:
    assert suggest("clasic", ["classic", "mlp"]) == "; did you mean 'classic'?"
    assert suggest("MLP", ["classic", "mlp"]) == "; did you mean 'mlp'?"
    assert suggest("zzz", ["classic", "mlp"]) == "; choose from classic, mlp"
