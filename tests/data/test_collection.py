"""Collections of drawn digits: added to, removed from, and read as data."""

import os
from pathlib import Path

import pytest

from failing import refusal
from handgrad.data import collection
from handgrad.data.collection import add_to_collection, remove_from_collection
from handgrad.data.load import load_data
from handgrad.data.strokes import generate

IMAGES = generate(4, 3)[0]


def test_digits_are_added_read_and_removed_and_with_the_last_the_file(tmp_path: Path) -> None:
    path = tmp_path / "digits" / "mine.csv"
    assert add_to_collection(path, IMAGES[:2], ["3", "7"]) == 2
    assert add_to_collection(path, IMAGES[2:3], ["3"]) == 3
    train = load_data(path).train
    assert (train.labels.tolist(), train.classes) == ([3, 7, 3], tuple("0123456789"))
    assert train.input_shape == (1, 28, 28)
    assert (train.inputs == IMAGES[:3]).all()
    assert remove_from_collection(path, 1) == 2
    kept = load_data(path).train
    assert kept.labels.tolist() == [3, 3]
    assert (kept.inputs == IMAGES[[0, 2]]).all()
    assert "0 to 1" in refusal(remove_from_collection, path, 2)
    remove_from_collection(path, 0)
    assert remove_from_collection(path, 0) == 0
    assert not path.exists()


def test_labels_become_classes_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "letters.csv"
    add_to_collection(path, IMAGES[:2], ["b", "a"], classes=["dog", "b"])
    add_to_collection(path, IMAGES[2:4], ["ab", "c"])
    train = load_data(path).train
    assert (train.labels.tolist(), train.classes) == ([1, 2, 4, 3], ("dog", "b", "a", "c", "ab"))


@pytest.mark.parametrize("label", ["seven", "7.5", "nan", "07", "-1e400", ""])
def test_invalid_labels_are_refused_and_nothing_is_written(tmp_path: Path, label: str) -> None:
    path = tmp_path / "mine.csv"
    add_to_collection(path, IMAGES[:1], ["3"])
    before = path.read_bytes()
    refusal(add_to_collection, path, IMAGES[1:2], [label])
    assert path.read_bytes() == before
    assert {file.name for file in tmp_path.iterdir()} == {"mine.csv", "mine.classes"}


def test_large_and_damaged_collections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.csv"
    assert "got 4 images and 1 labels" in refusal(add_to_collection, path, IMAGES, ["1"])
    add_to_collection(path, IMAGES[:2], ["1", "2"])
    monkeypatch.setattr(collection, "MAX_EXAMPLES", 3)
    assert "more than 3" in refusal(add_to_collection, path, IMAGES[:2], ["1", "2"])
    assert len(load_data(path).train) == 2
    for content in (b"label,a\n1,2\n", b"\xff", b""):
        path.write_bytes(content)
        assert "is not a collection" in refusal(add_to_collection, path, IMAGES[:1], ["1"])
        assert "is not a collection" in refusal(remove_from_collection, path, 0)
        assert path.read_bytes() == content


def test_a_digit_is_appended_after_whole_digits_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.csv"
    add_to_collection(path, IMAGES[:2], ["3", "7"])
    before, file = path.read_bytes(), path.stat().st_ino
    path.write_bytes(before + b"7,0,0,12")  # a process was killed
    assert add_to_collection(path, IMAGES[2:3], ["1"]) == 3
    added = path.read_bytes()
    assert added.startswith(before)
    assert path.stat().st_ino == file
    assert load_data(path).train.labels.tolist() == [3, 7, 1]
    path.write_bytes(added + b"7,0,0,12")
    assert remove_from_collection(path, 2) == 2
    assert path.read_bytes() == before

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    assert "No space" in refusal(add_to_collection, path, IMAGES[2:3], ["1"])
    assert path.read_bytes() == before


def test_a_last_digit_without_a_line_end_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    add_to_collection(path, IMAGES[:2], ["3", "7"])
    edited = path.read_bytes().removesuffix(b"\n")
    path.write_bytes(edited)
    collection.cut_unfinished(path)
    assert path.read_bytes() == edited
    assert add_to_collection(path, IMAGES[2:3], ["1"]) == 3
    assert load_data(path).train.labels.tolist() == [3, 7, 1]
    path.write_bytes(path.read_bytes().removesuffix(b"\n"))
    assert remove_from_collection(path, 0) == 2
    assert load_data(path).train.labels.tolist() == [7, 1]


@pytest.mark.parametrize("content", [b"name,age\nann,5\nbob,6", b"one line", b"a,b\r1,2\r", b""])
def test_other_files_are_not_cut(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(content)
    collection.cut_unfinished(path)
    assert path.read_bytes() == content


def test_labels_are_cells_of_a_table(tmp_path: Path) -> None:
    path, names = tmp_path / "mine.csv", ['a,"b"', "c d", '"', "ü"]
    for image, name in zip(IMAGES, names, strict=True):
        add_to_collection(path, image[None], [name], ["x"])
    train = load_data(path).train
    assert [train.classes[label] for label in train.labels] == names
    assert (train.inputs == IMAGES).all()
    for label in ("a\nb", "a\rb", "\ud800"):
        refusal(add_to_collection, tmp_path / "other.csv", IMAGES[:1], [label])
    assert not (tmp_path / "other.csv").exists()
