"""Data sets and their splits: types, shapes, and who may read the test split."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.data.dataset import Dataset, Splits, naming
from handgrad.errors import HandgradError

BYTES = np.arange(4 * 2 * 3, dtype=np.uint8).reshape(4, 2, 3)
LABELS = np.array([0, 1, 2, 1])


def numbered(examples: int) -> Dataset:
    return Dataset(np.arange(examples, dtype=np.float32)[:, np.newaxis], np.arange(examples) % 2, 2)


def test_bytes_stay_bytes_and_are_not_copied() -> None:
    dataset = Dataset(BYTES, LABELS, 3)
    assert dataset.inputs.dtype == np.uint8
    assert dataset.inputs.shape == (4, 6)
    assert np.shares_memory(dataset.inputs, BYTES)
    assert dataset.input_shape == (2, 3)
    assert dataset.class_names == ("0", "1", "2")
    assert len(dataset) == 4


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int64, np.uint16, np.bool_, ">f4", ">i2"])
def test_other_numbers_become_float32(dtype: Any) -> None:
    inputs = np.array([[0, 1], [1, 0]]).astype(dtype)
    for form in (inputs, np.asfortranarray(inputs), inputs.tolist()):
        dataset = Dataset(form, np.array([0, 1]), ["no", "yes"])
        assert dataset.inputs.dtype == np.dtype("float32")
        assert dataset.inputs.dtype.isnative
        assert dataset.inputs.tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([0, 200], "uint8"),
        ([3, 128], "uint8"),
        ([0, 127], "float32"),
        ([0, 256], "float32"),
        ([-1, 200], "float32"),
    ],
)
def test_integers_that_are_pixels_become_bytes(values: list[int], dtype: str) -> None:
    for integers in ("i2", "i4", ">i8"):
        dataset = Dataset(np.array([values, values], integers), [0, 1])
        assert dataset.inputs.dtype == dtype
        assert dataset.inputs.tolist() == [values, values]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_inputs_are_always_contiguous(dtype: Any) -> None:
    inputs = np.arange(24).astype(dtype).reshape(2, 3, 4)
    read_only = inputs.copy()
    read_only.flags.writeable = False
    for strange in (
        np.asfortranarray(inputs),
        np.asfortranarray(inputs[0]),
        inputs[:, ::-1],
        np.moveaxis(inputs, 0, -1),
        read_only,
    ):
        dataset = Dataset(strange, np.zeros(len(strange), np.int64), 2)
        assert dataset.inputs.flags.c_contiguous
        assert np.array_equal(dataset.inputs, strange.reshape(len(strange), -1))


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
    assert dataset.labels.tolist() == [0, 1, 2, 1]
    assert dataset.class_names == tuple(names)
    assert Dataset(BYTES, np.array([True, False, True, True])).labels.tolist() == [1, 0, 1, 1]
    assert Dataset(BYTES, [0, 0, 0, 0]).class_names == ("0", "1")


def test_only_images_of_28_by_28_are_framed_as_digits_by_default() -> None:
    for shape, framing in (((1, 28, 28), "digit"), ((784,), "plain"), ((28, 28), "plain")):
        assert Dataset(np.zeros((2, 784), np.uint8), [0, 1], input_shape=shape).framing == framing
    assert Dataset(np.zeros((2, 1, 28, 28), np.uint8), [0, 1], framing="plain").framing == "plain"


def test_take_keeps_all_but_the_examples() -> None:
    dataset = Dataset(BYTES, LABELS, ("a", "b", "c"), (1, 2, 3), "plain").take(np.array([3, 0]))
    assert dataset.inputs.tolist() == BYTES[[3, 0]].reshape(2, 6).tolist()
    assert dataset.labels.tolist() == [1, 0]
    assert (dataset.class_names, dataset.input_shape, dataset.framing) == (
        ("a", "b", "c"),
        (1, 2, 3),
        "plain",
    )


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "shape": ({"input_shape": (28, 28)}, "not examples of shape"),
    "one dimension": ({"inputs": LABELS}, "not examples"),
    "no values": ({"inputs": BYTES[:, :0]}, "no values"),
    "too few labels": ({"labels": LABELS[:3]}, "4 inputs"),
    "column of labels": ({"labels": LABELS[:, np.newaxis]}, "labels of shape"),
    "text": ({"inputs": np.array([["a"]] * 4)}, "must be numbers"),
    "fractional labels": ({"labels": LABELS + 0.5}, "whole numbers"),
    "missing labels": ({"labels": [0, 1, np.nan, 1]}, "whole numbers"),
    "mixed labels": ({"labels": np.array([0, "a", None, 1], object)}, "whole numbers"),
    "unknown name": ({"labels": ["a", "b", "d", "b"], "classes": ("a", "b", "c")}, "label 'd'"),
    "ragged": ({"inputs": [[1], [1, 2], [1], [2]]}, "not an array"),
    "complex": ({"inputs": BYTES * 1j}, "must be numbers"),
    "no classes": ({"classes": 0}, "at least one class"),
    "names of inputs": ({"features": ("a", "b")}, "6 inputs, but 2 names"),
    "label below": ({"labels": LABELS - 1}, "label -1 is out of range"),
    "label above": ({"classes": 2}, "label 2 is out of range"),
    "NaN": ({"inputs": np.full((4, 2), np.nan)}, "NaN"),
    "infinity": ({"inputs": np.full((4, 2), np.inf)}, "infinity"),
    "too large": ({"inputs": np.full((4, 2), 1e39)}, "infinity"),
    "classes of one name": ({"classes": ("a", "b", "a")}, "same name"),
    "framing": ({"framing": "oval"}, "unknown framing 'oval'"),
}


@pytest.mark.parametrize("case", BAD)
def test_arrays_that_do_not_belong_together_are_refused(case: str) -> None:
    changed, reason = BAD[case]
    good: dict[str, Any] = {"inputs": BYTES, "labels": LABELS, "classes": 3}
    with pytest.raises(HandgradError, match=reason) as caught:
        Dataset(**(good | changed))
    assert "\n" not in str(caught.value)


def test_naming_puts_the_file_first() -> None:
    with pytest.raises(HandgradError, match=r"^digits\.npz: blank$"), naming("digits.npz"):
        raise HandgradError("blank")


def test_the_test_split_is_opened_once_and_only_when_asked_for() -> None:
    opened = []

    def test() -> Dataset:
        opened.append(1)
        return numbered(3)

    splits = Splits(numbered(10), test=test)
    cut = splits.split_validation(4, np.random.default_rng(0))
    assert splits.split("train") is splits.train
    assert not opened
    assert len(splits.split("test")) == 3
    assert splits.test is splits.test
    assert len(opened) == 1
    assert cut.split("test").inputs.tolist() == splits.split("test").inputs.tolist()


@pytest.mark.parametrize(
    ("splits", "name", "reason"),
    [
        (Splits(numbered(3), source="some.csv"), "test", "some.csv has no test split; choose train$"),
        (Splits(numbered(3), numbered(3)), "test", "no test split; choose train or validation$"),
        (Splits(numbered(3)), "tests", "unknown split 'tests'; choose from train, validation, test"),
    ],
)
def test_splits_that_are_not_there(splits: Splits, name: str, reason: str) -> None:
    assert splits.test is None
    with pytest.raises(HandgradError, match=reason):
        splits.split(name)


def test_a_description_of_splits_opens_none() -> None:
    splits = Splits(numbered(10), test=lambda: numbered(3))
    assert "validation=None, test=not opened" in repr(splits)
    assert splits.test
    assert "test=Dataset(3 examples" in repr(splits)
    assert "test=None" in repr(Splits(numbered(10)))


def test_examples_of_another_size_are_refused() -> None:
    wide = Dataset(np.zeros((2, 5), np.uint8), np.array([0, 1]), 2)
    with pytest.raises(HandgradError, match=r"some\.csv.*1 values, validation examples have 5"):
        Splits(numbered(3), wide, source="some.csv")
    splits = Splits(numbered(3), test=lambda: wide)
    with pytest.raises(HandgradError, match="test examples have 5"):
        splits.split("test")


@given(st.integers(2, 60), st.data())
def test_cut_validation_parts_the_training_examples(examples: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, examples - 1))
    whole = Splits(numbered(examples))
    parts = whole.split_validation(count, np.random.default_rng(data.draw(st.integers(0, 9))))
    assert len(parts.split("validation")) == count
    both = np.concatenate([parts.train.inputs, parts.split("validation").inputs]).ravel()
    assert sorted(both) == list(range(examples))
    assert (np.diff(parts.train.inputs.ravel()) > 0).all()  # in the order of the file
    for part in (parts.train, parts.split("validation")):
        assert (part.labels == part.inputs.ravel() % 2).all()


def test_cut_validation_depends_on_the_generator_alone() -> None:
    cuts = [Splits(numbered(50)).split_validation(9, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    first, again, other = (cut.split("validation").inputs.tolist() for cut in cuts)
    assert first == again
    assert first != other


@pytest.mark.parametrize("count", [0, -1, 10, 11])
def test_cut_validation_leaves_something_to_train_on(count: int) -> None:
    with pytest.raises(HandgradError, match=f"cannot split {count} validation examples from 10"):
        Splits(numbered(10)).split_validation(count, np.random.default_rng(0))


def test_a_separate_validation_split_is_kept() -> None:
    splits = Splits(numbered(10), numbered(4))
    assert splits.split_validation(2, np.random.default_rng(0)) is splits
