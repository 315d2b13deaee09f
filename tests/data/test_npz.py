"""NumPy archives: the names in use, the shapes in use, and damage."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from failing import complaint, refusal
from handgrad.data.arrays import is_mapped
from handgrad.data.npz import NAMES, read_npz

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 8, 8), np.uint8)
LABELS = np.array([0, 1, 2, 0, 1, 2])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "digits.npz"


def read_all(path: Path) -> object:
    return read_npz(path).test


@pytest.mark.parametrize(
    ("split", "pair"), [(split, pair) for split in NAMES for pair in NAMES[split].split(", ")]
)
def test_names(path: Path, split: str, pair: str) -> None:
    arrays: Any = {"more": LABELS} | ({} if split == "train" else {"x_train": IMAGES, "y_train": LABELS})
    save: Any = np.savez_compressed if split == "train" else np.savez
    save(path, **arrays | dict(zip(pair.split(), (IMAGES[3:], LABELS[3:]), strict=True)))
    splits = read_npz(path)
    found = splits.split(split)
    assert found.inputs.dtype == np.uint8
    assert found.inputs.flags.c_contiguous
    assert np.array_equal(found.inputs, IMAGES[3:].reshape(3, 64))
    assert (found.labels.tolist(), found.classes) == ([0, 1, 2], ("0", "1", "2"))
    assert splits.source == str(path)


@pytest.mark.parametrize(
    ("inputs", "shape"),
    [
        (IMAGES.reshape(6, 64), (1, 8, 8)),
        (IMAGES.reshape(6, 1, 8, 8), (1, 8, 8)),
        (IMAGES.reshape(6, 8, 8, 1), (1, 8, 8)),
        (np.stack([IMAGES] * 3, axis=1), (3, 8, 8)),
        (np.stack([IMAGES] * 3, axis=3), (3, 8, 8)),
        (IMAGES[:, 0, :5], (5,)),
        (IMAGES.reshape(6, 64) / 255, (64,)),
        (np.asfortranarray(IMAGES), (1, 8, 8)),
    ],
)
@pytest.mark.parametrize("names", [False, True])
def test_shapes(path: Path, inputs: Any, shape: tuple[int, ...], names: bool) -> None:
    classes = ("a", "b", "c") if names else ("0", "1", "2")
    np.savez(path, x=inputs, y=np.array(classes)[LABELS] if names else LABELS[:, np.newaxis])
    train = read_npz(path).train
    assert train.input_shape == shape
    assert train.inputs.dtype == (np.uint8 if inputs.dtype == np.uint8 else np.float32)
    assert (train.labels.tolist(), train.classes) == (LABELS.tolist(), classes)
    if len(shape) == 3:
        assert np.array_equal(train.inputs, np.stack([IMAGES] * shape[0], axis=1).reshape(6, -1))


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"x": None, "y": None, "a": IMAGES}, "holds a; expected one of the pairs x_train y_train, "),
        ({"y": None}, "expected one of"),
        ({"y": LABELS[:5]}, "there are 6 inputs, but labels of shape (5,)"),
        ({"y": np.eye(3)[LABELS]}, "labels of shape (6, 3) are not one class"),
        ({"x": np.array(3)}, "x: inputs of shape ()"),
        ({"x": np.zeros((6, 5, 5, 5))}, "no axis of x, (6, 5, 5, 5), can be the channels"),
        ({"x": IMAGES[:, :, :0]}, "x: inputs of shape"),
        ({"x": IMAGES[:0], "y": LABELS[:0]}, "no examples"),
        ({"x": np.array([{}] * 6, object)}, "x cannot be read: it is damaged, or holds pickled objects"),
        ({"y": np.array(["a", None] * 3, object)}, "y cannot be read: it is damaged, or holds pickled"),
        ({"x": np.array([["a", "b"]] * 6)}, "x: inputs must be numbers"),
        ({"x": np.full((6, 2), 1e200)}, "x: inputs hold NaN or infinity"),
        ({"y": LABELS - 1}, "label '-1' (example 1) is out of range"),
        ({"x_test": IMAGES[:, :7], "y_test": LABELS}, "test examples 56"),
        ({"x_test": IMAGES, "y_test": LABELS + 1}, "'3' (example 3) is not one of the 3"),
        ({"x_test": np.array([{}], object), "y_test": [0]}, "x_test cannot be read"),
        ({"x_val": IMAGES, "y_val": LABELS + 1}, "y_val: label '3'"),
        ({"classes": ["0", "1"]}, "label '2' (example 3) is not one of the 2 classes"),
        ({"classes": ["0"]}, "classes must be two different names or more"),
        ({"classes": ["0", "1", "2", "2"]}, "classes must be two different names or more"),
    ],
)
def test_bad_archives(path: Path, arrays: dict[str, Any], reason: str) -> None:
    held = {name: array for name, array in ({"x": IMAGES, "y": LABELS} | arrays).items() if array is not None}
    np.savez(path, **held)
    assert reason in complaint(read_all, path)
    if "x_test" in arrays:
        assert len(read_npz(path).train) == 6, "a damaged test split does not matter to training"


def test_files_that_are_no_archive(path: Path, tmp_path: Path) -> None:
    np.savez(path, x=IMAGES, y=LABELS)
    whole = path.read_bytes()
    np.save(tmp_path / "single.npy", IMAGES)
    for content in (b"", whole[:-30], whole[:200], b"<html>", (tmp_path / "single.npy").read_bytes()):
        path.write_bytes(content)
        assert "cannot be read" in complaint(read_all, path)
    version = whole.index(b"PK\1\2") + 6  # the one of zip that is needed, in the archive's directory
    path.write_bytes(whole[:version] + b"\xff" + whole[version + 1 :])
    assert "cannot be read" in complaint(read_all, path)
    path.write_bytes(whole.replace(IMAGES[3].tobytes(), bytes(64)))  # found by the checksum
    assert "x cannot be read: it is damaged" in complaint(read_all, path)
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999, 8)}"
    lie = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    for content, reason in ((lie, "x cannot be read: it is damaged"), (b"hello", "label 'hello'")):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x.npy", content)
            archive.writestr("y.npy", content)
        assert reason in complaint(read_all, path)


@pytest.mark.parametrize("name", ["", "x_train.npy", "y_train.npy", "x_test.npy"])
@pytest.mark.parametrize(
    "inputs", [IMAGES, np.stack([IMAGES] * 3, axis=3), IMAGES / 255, IMAGES.astype(np.int64)]
)
def test_npy_files_are_memory_mapped(tmp_path: Path, name: str, inputs: Any) -> None:
    arrays = {"x_train": inputs, "y_train": LABELS, "x_test": inputs[:4], "y_test": LABELS[:4]}
    for key, array in arrays.items():
        np.save(tmp_path / key, array)
    np.savez(tmp_path / "a.npz", **arrays)
    there, archive = read_npz(tmp_path / name), read_npz(tmp_path / "a.npz")
    assert is_mapped(there.train.inputs) == (inputs.ndim == 3)  # else the channels are moved
    for here in (there.train, there.split("test")):
        assert here.input_shape == archive.train.input_shape
        count = 4 if name == "x_test.npy" or here is not there.train else 6
        np.testing.assert_array_equal(np.asarray(here.inputs), archive.train.inputs[:count])
        assert here.labels.tolist() == LABELS[:count].tolist()


def test_bytes_are_text_and_a_missing_class_is_a_class(path: Path, tmp_path: Path) -> None:
    arrays: Any = {
        "x": IMAGES,
        "y": np.array([b"a", b"b", b"c"] * 2),
        "classes": np.array([b"c", b"b", b"a"]),
    }
    np.savez(path, **arrays)
    for name, array in arrays.items():
        np.save(tmp_path / name, array)
    for place in (path, tmp_path / "x.npy"):
        train = read_npz(place).train
        assert (train.labels.tolist(), train.classes) == ([2, 1, 0] * 2, ("c", "b", "a"))
    np.savez(path, x=IMAGES, y=2 * LABELS)
    assert read_npz(path).train.classes == ("0", "1", "2", "3", "4")


def test_npy_files_without_a_pair_and_damaged_ones(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", IMAGES)
    for path in (tmp_path, tmp_path / "x.npy"):
        assert "holds x; expected one of" in refusal(read_npz, path)
    np.save(tmp_path / "y.npy", LABELS)
    (tmp_path / "x.npy").write_bytes((tmp_path / "x.npy").read_bytes()[:-1])
    assert "x cannot be read" in refusal(read_npz, tmp_path)


def test_archives_larger_than_memory(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(path, x=np.zeros_like(IMAGES), y=LABELS)
    monkeypatch.setattr("handgrad.data.memory.available_memory", lambda: 500)
    assert "x need 1,024 bytes of memory and 500 bytes are available; unpack it" in complaint(read_all, path)
