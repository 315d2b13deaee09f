"""Data sets and their splits: types, shapes, and who may read the test split."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from failing import refusal
from handgrad.data.dataset import Dataset
from handgrad.data.splits import Splits

BYTES = np.arange(4 * 2 * 3, dtype=np.uint8).reshape(4, 2, 3)
LABELS = np.array([0, 1, 2, 1])


def numbered(examples: int) -> Dataset:
    return Dataset(np.arange(examples, dtype=np.float32)[:, np.newaxis], np.arange(examples) % 2, 2)


def test_bytes_stay_bytes_and_are_not_copied() -> None:
    dataset = Dataset(BYTES, LABELS, ("a", "b", "c"), (1, 2, 3), "plain")
    assert np.shares_memory(dataset.inputs, BYTES)
    part = dataset.take(np.array([3, 0]))
    assert part.inputs.dtype == np.uint8
    assert part.inputs.tolist() == BYTES[[3, 0]].reshape(2, 6).tolist()
    assert (len(part), part.labels.tolist()) == (2, [1, 0])
    for name in ("classes", "input_shape", "framing"):
        assert getattr(part, name) == getattr(dataset, name)


@pytest.mark.parametrize(
    ("values", "dtypes", "found"),
    [
        ([0, 1], ["f8", "f2", "i8", "u2", "?", ">f4", ">i2"], "float32"),
        ([0, 200], ["i2", "i4", ">i8"], "uint8"),  # pixels
        ([3, 128], ["i2", "i4", ">i8"], "uint8"),
        ([0, 127], ["i2", "i4", ">i8"], "float32"),
        ([0, 256], ["i2", "i4", ">i8"], "float32"),
        ([-1, 200], ["i2", "i4", ">i8"], "float32"),
    ],
)
def test_other_numbers_become_bytes_or_float32(values: list[int], dtypes: list[str], found: str) -> None:
    for dtype in dtypes:
        inputs = np.array([values, values[::-1]]).astype(dtype)
        read_only = inputs.copy()
        read_only.flags.writeable = False
        for form in (inputs[:, ::-1][:, ::-1], np.asfortranarray(inputs), inputs.tolist(), read_only):
            dataset = Dataset(form, np.array([0, 1]), ["no", "yes"])
            assert dataset.inputs.dtype == np.dtype(found)  # in native byte order
            assert dataset.inputs.flags.c_contiguous
            assert dataset.inputs.tolist() == [values, values[::-1]]


@pytest.mark.parametrize(
    ("labels", "classes", "names"),
    [
        (LABELS.astype(">i4"), 3, "012"),
        (LABELS, np.int64(3), "012"),
        (LABELS, None, "012"),
        ([0.0, 1.0, 2.0, 1.0], None, "012"),
        (LABELS, ("a", "b", "c"), "abc"),
        (LABELS, np.array(["a", "b", "c"]), "abc"),
        (["a", "b", "c", "b"], None, "abc"),
        (np.array(["a", "b", "c", "b"], object), None, "abc"),
        (np.array(["5", "7", "9", "7"]), [5, 7, 9], "579"),
    ],
)
def test_labels_and_classes_as_users_have_them(labels: Any, classes: Any, names: str) -> None:
    dataset = Dataset(BYTES, labels, classes)
    assert dataset.labels.dtype.isnative
    assert (dataset.labels.tolist(), dataset.classes) == ([0, 1, 2, 1], tuple(names))
    assert Dataset(BYTES, np.array([True, False, True, True])).labels.tolist() == [1, 0, 1, 1]
    assert Dataset(BYTES, [0, 0, 0, 0]).classes == ("0", "1")


def test_only_images_of_28_by_28_are_framed_as_digits_by_default() -> None:
    for shape, framing in (((1, 28, 28), "digit"), ((784,), "plain"), ((28, 28), "plain")):
        assert Dataset(np.zeros((2, 784), np.uint8), [0, 1], input_shape=shape).framing == framing
    assert Dataset(np.zeros((2, 1, 28, 28), np.uint8), [0, 1], framing="plain").framing == "plain"


MASKED = np.ma.masked_array(np.zeros((4, 2)), np.eye(4, 2, dtype=bool))
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "shape": ({"input_shape": (28, 28)}, "not examples of shape"),
    "no values": ({"inputs": BYTES[:, :0]}, "not examples"),
    "too few labels": ({"labels": LABELS[:3]}, "4 inputs"),
    "column of labels": ({"labels": LABELS[:, np.newaxis]}, "labels of shape"),
    "text": ({"inputs": np.array([["a"]] * 4)}, "must be numbers"),
    "fractional labels": ({"labels": LABELS + 0.5}, "must be integers"),
    "missing labels": ({"labels": [0, 1, np.nan, 1]}, "must be integers"),
    "mixed labels": ({"labels": np.array([0, "a", None, 1], object)}, "must be integers"),
    "unknown name": ({"labels": ["a", "b", "d", "b"], "classes": ("a", "b", "c")}, "label 'd'"),
    "ragged": ({"inputs": [[1], [1, 2], [1], [2]]}, "not an array"),
    "masked": ({"inputs": MASKED}, "masked entries"),
    "complex": ({"inputs": BYTES * 1j}, "must be numbers"),
    "no classes": ({"classes": 0}, "1 to 1,000,000 classes"),
    "far label": ({"labels": [0, 1, 10**6, 1], "classes": None}, "label 1000000 is out of range"),
    "names of inputs": ({"features": ("a", "b")}, "6 inputs, but 2 names"),
    "label below": ({"labels": LABELS - 1}, "label -1 is out of range"),
    "label above": ({"classes": 2}, "label 2 is out of range"),
    "NaN": ({"inputs": np.full((4, 2), np.nan)}, "NaN"),
    "too large": ({"inputs": np.full((4, 2), 1e39)}, "infinity"),
    "classes of one name": ({"classes": ("a", "b", "a")}, "same name"),
    "framing": ({"framing": "oval"}, "unknown framing 'oval'"),
}


@pytest.mark.parametrize("case", BAD)
def test_arrays_that_do_not_belong_together_are_refused(case: str) -> None:
    changed, reason = BAD[case]
    good: dict[str, Any] = {"inputs": BYTES, "labels": LABELS, "classes": 3}
    assert reason in refusal(lambda: Dataset(**(good | changed)))


def test_the_test_split_is_opened_once_and_only_when_asked_for() -> None:
    opened = []

    def test() -> Dataset:
        opened.append(1)
        return numbered(3)

    splits = Splits(numbered(10), test=test)
    parts = splits.split_validation(4, np.random.default_rng(0))
    assert "train=Dataset(10 examples of 1 float32, 2 classes), validation=None" in repr(splits)
    assert splits.split("train") is splits.train
    assert not opened
    assert splits.split("test") is splits.test
    assert len(opened) == 1
    assert parts.split("test").inputs.tolist() == numbered(3).inputs.tolist()


WIDE = Dataset(np.zeros((2, 5), np.uint8), np.array([0, 1]), 2)
ARRAY: Any = np.zeros((3, 1))


@pytest.mark.parametrize(
    ("build", "name", "reason"),
    [
        (lambda: Splits(numbered(3), source="some.csv"), "test", "some.csv has no test split; choose train"),
        (lambda: Splits(numbered(3), numbered(3)), "test", "no test split; choose train or validation"),
        (lambda: Splits(numbered(3)), "tests", "unknown split 'tests'; choose from train, validation, test"),
        (lambda: Splits(numbered(3), WIDE, source="a"), "train", "a: training examples have 1 values"),
        (lambda: Splits(numbered(3), test=lambda: WIDE), "test", "1 values, test examples 5"),
        (lambda: Splits(WIDE).with_validation(WIDE.take(slice(0))), "train", "hold no examples"),
        (lambda: Splits(ARRAY), "train", "training examples must be a Dataset; got ndarray"),
        (lambda: Splits(numbered(3), test=ARRAY), "test", "test examples must be a Dataset"),
    ],
)
def test_splits_that_are_not_there_or_do_not_fit(build: Callable[[], Splits], name: str, reason: str) -> None:
    assert reason in refusal(lambda: build().split(name))


@given(st.integers(2, 60), st.data())
def test_split_validation_parts_the_training_examples(examples: int, data: st.DataObject) -> None:
    count, seed = data.draw(st.integers(1, examples - 1)), data.draw(st.integers(0, 9))
    splits = [Splits(numbered(examples)).split_validation(count, np.random.default_rng(seed)) for _ in "ab"]
    (train, validation), again = ((each.train, each.split("validation")) for each in splits)
    assert len(validation) == count
    assert validation.inputs.tolist() == again[1].inputs.tolist()
    assert sorted(np.concatenate([train.inputs, validation.inputs]).ravel()) == list(range(examples))
    assert (np.diff(train.inputs.ravel()) > 0).all()  # in the order of the file
    for part in (train, validation):
        assert (part.labels == part.inputs.ravel() % 2).all()


def test_split_validation_leaves_something_to_train_on() -> None:
    for count in (0, -1, 10, 11):
        line = refusal(Splits(numbered(10)).split_validation, count, np.random.default_rng(0))
        assert f"cannot split {count} validation examples from 10" in line
    separate = Splits(numbered(10), numbered(4))
    assert separate.split_validation(0, np.random.default_rng(0)) is separate
