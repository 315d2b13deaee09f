"""Files are whole or not there."""

from pathlib import Path

import pytest

from handgrad.errors import HandgradError, suggest
from handgrad.files import replacing


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
    with pytest.raises(HandgradError, match="no plain file"), replacing(Path("/dev/null")):
        pass
    assert Path("/dev/null").is_char_device()


def test_an_error_of_the_system_becomes_one_line(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "file"
    message = f"cannot write {path}: No such file or directory"
    with pytest.raises(HandgradError, match=message), replacing(path) as temporary:
        temporary.write_text("nowhere")


def test_suggestions_name_the_nearest_or_all() -> None:
    assert suggest("clasic", ["classic", "mlp"]) == "; did you mean 'classic'?"
    assert suggest("MLP", ["classic", "mlp"]) == "; did you mean 'mlp'?"
    assert suggest("zzz", ["classic", "mlp"]) == "; choose from classic, mlp"
