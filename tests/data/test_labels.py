"""Labels from files, as numbers and as names."""

from typing import Any

import numpy as np
import pytest

from failing import refusal
from handgrad.data.labels import encode_labels, parse_number


def encode(values: Any, classes: tuple[str, ...] | None = None) -> Any:
    labels, known = encode_labels(np.array(values), "f.csv", classes)
    assert labels.dtype == np.int64
    return labels.tolist(), known


@pytest.mark.parametrize(
    ("values", "labels", "classes"),
    [
        *((np.array([3, 0, 5], dtype), [1, 0, 2], ("0", "3", "5")) for dtype in ("u1", ">i4", "f4", str)),
        (np.array(["3", "0", "5", "0"], object), [1, 0, 2, 0], ("0", "3", "5")),
        ([7, -1, 7, 10, 2**40], [1, 0, 1, 2, 3], ("-1", "7", "10", str(2**40))),
        (["7", "-1", "7", "10"], [1, 0, 1, 2], ("-1", "7", "10")),
        (["dog", "cat", "dog"], [1, 0, 1], ("cat", "dog")),
        (["5", "05", " 5.0", "3"], [1, 1, 1, 0], ("3", "5")),
        ([" cat", "cat ", "dog"], [0, 0, 1], ("cat", "dog")),
        (["1_0", "1_1"], [0, 1], ("1_0", "1_1")),
    ],
)
def test_labels_are_categories(values: Any, labels: list[int], classes: tuple[str]) -> None:
    assert encode(values) == (labels, classes)


def test_labels_may_be_places_among_distinct_values() -> None:
    values, places = np.array(["b", "a", "c"]), np.array([1, 0, 0])
    assert encode_labels(values[:2], "", places=places)[0].tolist() == [0, 1, 1]
    assert "'b' (example 2)" in refusal(encode_labels, values, "", ("a", "c"), places)


def test_another_split_has_the_classes_of_the_training_data() -> None:
    assert encode([1, 1], ("0", "1", "2")) == ([1, 1], ("0", "1", "2"))
    assert encode(["b"], ("b", "a")) == ([0], ("b", "a"))
    line = refusal(encode, [1, 3], ("0", "1", "2"))
    assert "f.csv: label '3' (example 2) is not one of the 3 classes" in line
    assert "is not one of" in refusal(encode, [0, 1], ("a", "b"))  # numbers are not places among the names


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([], "no examples"),
        (["0", "1", "1.5"], "'1.5' (example 3) is not an integer"),
        ([0, np.nan], "(example 2) is missing"),
        ([0, np.inf], "'inf' (example 2) is not an integer"),
        ([0, 1, 2**53], "(example 3) is not an integer"),
        (["cat", "1", "0"], "'cat' (example 1) is not an integer, or too large"),
        (["cat", "dog", ""], "(example 3) is missing"),
        (["1", "0", " "], "(example 3) is missing"),
        ([7, 7, 7], "'7' (example 1) is the only one"),
        ([1j, 2j], "neither numbers nor names"),
        ([None, "a"], "neither numbers nor names"),
        (["a\nb", "1"], r"'a\nb'"),
    ],
)
def test_bad_labels(values: list[Any], reason: str) -> None:
    line = refusal(encode, values)
    assert reason in line
    assert line.startswith("f.csv")


def test_numbers_as_tables_write_them() -> None:
    assert [parse_number(text) for text in ("5", " -1.5 ", "1e3", "+2")] == [5, -1.5, 1000, 2]
    assert np.isnan([parse_number(text) for text in ("", "1_0", "0x10", "1,5", "nan", "5;6")]).all()
