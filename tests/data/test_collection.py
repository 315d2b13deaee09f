"""Collections of drawn digits: added to, removed from, and read as data."""

from pathlib import Path

import numpy as np
import pytest

from failing import refusal
from handgrad.data import collection
from handgrad.data.collection import add_to_collection, remove_from_collection
from handgrad.data.load import load_data
from handgrad.data.strokes import generate

IMAGES = generate(4, 3)[0]


def test_digits_are_added_read_and_removed_and_with_the_last_the_file(tmp_path: Path) -> None:
    path = tmp_path / "digits" / "mine.npz"
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
    path = tmp_path / "letters.npz"
    add_to_collection(path, IMAGES[:2], ["b", "a"], classes=["dog", "b"])
    add_to_collection(path, IMAGES[2:4], ["ab", "c"])
    train = load_data(path).train
    assert (train.labels.tolist(), train.classes) == ([1, 2, 4, 3], ("dog", "b", "a", "c", "ab"))


@pytest.mark.parametrize("label", ["seven", "7.5", "nan", "07", "-1e400", ""])
def test_invalid_labels_are_refused_and_nothing_is_written(tmp_path: Path, label: str) -> None:
    path = tmp_path / "mine.npz"
    add_to_collection(path, IMAGES[:1], ["3"])
    before = path.read_bytes()
    refusal(add_to_collection, path, IMAGES[1:2], [label])
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["mine.npz"]


def test_large_and_damaged_collections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.npz"
    assert "got 4 images and 1 labels" in refusal(add_to_collection, path, IMAGES, ["1"])
    add_to_collection(path, IMAGES[:2], ["1", "2"])
    monkeypatch.setattr(collection, "MAX_EXAMPLES", 3)
    assert "more than 3" in refusal(add_to_collection, path, IMAGES[:2], ["1", "2"])
    assert len(load_data(path).train) == 2
    np.savez(path, images=IMAGES[:, :49], labels=["1", "2", "3", "4"], classes=list("0123456789"))
    assert "is not a collection" in refusal(add_to_collection, path, IMAGES[:1], ["1"])
    path.write_bytes(b"PK no archive")
    assert "damaged" in refusal(remove_from_collection, path, 0)
