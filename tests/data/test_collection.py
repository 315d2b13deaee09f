"""Collections of drawn digits: added to, removed from, and read as data."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from failing import refusal
from handgrad.data import collection
from handgrad.data.collection import add_to_collection, read_collection, remove_from_collection
from handgrad.data.load import load_data
from handgrad.data.strokes import generate
from handgrad.errors import HandgradError

IMAGES = generate(4, 3)[0]


def test_added_digits_are_read_as_data_with_all_ten_classes(tmp_path: Path) -> None:
    path = tmp_path / "digits" / "mine.npz"
    assert add_to_collection(path, IMAGES[:2], ["3", "7"]) == 2
    assert add_to_collection(path, IMAGES[2:3], ["3"]) == 3
    train = load_data(path).train
    assert train.class_names == tuple("0123456789")
    assert train.labels.tolist() == [3, 7, 3]
    assert train.input_shape == (1, 28, 28)
    assert (train.inputs == IMAGES[:3]).all()


def test_labels_become_classes_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "letters.npz"
    add_to_collection(path, IMAGES[:2], ["b", "a"])
    add_to_collection(path, IMAGES[2:4], ["ab", "c"])
    assert load_data(path).train.class_names == ("a", "b", "c", "ab")
    assert load_data(path).train.labels.tolist() == [1, 0, 3, 2]
    add_to_collection(tmp_path / "a.npz", IMAGES[:1], ["cat"], classes=["dog", "cat"])
    assert load_data(tmp_path / "a.npz").train.class_names == ("dog", "cat")


@pytest.mark.parametrize("label", ["seven", "7.5", "nan", "07", "-1e400", ""])
def test_invalid_labels_are_refused_and_nothing_is_written(tmp_path: Path, label: str) -> None:
    path = tmp_path / "mine.npz"
    add_to_collection(path, IMAGES[:1], ["3"])
    before = path.read_bytes()
    with pytest.raises(HandgradError):
        add_to_collection(path, IMAGES[1:2], [label])
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["mine.npz"]


def test_digit_is_removed_and_with_the_last_the_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    add_to_collection(path, IMAGES[:3], ["1", "2", "3"])
    assert remove_from_collection(path, 1) == 2
    kept = read_collection(path)
    assert kept.labels == ["1", "3"]
    assert (kept.images.reshape(2, -1) == IMAGES[[0, 2]]).all()
    assert "0 to 1" in refusal(remove_from_collection, path, 2)
    remove_from_collection(path, 0)
    assert remove_from_collection(path, 0) == 0
    assert not path.exists()


def test_size_of_a_collection_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collection, "MAX_EXAMPLES", 3)
    path = tmp_path / "mine.npz"
    add_to_collection(path, IMAGES[:2], ["1", "2"])
    assert "more than" in refusal(add_to_collection, path, IMAGES[:2], ["1", "2"])
    assert len(read_collection(path)) == 2


DAMAGED: dict[str, dict[str, Any]] = {
    "labels": {"labels": [0, 1, 0]},
    "images": {"images": IMAGES},
    "one label": {"labels": 3},
    "classes": {"classes": "0"},
    "too large once decompressed": {"more": bytes(collection.MAX_SIZE)},
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damaged_files_are_refused(tmp_path: Path, case: str) -> None:
    path = tmp_path / "mine.npz"
    add_to_collection(path, IMAGES, ["0", "1", "0", "1"])
    with np.load(path) as arrays:
        np.savez_compressed(path, **{**arrays, **DAMAGED[case]})
    assert path.stat().st_size < 10**6
    assert "is damaged, too large" in refusal(read_collection, path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.npz").write_bytes(b"PK no archive")
    assert "is damaged" in refusal(add_to_collection, tmp_path / "mine.npz", IMAGES[:1], ["1"])
    assert "does not exist" in refusal(read_collection, tmp_path / "none.npz")
    assert "got 4 images and 1 labels" in refusal(add_to_collection, tmp_path / "a.npz", IMAGES, ["1"])
