"""Labels from files, as numbers and as names."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.data.labels import encode_labels, parse_number, shown
from handgrad.errors import HandgradError


def encode(values: Any, classes: tuple[str, ...] | None = None, *, images: bool = False) -> Any:
    labels, known = encode_labels(np.array(values), "f.csv", classes, images=images)
    assert labels.dtype == np.int64
    return labels.tolist(), known


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, ">i4", np.float32, str, bytes, object])
def test_labels_of_images_are_class_numbers(dtype: Any) -> None:
    values = np.array([3, 0, 5, 0]).astype(str if dtype is object else dtype).astype(dtype)
    assert encode(values, images=True) == ([3, 0, 5, 0], ("0", "1", "2", "3", "4", "5"))


def test_labels_of_tables_are_categories() -> None:
    assert encode([7, -1, 7, 10]) == ([1, 0, 1, 2], ("-1", "7", "10"))
    assert encode(["dog", "cat", "dog"]) == ([1, 0, 1], ("cat", "dog"))
    assert encode(["dog", "cat", "dog"], images=True) == ([1, 0, 1], ("cat", "dog"))
    assert encode([True, False]) == ([1, 0], ("0", "1"))


def test_one_number_written_differently_is_one_class() -> None:
    assert encode(["5", "05", " 5.0", "3"]) == ([1, 1, 1, 0], ("3", "5"))
    assert encode([" cat", "cat ", "dog"]) == ([0, 0, 1], ("cat", "dog"))
    assert encode(["1_0", "1_1"]) == ([0, 1], ("1_0", "1_1"))


@pytest.mark.parametrize("images", [False, True])
def test_another_split_has_the_classes_of_the_training_data(images: bool) -> None:
    assert encode([1, 1], ("0", "1", "2"), images=images) == ([1, 1], ("0", "1", "2"))
    assert encode(["b"], ("b", "a"), images=images) == ([0], ("b", "a"))
    with pytest.raises(HandgradError, match=r"f\.csv: label '3' \(example 2\) is not one of the 3 classes"):
        encode([1, 3], ("0", "1", "2"), images=images)
    with pytest.raises(HandgradError, match="is not one of"):
        encode([0, 1], ("a", "b"), images=images)  # numbers are not places among the names


@given(st.lists(st.integers(-(2**40), 2**40), min_size=2, unique=True), st.booleans())
def test_labels_of_tables_follow_from_their_classes(values: list[int], as_text: bool) -> None:
    labels, classes = encode(list(map(str, values)) if as_text else values)
    assert [int(classes[label]) for label in labels] == values
    assert sorted(values) == [int(name) for name in classes]


BAD: dict[str, tuple[list[Any], bool, str]] = {
    "none": ([], True, "no examples"),
    "fractional": ([0, 1.5], True, r"'1\.5' \(example 2\) is not a whole number"),
    "fractional text": (["0", "1", "1.5"], False, r"'1\.5' \(example 3\) is not a whole number"),
    "NaN": ([0, np.nan], False, r"\(example 2\) is not a number"),
    "all NaN": ([np.nan, np.nan], False, r"\(example 1\) is missing"),
    "infinite": ([0, np.inf], False, r"'inf' \(example 2\) is out of range"),
    "huge": ([0, 1e300], False, r"'1e\+300' \(example 2\) is out of range"),
    "beyond float64": ([0, 1, 2**53], False, r"\(example 3\) is out of range"),
    "negative": ([0, 1, -1], True, r"'-1' \(example 3\) is out of range"),
    "far": ([0, 1, 2, 77, 3], True, r"'77' \(example 4\) is out of range"),
    "very far": ([0, 1, 2**50], True, r"\(example 3\) is out of range"),
    "mixed": (["0", "1", "cat"], False, r"'cat' \(example 3\) is not a number, though others are"),
    "mixed images": (["cat", "1", "0"], True, r"'cat' \(example 1\) is not a number, though others are"),
    "empty name": (["cat", "dog", ""], False, r"\(example 3\) is missing"),
    "one number": ([7, 7, 7], True, "every label is '7'"),
    "one category": ([7, 7, 7], False, "every label is '7'"),
    "one name": (["cat", "cat"], True, "every label is 'cat'"),
    "complex": ([1j, 2j], False, "neither numbers nor names"),
    "objects": ([None, "a"], False, "neither numbers nor names"),
    "two lines": (["a\nb", "1"], False, r"'a\\nb'"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_labels(case: str) -> None:
    values, images, reason = BAD[case]
    with pytest.raises(HandgradError, match=reason) as caught:
        encode(values, images=images)
    assert str(caught.value).startswith("f.csv")
    assert "\n" not in str(caught.value)


def test_a_few_digits_may_be_missing() -> None:
    assert len(encode([0, 9], images=True)[1]) == 10
    assert len(encode([*range(1, 27)], images=True)[1]) == 27


def test_numbers_as_tables_write_them() -> None:
    assert [parse_number(text) for text in ("5", " -1.5 ", "1e3", "+2")] == [5, -1.5, 1000, 2]
    assert np.isnan([parse_number(text) for text in ("", "1_0", "0x10", "1,5", "nan", "5;6")]).all()


def test_what_is_shown_is_short_and_in_one_line() -> None:
    assert shown("a\nb") == r"'a\nb'"
    assert len(shown("x" * 1000)) < 40
