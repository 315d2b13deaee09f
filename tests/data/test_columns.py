"""Columns of names: which they are, what becomes of them, and in which order a model has them."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from failing import refusal
from handgrad.data.columns import aligned, in_known_order, is_name, spread
from handgrad.data.dataset import Dataset
from handgrad.data.tables import read_table

ROWS = "x,sand,1.5,\ny, clay ,2,narrow\nx,,3,broad\ny,sand,4,broad\n"
FEATURES = ("soil=", "soil=clay", "soil=sand", "height", "leaf=", "leaf=broad", "leaf=narrow")
INPUTS = [[0, 0, 1, 1.5, 1, 0, 0], [0, 1, 0, 2, 0, 0, 1], [1, 0, 0, 3, 0, 1, 0], [0, 0, 1, 4, 0, 1, 0]]


def test_a_name_has_a_letter_and_is_no_number() -> None:
    assert all(map(is_name, ("sand", "A12", "12 cm", "żółty", "n/a")))
    assert not any(map(is_name, ("", "1", "1e3", "nan", "-inf", "12,5", "?", "2020-01-01", "two\nlines")))


def test_each_name_of_a_table_is_an_input(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(ROWS)
    bare = read_table(path)
    assert bare.features == ("2=", "2=clay", "2=sand", "3", "4=", "4=broad", "4=narrow")
    frame = pl.read_csv(path, has_header=False, new_columns=["label", "soil", "height", "leaf"])
    frame.with_columns(pl.col("leaf").cast(pl.Categorical)).write_parquet(tmp_path / "t.parquet")
    path.write_text(f"label,soil,height,leaf\n{ROWS}")
    named = [read_table(path), read_table(tmp_path / "t.parquet")]
    assert [dataset.features for dataset in named] == [FEATURES, FEATURES]
    for dataset in (bare, *named):
        assert (dataset.inputs.tolist(), dataset.inputs.dtype) == (INPUTS, np.float32)
        assert dataset.input_shape == (7,)


def test_columns_of_texts_become_inputs() -> None:
    texts = {"soil": ["sand", "clay ", ""], "leaf": ["broad", "narrow", ""]}
    inputs, features = spread(["soil", "height", "leaf"], np.array([[1.5], [2], [3]]), texts)
    assert features == FEATURES
    assert inputs.tolist() == [[0, 0, 1, 1.5, 0, 1, 0], [0, 1, 0, 2, 0, 0, 1], [1, 0, 0, 3, 1, 0, 0]]


def test_inputs_are_put_into_the_order_of_the_model() -> None:
    inputs, names = np.array([[2, 1, 0], [3, 0, 1]]), ("a", "b=x", "b=y")
    assert aligned(inputs, names, ("b=w", "b=y", "b=x", "a")).tolist() == [[0, 0, 1, 2], [0, 1, 0, 3]]
    assert aligned(inputs, names, ("b=x", "a"), leniently=True).tolist() == [[1, 2], [0, 3]]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("a", "b=x", "b=z"), "column 'b': 'z' is not one of 'x', 'y'"),
        (("a", "b=x", "c"), "an unknown column 'c'; expected b, a"),
        (("b=x", "b=y"), "no column 'a'; expected b, a"),
        (("a=1", "b=x", "b=y"), "column 'a' does not hold numbers"),
        (("a", "b"), "column 'b' does not hold names"),
    ],
)
def test_inputs_of_other_columns_are_refused(names: tuple[str, ...], message: str) -> None:
    assert message in refusal(aligned, np.ones((2, len(names))), names, ("b=x", "b=y", "a"))


def test_classes_are_numbered_as_the_model_does() -> None:
    dataset = Dataset(np.zeros((2, 1), np.float32), np.array([0, 1]), ("b", "d"), features=("a",))
    known = in_known_order(dataset, ("a",), ("a", "b", "c", "d"))
    assert (known.labels.tolist(), known.classes) == ([1, 3], ("a", "b", "c", "d"))
    assert in_known_order(dataset, (), ("a", "b")) is dataset
