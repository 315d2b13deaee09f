"""Files are complete or absent."""

import errno
import os
from pathlib import Path

import pytest

import handgrad as hg
from failing import refusal
from handgrad import files
from handgrad.errors import HandgradError, suggest
from handgrad.exports.formats import load_model_recipe
from handgrad.files import UNFINISHED, remove_unfinished, replacing, write_file
from handgrad.locks import try_lock
from handgrad.recipes.loading import load_recipe
from handgrad.runs import Run


def test_a_file_appears_whole_and_a_failure_leaves_the_old_one(tmp_path: Path) -> None:
    path, link = tmp_path / "file", tmp_path / "link"
    link.symlink_to(path)
    with replacing(link) as temporary:
        temporary.write_text("new")
        assert not path.exists()
    with pytest.raises(KeyError), replacing(path) as temporary:  # noqa: PT012
        temporary.write_text("half")
        raise KeyError
    assert path.read_text() == "new"
    assert link.is_symlink()
    assert set(tmp_path.iterdir()) == {path, link}


@pytest.mark.parametrize(
    "name", ["x" * 300, "x" * 300 + ".toml", "a\0b", "a\0b.toml", "x/" * 2500 + "y.csv", "\ud800"]
)
def test_names_that_the_system_does_not_support(name: str) -> None:
    network = hg.Network([hg.Dense(2)], 2, 0)

    def resume(name: str) -> None:
        Run.resume(Path(name))

    for read in (hg.load_data, hg.load_model, hg.load_records, load_recipe, load_model_recipe, resume):
        refusal(read, name)
    for form in ("onnx", "h", "html", "csv"):
        refusal(hg.export, network, name, form)
    refusal(hg.save_model, network, name)


def test_what_cannot_be_written_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(HandgradError, match="not a regular file"):
        write_file(Path("/dev/null"), b"")
    assert Path("/dev/null").is_char_device()
    for name, reason in (("missing/file", "No such file or directory"), ("a" * 256, "File name too long")):
        with pytest.raises(HandgradError, match=f"cannot (write|use) .*{name[-40:]}: {reason}"):
            write_file(tmp_path / name, b"")

    def refuse(*_: object, **__: object) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(HandgradError, match=r"cannot write .*file: Read-only"):
        write_file(tmp_path / "file", b"")


def test_folder_is_synced_after_the_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(os.fstat(number).st_ino))
    write_file(tmp_path / "file", b"new")
    assert synced == [path.stat().st_ino for path in (tmp_path / "file", tmp_path)]


def test_temporaries_of_killed_processes_are_removed_and_others_stay(tmp_path: Path) -> None:
    (tmp_path / f"{UNFINISHED}1").touch()  # no process locks it any more
    with replacing(tmp_path / "file") as temporary:
        temporary.write_text("whole")
        write_file(tmp_path / "other", b"new")
        assert set(tmp_path.iterdir()) == {temporary, tmp_path / "other"}


def test_a_temporary_is_locked_before_another_process_can_remove_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = iter([tmp_path])

    def lock(number: int) -> bool:
        for folder in others:  # once, between the creation of the file and its lock
            remove_unfinished(folder)
        return try_lock(number)

    monkeypatch.setattr(files, "try_lock", lock)
    with replacing(tmp_path / "file") as temporary:
        temporary.write_text("whole")
        remove_unfinished(tmp_path)
    assert (tmp_path / "file").read_text() == "whole"


def test_suggestions_name_the_nearest_or_all() -> None:
    for name, hint in (("clasic", "did you mean 'classic'?"), ("mlp", "did you mean 'MLP'?")):
        assert suggest(name, ["classic", "MLP"]) == f"; {hint}"
    assert suggest("zzz", ["classic", "MLP"]) == "; choose from classic, MLP"
