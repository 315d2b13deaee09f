"""A learner's folder: files are never overwritten, and progress is kept."""

from pathlib import Path

import pytest

from handgrad.errors import HandgradError
from handgrad.learn.catalog import FOLDER, exercises
from handgrad.learn.folder import LearnerFolder

NAME = "ex03_dense"


def solve(folder: Path, name: str = NAME) -> None:
    (folder / f"{name}.py").write_text(exercises()[name].source, "utf-8")


def test_existing_files_are_kept(tmp_path: Path) -> None:
    _, written = LearnerFolder.create(tmp_path / "mine")
    assert written == [*exercises()]
    (tmp_path / "mine" / f"{NAME}.py").write_text("mine")
    (tmp_path / "mine" / "ex05_dense_backward.py").unlink()
    _, written = LearnerFolder.create(tmp_path / "mine")
    assert written == ["ex05_dense_backward"]
    assert (tmp_path / "mine" / f"{NAME}.py").read_text() == "mine"


def test_progress_is_kept_and_follows_the_file(tmp_path: Path) -> None:
    folder, _ = LearnerFolder.create(tmp_path)
    assert folder.status(NAME) == "not started"
    solve(tmp_path)
    assert folder.check(NAME).status == "passed"
    assert folder.next_hint(NAME) == 1
    again = LearnerFolder.open(tmp_path)
    assert again.status(NAME) == "passed"
    assert [again.next_hint(NAME) for _ in exercises()[NAME].hints] == [
        *range(2, len(exercises()[NAME].hints) + 1),
        0,
    ]
    (tmp_path / f"{NAME}.py").write_text("changed")
    assert again.status(NAME) == "changed"


def test_folder_without_exercises_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(HandgradError, match="handgrad learn start"):
        LearnerFolder.open(tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(HandgradError, match="handgrad learn start"):
        LearnerFolder.open()
    LearnerFolder.create(Path("exercises"))
    assert LearnerFolder.open().path == Path("exercises")
    monkeypatch.chdir(tmp_path / "exercises")
    assert LearnerFolder.open().path == Path()


@pytest.mark.parametrize(
    "damaged",
    [
        "{",
        "[]",
        "[" * 100_000,
        '{"ex03_dense": 1}',
        '{"ex03_dense": {"status": "well"}}',
        '{"ex03_dense": {"hints": "1"}}',
        '{"ex03_dense": {"hints": -4}}',
    ],
)
def test_damaged_progress_is_replaced_by_the_next_check(tmp_path: Path, damaged: str) -> None:
    LearnerFolder.create(tmp_path)
    solve(tmp_path)
    (tmp_path / "progress.json").write_text(damaged)
    assert LearnerFolder.open(tmp_path).status(NAME) == "not started"
    LearnerFolder.open(tmp_path).check(NAME)
    assert LearnerFolder.open(tmp_path).status(NAME) == "passed"


def test_teachers_add_an_exercise_as_one_file(tmp_path: Path) -> None:
    text = (FOLDER / f"{NAME}.py").read_text("utf-8")
    file = tmp_path / "mine.py"
    file.write_text(text.replace("A dense layer.", "My exercise.", 1), "utf-8")
    folder, _ = LearnerFolder.create(tmp_path / "class", [file])
    assert folder.exercises["mine"].title == "My exercise"
    assert "raise NotImplementedError" in (tmp_path / "class" / "mine.py").read_text("utf-8")
    solution = folder.exercises["mine"].source
    folder.file("mine").write_text(solution, "utf-8")
    assert LearnerFolder.open(tmp_path / "class").check("mine").status == "passed"


def test_progress_of_two_checks_at_once_is_kept(tmp_path: Path) -> None:
    LearnerFolder.create(tmp_path)
    one, two = LearnerFolder.open(tmp_path), LearnerFolder.open(tmp_path)
    one.next_hint(NAME)
    two.next_hint("ex01_neuron")
    assert LearnerFolder.open(tmp_path).progress.keys() == {NAME, "ex01_neuron"}


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("chapter=1", "chapter='1'", "chapter"),
        ("hints=[", "hints=[1,", "hints"),
        ("functions=[", "functions=[] and [", "functions"),
        ("def cases(rng):", "def cases(rng):\n    raise SystemError", "SystemError"),
        ("def cases(rng):", "def cases(rng):\n    return\n", "cases"),
        (
            "def cases(rng):",
            "def cases(rng):\n    arrays = {k: np.ones((1, 1)) for k in 'xyz'}\n"
            "    yield Case('mine', arrays, expected=lambda a: {'y': 9})",
            "fails",
        ),
        ("x @ weights.T + biases", "x @ weights", "raises"),
        ("def dense(x", "dense = lambda x: x\ndef other(x", "def for each"),
        ('[("weights.T"', '[("weights.X"', "replaces"),
        ('"missing-transpose"', '"missing"', "kind"),
    ],
)
def test_definitions_that_do_not_hold_together_are_errors(
    tmp_path: Path, old: str, new: str, word: str
) -> None:
    text = (FOLDER / f"{NAME}.py").read_text("utf-8")
    assert old in text
    file = tmp_path / "mine.py"
    file.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(HandgradError, match=f"mine.py.*{word}"):
        LearnerFolder.create(tmp_path / "class", [file])
    assert not (tmp_path / "class").exists()


@pytest.mark.parametrize("name", ["mine.txt", "my exercise.py", "random.py"])
def test_names_of_definitions_are_those_of_modules(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes((FOLDER / f"{NAME}.py").read_bytes())
    with pytest.raises(HandgradError, match=r"softplus\.py"):
        LearnerFolder.create(tmp_path / "class", [tmp_path / name])


@pytest.mark.parametrize("text", ["", "exit()", "x =", '"""Text."""\nEXERCISE = 1\n# --- check\n'])
def test_files_that_define_no_exercise_are_errors(tmp_path: Path, text: str) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text)
    with pytest.raises(HandgradError, match=r"mine\.py"):
        LearnerFolder.create(tmp_path / "class", [file])
    assert not (tmp_path / "class").exists()
