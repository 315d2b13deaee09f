"""Labels from files, as numbers and as names."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from failing import refusal
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


@pytest.mark.parametrize(
    ("values", "labels", "classes"),
    [
        ([7, -1, 7, 10], [1, 0, 1, 2], ("-1", "7", "10")),
        (["dog", "cat", "dog"], [1, 0, 1], ("cat", "dog")),
        ([True, False], [1, 0], ("0", "1")),
        (["5", "05", " 5.0", "3"], [1, 1, 1, 0], ("3", "5")),
        ([" cat", "cat ", "dog"], [0, 0, 1], ("cat", "dog")),
        (["1_0", "1_1"], [0, 1], ("1_0", "1_1")),
    ],
)
def test_labels_of_tables_are_categories(values: list[Any], labels: list[int], classes: tuple[str]) -> None:
    assert encode(values) == (labels, classes)


@given(st.lists(st.integers(-(2**40), 2**40), min_size=2, unique=True), st.booleans())
def test_labels_of_tables_follow_from_their_classes(values: list[int], as_text: bool) -> None:
    labels, classes = encode(list(map(str, values)) if as_text else values)
    assert [int(classes[label]) for label in labels] == values
    assert sorted(values) == [int(name) for name in classes]


def test_labels_may_be_places_among_distinct_values() -> None:
    values, places = np.array(["b", "a", "c"]), np.array([1, 0, 0])
    assert encode_labels(values[:2], "", images=False, places=places)[0].tolist() == [0, 1, 1]
    with pytest.raises(HandgradError, match=r"'b' \(example 2\)"):
        encode_labels(values, "", ("a", "c"), images=False, places=places)


@pytest.mark.parametrize("images", [False, True])
def test_another_split_has_the_classes_of_the_training_data(images: bool) -> None:
    assert encode([1, 1], ("0", "1", "2"), images=images) == ([1, 1], ("0", "1", "2"))
    assert encode(["b"], ("b", "a"), images=images) == ([0], ("b", "a"))
    with pytest.raises(HandgradError, match=r"f\.csv: label '3' \(example 2\) is not one of the 3 classes"):
        encode([1, 3], ("0", "1", "2"), images=images)
    with pytest.raises(HandgradError, match="is not one of"):
        encode([0, 1], ("a", "b"), images=images)  # numbers are not places among the names


@pytest.mark.parametrize(
    ("values", "images", "reason"),
    [
        ([], True, "no examples"),
        ([0, 1.5], True, "'1.5' (example 2) is not an integer"),
        (["0", "1", "1.5"], False, "'1.5' (example 3) is not an integer"),
        ([0, np.nan], False, "(example 2) is not an integer"),
        ([np.nan, np.nan], False, "(example 1) is missing"),
        ([0, np.inf], False, "'inf' (example 2) is not an integer"),
        ([0, 1e300], False, "'1e+300' (example 2) is not an integer"),
        ([0, 1, 2**53], False, "(example 3) is not an integer"),
        ([0, 1, -1], True, "'-1' (example 3) is out of range"),
        ([0, 1, 2, 77, 3], True, "'77' (example 4) is out of range"),
        ([0, 1, 2**50], True, "(example 3) is out of range"),
        (["0", "1", "cat"], False, "'cat' (example 3) is not an integer, or too large"),
        (["cat", "1", "0"], True, "'cat' (example 1) is not an integer, or too large"),
        (["cat", "dog", ""], False, "(example 3) is missing"),
        ([7, 7, 7], True, "'7' (example 1) is the only one"),
        (["cat", "cat"], False, "'cat' (example 1) is the only one"),
        ([1j, 2j], False, "neither numbers nor names"),
        ([None, "a"], False, "neither numbers nor names"),
        (["a\nb", "1"], False, r"'a\nb'"),
    ],
)
def test_bad_labels(values: list[Any], images: bool, reason: str) -> None:
    line = refusal(lambda: encode(values, images=images))
    assert reason in line
    assert line.startswith("f.csv")


def test_a_few_digits_may_be_missing() -> None:
    assert len(encode([0, 9], images=True)[1]) == 10
    assert len(encode([*range(1, 27)], images=True)[1]) == 27


def test_numbers_as_tables_write_them_and_what_is_shown() -> None:
    assert [parse_number(text) for text in ("5", " -1.5 ", "1e3", "+2")] == [5, -1.5, 1000, 2]
    assert np.isnan([parse_number(text) for text in ("", "1_0", "0x10", "1,5", "nan", "5;6")]).all()
    assert shown("a\nb") == r"'a\nb'"
    assert len(shown("x" * 1000)) < 40
