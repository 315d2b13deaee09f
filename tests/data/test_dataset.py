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
    dataset = Dataset(inputs, np.array([0, 1]), ["no", "yes"])
    assert dataset.inputs.dtype == np.dtype("float32")
    assert dataset.inputs.dtype.isnative
    assert dataset.inputs.tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_inputs_are_contiguous_whatever_was_given(dtype: Any) -> None:
    inputs = np.arange(24).astype(dtype).reshape(2, 3, 4)
    for strange in (
        np.asfortranarray(inputs),
        np.asfortranarray(inputs[0]),
        inputs[:, ::-1],
        np.moveaxis(inputs, 0, -1),
    ):
        dataset = Dataset(strange, np.zeros(len(strange), np.int64), 2)
        assert dataset.inputs.flags.c_contiguous
        assert np.array_equal(dataset.inputs, strange.reshape(len(strange), -1))


def test_labels_are_in_native_byte_order() -> None:
    dataset = Dataset(BYTES, LABELS.astype(">i4"), 3)
    assert dataset.labels.dtype.isnative
    assert dataset.labels.tolist() == LABELS.tolist()


def test_classes_by_number_or_by_name() -> None:
    number: Any = np.int64(3)
    assert Dataset(BYTES, LABELS, number).class_names == ("0", "1", "2")
    assert Dataset(BYTES, LABELS, ("a", "b", "c")).class_names == ("a", "b", "c")


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


def test_splits_that_are_not_there() -> None:
    splits = Splits(numbered(3), source="some.csv")
    assert splits.test is None
    for name, there, reason in (
        ("test", splits, "some.csv has no test split; it has train; name that: --split train$"),
        ("validation", splits, "no validation split; it has train; name that: --split train$"),
        (
            "test",
            Splits(numbered(3), numbered(3)),
            "it has train and validation; name one of them: --split train or --split validation$",
        ),
    ):
        with pytest.raises(HandgradError, match=reason):
            there.split(name)
    with pytest.raises(HandgradError, match="unknown split 'tests'; choose from train, validation, test"):
        splits.split("tests")


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
    with pytest.raises(HandgradError, match=f"cannot cut {count} validation examples from 10"):
        Splits(numbered(10)).split_validation(count, np.random.default_rng(0))


def test_a_validation_split_of_its_own_is_kept() -> None:
    splits = Splits(numbered(10), numbered(4))
    assert splits.split_validation(2, np.random.default_rng(0)) is splits
