"""Target columns of tables and NumPy files: what they are called, which task they are for, and which are refused."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from failing import refusal
from handgrad.data.form import Form
from handgrad.data.labels import MOST_INFERRED
from handgrad.data.load import load_data
from handgrad.data.tables import read_rows

MANY = [*range(MOST_INFERRED + 1)]
ROWS = "a,soil,price,tall,red\n1,clay,2.5,1,True\n2,sand,-1,0,False\n3,clay,4,1,False\n"
NAMES = {"price": [2.5, -1, 4], "tall": [1, 0, 1], "red": [1, 0, 0]}


def write(folder: Path, text: str) -> Path:
    (folder / "t.csv").write_text(text)
    return folder / "t.csv"


@pytest.mark.parametrize(
    ("columns", "task"),
    [
        ([[0, 1, 2]], "classification"),
        ([["0.0", "1.0", "1"]], "classification"),
        ([["yes", "no", "yes"]], "classification"),
        ([MANY[1:]], "classification"),
        ([MANY], "regression"),
        ([[0.5, 1, 2]], "regression"),
        ([["1e-3", "1", "2"]], "regression"),
        ([[0, 1, 1], [1, 1, 0]], "multilabel"),
        ([["true", "false", "true"], ["1", "0.0", "0"]], "multilabel"),
        ([[0, 1, 2], [1, 1, 0]], "regression"),
    ],
)
def test_the_task_follows_from_the_targets(tmp_path: Path, columns: list[list[Any]], task: str) -> None:
    names = [f"t{k}" for k in range(len(columns))]
    table = pl.DataFrame(dict(zip(names, columns, strict=True)), strict=False)
    table = table.with_columns(a=pl.int_range(pl.len()).cast(pl.Float32))
    table.write_csv(tmp_path / "t.csv")
    table.write_parquet(tmp_path / "t.parquet")
    for file in ("t.csv", "t.parquet"):
        train = load_data(tmp_path / file, names).train
        assert (train.task, train.features) == (task, ("a",))
        assert task == "classification" or train.classes == tuple(names)
    if len(names) == 1 and isinstance(columns[0][0], int | float):
        np.savez(tmp_path / "t.npz", x=table[["a"]].to_numpy(), y=np.array(columns[0]))
        assert load_data(tmp_path / "t.npz").train.task == task


@pytest.mark.parametrize("target", ["price", ["price"], ["red", "tall"], ["tall", "price"]])
def test_targets_by_name(tmp_path: Path, target: str | list[str]) -> None:
    train = load_data(write(tmp_path, ROWS), target).train
    names = [target] if isinstance(target, str) else target
    assert train.classes == tuple(names)
    assert train.task == ("regression" if "price" in names else "multilabel")
    assert train.labels.T.tolist() == [NAMES[name] for name in names]
    assert train.features[:3] == ("a", "soil=clay", "soil=sand")
    assert not {*train.features} & {*names}


def test_a_named_task_counts(tmp_path: Path) -> None:
    path = write(tmp_path, ROWS)
    for task, labels in (("classification", [1, 0, 1]), ("multilabel", [[1], [0], [1]])):
        assert load_data(path, "tall", task).train.labels.tolist() == labels
    numbers = load_data(write(tmp_path, "3,1\n4,2\n3,3\n"), task="regression").train
    assert (numbers.labels.tolist(), numbers.classes) == ([[3], [4], [3]], ("label",))


def test_pixels_have_classes(tmp_path: Path) -> None:
    rows = "".join(f"{k},{k},{k}\n" for k in MANY)
    assert load_data(write(tmp_path, f"label,pixel0,pixel1\n{rows}")).train.task == "classification"


def test_other_splits_have_the_targets_of_the_first(tmp_path: Path) -> None:
    train = "price,a,size\n2.5,1,1\n3,2,2\n"
    for name, text in (("train", train), ("test", "a,size,price\n5,6,7\n")):
        (tmp_path / f"{name}.csv").write_text(text)
    splits = load_data(tmp_path, ["size", "price"])
    assert splits.test is not None
    assert (splits.test.labels.tolist(), splits.test.inputs.tolist()) == ([[6, 7]], [[5]])
    assert (splits.test.task, splits.test.classes) == ("regression", ("size", "price"))


def test_rows_to_predict_may_have_targets(tmp_path: Path) -> None:
    form = Form((), "regression", ("price", "size"), ("a",), 1)
    for text, expected in (
        ("a\n1\n2\n", [None, None]),
        ("1\n2\n", [None, None]),
        ("size,a,price\n5,1,3\n,2,4\n", [[3, 5], None]),
        ("price,a\n5,1\n7,2\n", [None, None]),
    ):
        inputs, targets, names = read_rows(write(tmp_path, text), form)
        assert (inputs.tolist(), targets, names) == ([[1], [2]], expected, ("a",))
    named = Form(["kind"], "classification", None, ("a",), 1)
    assert read_rows(write(tmp_path, "kind,a\nx,1\n"), named)[1] == ["x"]
    assert "expected a" in refusal(read_rows, write(tmp_path, "label,a\nx,1\n"), named)


@pytest.mark.parametrize(
    ("text", "target", "task", "message"),
    [
        (ROWS, "prize", None, "no column named 'prize'; did you mean 'price'?"),
        ("1,2\n3,4\n", "price", None, "no column named 'price', as there is no header"),
        (ROWS, ["price", "price"], None, "two targets have the same name"),
        (ROWS, [], "regression", "no column named 'label'"),
        ("label\n1\n2\n", None, None, "no column named 'label' beside others"),
        ("a,b\n1,2\n", ["b", "a"], None, "no columns beside the targets"),
        (ROWS, ["tall", "red"], "classification", "is one column, not 'tall', 'red'"),
        (ROWS, "price", "classification", "label '2.5' (example 1) is not an integer"),
        (ROWS, "soil", "regression", "line 2, column 'soil': 'clay' is not a finite number"),
        (ROWS, ["price", "soil"], None, "line 2, column 'soil': 'clay' is not a finite number"),
        (ROWS, ["price", "tall"], "multilabel", "line 2, column 'price': '2.5' is not 0 or 1"),
        (ROWS, "price", "clustering", "unknown task 'clustering'; choose from classification"),
        (ROWS + "\n4,clay,nan,1,True\n", "price", None, "line 6, column 'price': 'nan' is not a finite"),
        (ROWS + "\n4,clay,1e999,1,True\n", "price", None, "line 6, column 'price': '1e999' is not"),
        (ROWS + "4,clay,n/a,1,True\n", "price", None, "line 5, column 'price': 'n/a' is not"),
        (ROWS + "4,clay,,1,True\n", "price", None, "line 5, column 'price': no value"),
        (ROWS + "4,clay,1,1,\n", ["tall", "red"], None, "line 5, column 'red': no value"),
        ("a,price\n", "price", None, "holds no examples"),
    ],
)
def test_bad_targets(
    tmp_path: Path, text: str, target: Sequence[str], task: str | None, message: str
) -> None:
    line = refusal(load_data, write(tmp_path, text), target or None, task)
    assert message in line
    assert message.startswith(("two", "unknown")) or line.count("t.csv") == 1


def test_parquet_names_the_row(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1, 2], "y": [0.5, float("inf")]}).write_parquet(tmp_path / "t.parquet")
    assert "row 2, column 'y': 'inf' is not" in refusal(load_data, tmp_path / "t.parquet", "y")


@pytest.mark.parametrize(
    ("y", "task", "labels", "found"),
    [
        ([0.5, 1, 2], None, [[0.5], [1], [2]], "regression"),
        ([1, 2, 4], "regression", [[1], [2], [4]], "regression"),
        ([[1.5, 2], [3, 4], [5, 6]], None, [[1.5, 2], [3, 4], [5, 6]], "regression"),
        ([[1, 1], [0, 0], [0, 1]], None, [[1, 1], [0, 0], [0, 1]], "multilabel"),
        ([[1, 0], [0, 1], [0, 1]], "multilabel", [[1, 0], [0, 1], [0, 1]], "multilabel"),
    ],
)
def test_numpy_files(tmp_path: Path, y: Any, task: str | None, labels: Any, found: str) -> None:
    np.savez(tmp_path / "a.npz", x=np.eye(3), y=y, x_test=np.eye(3)[:1], y_test=y[:1])
    for name, values in (("x", np.eye(3)), ("y", y)):
        np.save(tmp_path / name, values)
    for path in (tmp_path / "a.npz", tmp_path):
        splits = load_data(path, task=task)
        assert (splits.train.task, splits.train.labels.tolist()) == (found, labels)
    test = load_data(tmp_path / "a.npz", task=task).test
    assert test is not None
    assert (test.task, test.labels.tolist()) == (found, labels[:1])


def test_other_data_have_no_target_columns(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.eye(3), y=[0.5, 1, np.nan])
    assert "target '0' of example 3 is nan" in refusal(load_data, tmp_path / "a.npz")
    assert "a.npz has no columns" in refusal(load_data, tmp_path / "a.npz", "y")
    assert "strokes:20 has no columns" in refusal(load_data, "strokes:20", "y")
    assert "one class per example; regression needs a CSV" in refusal(
        load_data, "strokes:20", task="regression"
    )
    assert len(load_data("strokes:20", task="classification").train) == 20
