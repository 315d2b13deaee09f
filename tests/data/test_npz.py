"""NumPy archives: the names in use, the shapes in use, and damage."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from failing import refusal
from handgrad.data.arrays import is_mapped
from handgrad.data.npz import NAMES, read_npz
from handgrad.errors import HandgradError

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 8, 8), np.uint8)
LABELS = np.array([0, 1, 2, 0, 1, 2])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "digits.npz"


def save(path: Path, **arrays: Any) -> None:
    np.savez(path, **arrays)


def complaint(path: Path) -> str:
    """Return the line with which an archive is refused."""
    line = refusal(lambda: read_npz(path).test)
    assert str(path) in line
    return line


@pytest.mark.parametrize("pair", NAMES["train"])
@pytest.mark.parametrize("compressed", [False, True])
def test_names_to_train_with(path: Path, pair: tuple[str, str], compressed: bool) -> None:
    arrays: Any = {pair[0]: IMAGES, pair[1]: LABELS, "more": LABELS}
    (np.savez_compressed if compressed else np.savez)(path, **arrays)
    splits = read_npz(path)
    assert splits.train.inputs.dtype == np.uint8
    assert splits.train.inputs.flags.c_contiguous
    assert np.array_equal(splits.train.inputs, IMAGES.reshape(6, 64))
    assert splits.train.labels.tolist() == LABELS.tolist()
    assert splits.train.input_shape == (1, 8, 8)
    assert splits.train.class_names == ("0", "1", "2")
    assert splits.validation is None
    assert splits.test is None
    assert splits.source == str(path)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_names_of_other_splits(path: Path, split: str) -> None:
    for pair in NAMES[split]:
        save(path, x_train=IMAGES, y_train=LABELS, **{pair[0]: IMAGES[4:], pair[1]: LABELS[4:]})
        other = read_npz(path).split(split)
        assert np.array_equal(other.inputs, IMAGES[4:].reshape(2, 64))
        assert (other.labels.tolist(), other.class_names) == ([1, 2], ("0", "1", "2"))


@pytest.mark.parametrize(
    ("inputs", "shape"),
    [
        (IMAGES, (1, 8, 8)),
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
def test_shapes(path: Path, inputs: Any, shape: tuple[int, ...]) -> None:
    save(path, x=inputs, y=LABELS)
    train = read_npz(path).train
    assert train.input_shape == shape
    assert train.inputs.dtype == (np.uint8 if inputs.dtype == np.uint8 else np.float32)
    if len(shape) == 3:
        expected = np.stack([IMAGES] * shape[0], axis=1).reshape(6, -1)
        assert np.array_equal(train.inputs, expected)


@pytest.mark.parametrize("labels", [LABELS[:, np.newaxis], LABELS.astype(np.uint8), LABELS.astype(float)])
def test_labels_as_they_come(path: Path, labels: Any) -> None:
    save(path, x=IMAGES, y=labels)
    assert read_npz(path).train.labels.tolist() == LABELS.tolist()


def test_names_as_labels(path: Path) -> None:
    for kind in ("U", "S"):
        save(path, x=IMAGES, y=np.array(["cat", "dog", "ant"] * 2).astype(kind))
        assert read_npz(path).train.class_names == ("ant", "cat", "dog")


def test_the_test_split_is_not_read_before_it_is_asked_for(path: Path) -> None:
    save(path, x_train=IMAGES, y_train=LABELS, x_test=np.array([{}], object), y_test=np.array([0]))
    splits = read_npz(path)
    assert len(splits.train) == 6
    with pytest.raises(HandgradError, match=r"digits\.npz: x_test holds pickled objects"):
        splits.split("test")


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no known names": ({"a": IMAGES, "b": LABELS}, "holds a, b; expected one of: x_train and"),
    "one of a pair": ({"x_train": IMAGES}, "expected one of"),
    "counts differ": ({"y": LABELS[:5]}, "x has 6 examples, y has shape (5,)"),
    "one-hot": ({"y": np.eye(3)[LABELS]}, "y has shape (6, 3); give one label for each"),
    "a single label": ({"y": np.array(3)}, "y has shape ()"),
    "a single number": ({"x": np.array(3)}, "x has shape ()"),
    "one dimension": ({"x": LABELS}, "2 dimensions or more"),
    "no channels": ({"x": np.zeros((6, 5, 5, 5))}, "no axis can be the channels"),
    "five dimensions": ({"x": np.zeros((6, 1, 1, 5, 5))}, "no axis can be the channels"),
    "no values": ({"x": IMAGES[:, :, :0]}, "x: inputs of shape"),
    "no examples": ({"x": IMAGES[:0], "y": LABELS[:0]}, "no examples"),
    "pickled": ({"x": np.array([{}] * 6, object)}, "x holds pickled objects"),
    "pickled labels": ({"y": np.array(["a", None] * 3, object)}, "y holds pickled"),
    "text": ({"x": np.array([["a", "b"]] * 6)}, "x: inputs must be numbers"),
    "complex": ({"x": np.zeros((6, 2), complex)}, "x: inputs must be numbers"),
    "NaN": ({"x": np.full((6, 2), np.nan)}, "x: inputs hold NaN"),
    "infinity": ({"x": np.full((6, 2), np.inf)}, "x: inputs hold NaN or infinity"),
    "too large": ({"x": np.full((6, 2), 1e200)}, "x: inputs hold NaN or infinity"),
    "fractional labels": ({"y": LABELS + 0.5}, "y: label '0.5' (example 1) is not a whole number"),
    "negative labels": ({"y": LABELS - 1}, "y: label '-1' (example 1) is out of range"),
    "one class": ({"y": LABELS * 0}, "y: every label is '0'"),
    "test of another size": ({"x_test": IMAGES[:, :7], "y_test": LABELS}, "test examples have 56"),
    "test of other classes": (
        {"x_test": IMAGES, "y_test": LABELS + 1},
        "'3' (example 3) is not one of the 3",
    ),
    "validation of other classes": ({"x_val": IMAGES, "y_val": LABELS + 1}, "y_val: label '3'"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_archives(path: Path, case: str) -> None:
    arrays, reason = BAD[case]
    known = {} if case in ("no known names", "one of a pair") else {"x": IMAGES, "y": LABELS}
    save(path, **(known | arrays))
    assert reason in complaint(path)


def test_files_that_are_no_archive(path: Path, tmp_path: Path) -> None:
    save(path, x=IMAGES, y=LABELS)
    whole = path.read_bytes()
    np.save(tmp_path / "single.npy", IMAGES)
    for content in (b"", whole[:-30], whole[:200], b"<html>", (tmp_path / "single.npy").read_bytes()):
        path.write_bytes(content)
        assert "cannot be read" in complaint(path)
    version = whole.index(b"PK\1\2") + 6  # the one of zip that is needed, in the archive's directory
    path.write_bytes(whole[:version] + b"\xff" + whole[version + 1 :])
    assert "cannot be read" in complaint(path)
    path.write_bytes(whole.replace(IMAGES[3].tobytes(), bytes(64)))  # found by the checksum
    assert "x cannot be read: it is damaged" in complaint(path)


def test_an_absurd_header_and_a_member_that_is_no_array(path: Path) -> None:
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999, 8)}"
    lie = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    for content, reason in ((lie, "y has not the length"), (b"hello", "y cannot be read")):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x.npy", content)
            archive.writestr("y.npy", content)
        assert reason in complaint(path)


def test_classes_may_be_named_of_which_there_is_no_example(tmp_path: Path) -> None:
    names = np.array(["0", "1", "2", "3"])
    np.savez(tmp_path / "a.npz", images=np.zeros((2, 28, 28), np.uint8), labels=[1, 1], classes=names)
    train = read_npz(tmp_path / "a.npz").train
    assert train.class_names == ("0", "1", "2", "3")
    assert train.labels.tolist() == [1, 1]


@pytest.mark.parametrize("names", [["0"], ["1", "1"], [["0", "2"]]])
def test_classes_that_do_not_fit_are_refused(tmp_path: Path, names: list[str]) -> None:
    np.savez(tmp_path / "a.npz", images=np.zeros((2, 28, 28), np.uint8), labels=[1, 1], classes=names)
    with pytest.raises(HandgradError, match=r"classes"):
        read_npz(tmp_path / "a.npz")


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
    assert is_mapped(there.train.inputs)
    for here in (there.train, there.split("test")):
        assert here.input_shape == archive.train.input_shape
        count = 4 if name == "x_test.npy" or here is not there.train else 6
        np.testing.assert_array_equal(np.asarray(here.inputs), archive.train.inputs[:count])
        assert here.labels.tolist() == LABELS[:count].tolist()


def test_npy_files_without_a_pair_and_damaged_ones(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", IMAGES)
    for path in (tmp_path, tmp_path / "x.npy"):
        with pytest.raises(HandgradError, match="holds x; expected one of"):
            read_npz(path)
    np.save(tmp_path / "y.npy", LABELS)
    (tmp_path / "x.npy").write_bytes((tmp_path / "x.npy").read_bytes()[:-1])
    with pytest.raises(HandgradError, match="x cannot be read"):
        read_npz(tmp_path)


def test_promised_sizes_are_compared_with_the_available_memory(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(path, x=IMAGES, y=LABELS)
    fortran = tmp_path / "f.npz"
    save(fortran, x=np.asfortranarray(IMAGES), y=LABELS)
    monkeypatch.setenv("HANDGRAD_CACHE", str(tmp_path / "cache"))
    for module in ("memory", "outofcore"):
        monkeypatch.setattr(f"handgrad.data.{module}.available_memory", lambda: 500)
    train = read_npz(path).train
    assert is_mapped(train.inputs)
    assert np.array_equal(train.inputs, IMAGES.reshape(6, 64))
    with pytest.raises(HandgradError, match="need 768 bytes of memory and 500 bytes are available"):
        read_npz(fortran)
