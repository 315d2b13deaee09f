"""Submissions of a class are checked, and get credit for each property."""

from pathlib import Path

import pytest

from handgrad.errors import HandgradError
from handgrad.learn.catalog import exercises
from handgrad.learn.grading import frequent, grade, passed

NAMES = ("ex03_dense", "ex05_dense_backward")


def test_credit_and_mistakes_of_each_submission(tmp_path: Path) -> None:
    sources = {name: exercises()[name].source for name in NAMES}
    wrong = sources | {"ex05_dense_backward": sources["ex05_dense_backward"].replace("dy.T @ x", "dy @ x")}
    for person, files in {"ada": sources, "bob": wrong, "eve": {"ex03_dense": "def dense("}}.items():
        (tmp_path / person).mkdir()
        for name, source in files.items():
            (tmp_path / person / f"{name}.py").write_text(source, "utf-8")
    (tmp_path / "zoe" / "exercises").mkdir(parents=True)
    (tmp_path / "zoe" / "exercises" / "ex03_dense.py").write_text(sources["ex03_dense"], "utf-8")
    (tmp_path / "yan").mkdir()
    grades = {result.submission: result for result in grade(tmp_path)}
    assert [*grades] == ["ada", "bob", "eve", "yan", "zoe"]
    scores = {person: [result.scores()[name] for name in NAMES] for person, result in grades.items()}
    assert scores["ada"] == [1, 1]
    assert scores["bob"][0] == 1
    assert 0 <= scores["bob"][1] < 1
    assert scores["eve"] == [0, 0]
    assert scores["yan"] == [0, 0]
    assert scores["zoe"] == [1, 0]
    assert passed([*grades.values()])[2] == ("ex03_dense", 3, 4)
    assert "ex05_dense_backward: Missing transpose" in grades["bob"].mistakes()
    assert "ex03_dense: SyntaxError" in grades["eve"].mistakes()
    assert ("ex05_dense_backward: Missing transpose", 1) in frequent(grades.values())


def test_files_may_lie_in_a_folder_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "ada" / "exercises").mkdir(parents=True)
    (tmp_path / "ada" / "exercises" / "ex03_dense.py").write_text("def dense(", "utf-8")
    (result,) = grade(tmp_path)
    assert result.submission == "ada"
    assert result.mistakes()[2] == "ex03_dense: SyntaxError"


def test_only_some_exercises_count(tmp_path: Path) -> None:
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "ex03_dense.py").write_text(exercises()["ex03_dense"].source, "utf-8")
    (result,) = grade(tmp_path, only=["3"])
    assert (result.scores(), result.credit()) == ({"ex03_dense": 1}, 1)


def test_folder_without_submissions_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(HandgradError, match="no submissions"):
        list(grade(tmp_path))
