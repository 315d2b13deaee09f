"""Columns of names: which they are, what becomes of them, and in which order a model has them."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from handgrad.data.columns import aligned, columns_of, in_known_order, is_name, spread
from handgrad.data.dataset import Dataset
from handgrad.data.load import load_data
from handgrad.data.tables import read_table
from handgrad.errors import HandgradError

TABLE = "label,soil,height,leaf\nx,sand,1.5,\ny, clay ,2,narrow\nx,,3,broad\ny,sand,4,broad\n"
FEATURES = ("soil=", "soil=clay", "soil=sand", "height", "leaf=", "leaf=broad", "leaf=narrow")
INPUTS = [[0, 0, 1, 1.5, 1, 0, 0], [0, 1, 0, 2, 0, 0, 1], [1, 0, 0, 3, 0, 1, 0], [0, 0, 1, 4, 0, 1, 0]]


def table(folder: Path, text: str = TABLE, name: str = "t.csv") -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_a_name_has_a_letter_and_is_no_number() -> None:
    assert all(map(is_name, ("sand", "A12", "12 cm", "żółty", "n/a")))
    assert not any(map(is_name, ("", "1", "1e3", "nan", "-inf", "12,5", "?", "2020-01-01", "two\nlines")))


def test_each_name_of_a_table_is_an_input(tmp_path: Path) -> None:
    dataset = read_table([table(tmp_path)])
    assert dataset.features == FEATURES
    assert dataset.inputs.dtype == np.float32
    assert dataset.inputs.tolist() == INPUTS
    assert dataset.input_shape == (7,)
    bare = read_table([table(tmp_path, TABLE.partition("\n")[2])])
    assert bare.inputs.tolist() == INPUTS
    assert bare.features == tuple(
        name.replace("soil", "2").replace("height", "3").replace("leaf", "4") for name in FEATURES
    )
    frame = pl.read_csv(tmp_path / "t.csv", has_header=False, new_columns=["label", "soil", "height", "leaf"])
    frame.with_columns(pl.col("leaf").cast(pl.Categorical)).write_parquet(tmp_path / "t.parquet")
    assert read_table([tmp_path / "t.parquet"]).inputs.tolist() == INPUTS


def test_a_column_with_a_number_in_it_is_none_of_names(tmp_path: Path) -> None:
    for text, message in (
        ("label,a\nx,sand\ny,1\n", "line 2, column 'a': 'sand' is not a finite number"),
        ("label,a\nx,sand\ny,?\n", "line 2, column 'a': 'sand' is not"),
        ("label,a\nx,\ny,\n", "line 2, column 'a': no value"),
        (
            "label,a\n" + "".join(f"{k % 2},n{k}\n" for k in range(101)),
            "t.csv: column 'a' holds 101 different names",
        ),
        ("label,a,a=b\nx,b,1\ny,c,2\n", "column 'a=b' has"),
        ("label,a=b,c\nx,b,1\ny,c,2\n", "column 'a=b' has"),
    ):
        with pytest.raises(HandgradError) as error:
            read_table([table(tmp_path, text)])
        assert message in str(error.value)


def test_columns_are_found_in_the_names_of_inputs() -> None:
    assert columns_of(FEATURES) == {
        "soil": ["", "clay", "sand"],
        "height": [],
        "leaf": ["", "broad", "narrow"],
    }
    texts = {"soil": ["sand", "clay ", ""], "leaf": ["broad", "narrow", ""]}
    inputs, features = spread(["soil", "height", "leaf"], np.array([[1.5], [2], [3]]), texts)
    assert features == FEATURES
    assert inputs.tolist() == [[0, 0, 1, 1.5, 0, 1, 0], [0, 1, 0, 2, 0, 0, 1], [1, 0, 0, 3, 1, 0, 0]]


def test_inputs_are_put_into_the_order_of_the_model() -> None:
    inputs = np.array([[2, 1, 0], [3, 0, 1]])
    assert aligned(inputs, ("a", "b=x", "b=y"), ("b=w", "b=y", "b=x", "a")).tolist() == [
        [0, 0, 1, 2],
        [0, 1, 0, 3],
    ]
    assert aligned(inputs, ("a", "b=x", "b=y"), ("b=x", "a"), leniently=True).tolist() == [[1, 2], [0, 3]]
    for names, message in (
        (("a", "b=x", "b=z"), "row 2, column 'b': 'z' is not one of 'x', 'y'"),
        (("a", "b=x", "c"), "column 'c' is unknown; expected b, a"),
        (("d", "b=x", "b=y"), "column 'd' is unknown"),
        (("b=x", "b=y"), "column 'a' is missing"),
        (("a=1", "b=x", "b=y"), "column 'a' holds names; expected numbers"),
    ):
        with pytest.raises(HandgradError) as error:
            aligned(inputs, names, ("b=x", "b=y", "a"))
        assert message in str(error.value)
    with pytest.raises(HandgradError, match="column 'b' holds numbers; expected names"):
        aligned(inputs[:, :2], ("a", "b"), ("b=x", "b=y", "a"))


def test_classes_are_numbered_as_the_model_does() -> None:
    dataset = Dataset(np.zeros((2, 1), np.float32), np.array([0, 1]), ("b", "d"), features=("a",))
    known = in_known_order(dataset, ("a",), ("a", "b", "c", "d"))
    assert (known.labels.tolist(), known.class_names) == ([1, 3], ("a", "b", "c", "d"))
    assert in_known_order(dataset, (), ("a", "b")) is dataset


def test_a_test_split_is_read_with_the_names_of_the_training_data(tmp_path: Path) -> None:
    table(tmp_path, name="train.csv")
    table(tmp_path, "label,soil,height,leaf\ny,clay,1,narrow\nx,clay,2,narrow\n", "test.csv")
    test = load_data(tmp_path).test
    assert test is not None
    assert test.features == FEATURES
    assert test.inputs.tolist() == [[0, 1, 0, 1, 0, 0, 1], [0, 1, 0, 2, 0, 0, 1]]
    table(tmp_path, "label,soil,height,leaf\ny,peat,1,narrow\nx,clay,2,narrow\n", "test.csv")
    with pytest.raises(HandgradError, match=r"test\.csv, line 2, column 'soil': 'peat' is not one of"):
        load_data(tmp_path).split("test")
