"""Tables: every way to write one gives the same data, and every mistake gets one line."""

import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from failing import complaint, refusal
from handgrad.data import scan
from handgrad.data.dataset import Dataset
from handgrad.data.form import Form
from handgrad.data.tables import read_table

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 784), np.uint8)
LABELS = [5, 0, 4, 1, 3, 2]
NUMBERS = np.array([[0.5, -1e-30], [3.25, 7], [1e30, 0.1]], np.float32)


def csv_text(header: Sequence[str] | None, rows: Sequence[Sequence[Any]], end: str = "\n") -> str:
    lines = [*([] if header is None else [header]), *rows]
    return "".join(",".join(map(str, line)) + end for line in lines)


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "table.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.fixture(autouse=True)
def unverified(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip the child process that verifies Parquet files, except where it is tested."""
    if "damaged" not in request.node.name:
        monkeypatch.setattr(scan, "_verify_parquet", lambda *facts: None)


MNIST_NAMES = [f"{row}x{column}" for row in range(1, 29) for column in range(1, 29)]
HEADER = ["label", *MNIST_NAMES]
IMAGE_ROWS = [[label, *row] for label, row in zip(LABELS, PIXELS.tolist(), strict=True)]
IMAGE_TABLES: dict[str, str] = {
    "header": csv_text(HEADER, IMAGE_ROWS),
    "no header": csv_text(None, IMAGE_ROWS),
    "Kaggle's header": csv_text(["label", *(f"pixel{k}" for k in range(784))], IMAGE_ROWS),
    "numbers as header": csv_text(["label", *range(784)], IMAGE_ROWS),
    "capital label": csv_text([" Label ", *MNIST_NAMES], IMAGE_ROWS),
    "label last": csv_text([*MNIST_NAMES, "label"], [[*row[1:], row[0]] for row in IMAGE_ROWS]),
    "byte order mark": "\ufeff" + csv_text(HEADER, IMAGE_ROWS),
    "byte order mark, no header": "\ufeff" + csv_text(None, IMAGE_ROWS),
    "Windows' line ends": csv_text(HEADER, IMAGE_ROWS, "\r\n"),
    "empty lines": csv_text(HEADER, IMAGE_ROWS).replace("\n", "\n\n"),
    "empty lines first": "\n\r\n" + csv_text(HEADER, IMAGE_ROWS),
    "decimal points": csv_text(None, [[float(cell) for cell in row] for row in IMAGE_ROWS]),
    "spaces": csv_text(None, IMAGE_ROWS).replace(",", " , "),
    "quoted cells": csv_text(None, [[f'"{cell}"' for cell in row] for row in IMAGE_ROWS]),
}
NUMBER_ROWS = [["yes", "0.5", "-1e-30"], ["no", "3.25", "7"], ["yes", "1e30", "0.1"]]
NUMBER_LABELS = [1, 0, 1], ("no", "yes")
NUMBER_TABLES: dict[str, str] = {
    "numbers": csv_text(["label", "a", "b"], NUMBER_ROWS),
    "numbers, no header": csv_text(None, NUMBER_ROWS),
    "label between": csv_text(["a", "label", "b"], [[row[1], row[0], row[2]] for row in NUMBER_ROWS]),
    "quoted names": csv_text(['"label"', '"a"', '"b"'], [[f'"{row[0]}"', *row[1:]] for row in NUMBER_ROWS]),
    "numbers, spaces": csv_text(["label", "a", "b"], NUMBER_ROWS).replace(",", " , "),
    "names with commas": csv_text(['"label"', '"a,1"', '"b,2"'], NUMBER_ROWS),
    "rows of blanks": csv_text(["label", "a", "b"], NUMBER_ROWS).replace("\n", "\n , , \n"),
    "a name of two lines": csv_text(["label", '"a\n1"', "b"], NUMBER_ROWS),
}


def holds(dataset: Dataset, inputs: Any, labels: list[int], classes: Sequence[str]) -> bool:
    assert dataset.inputs.flags.c_contiguous
    assert (dataset.labels.tolist(), dataset.classes) == (labels, tuple(classes))
    assert dataset.input_shape == ((1, 28, 28) if inputs is PIXELS else inputs.shape[1:])
    return dataset.inputs.dtype == inputs.dtype and np.array_equal(dataset.inputs, inputs)


@pytest.mark.parametrize("case", [*IMAGE_TABLES, *NUMBER_TABLES])
def test_every_way_to_write_a_table(tmp_path: Path, case: str) -> None:
    dataset = read_table(write(tmp_path, (IMAGE_TABLES | NUMBER_TABLES)[case]))
    if case in IMAGE_TABLES:
        assert holds(dataset, PIXELS, LABELS, "012345")
    else:
        assert holds(dataset, NUMBERS, *NUMBER_LABELS)


def test_which_tables_are_images(tmp_path: Path) -> None:
    for prefix, width, expected in (
        ("", 64, ("uint8", (1, 8, 8))),
        ("", 36, ("float32", (36,))),
        ("f", 64, ("float32", (64,))),
        ("f", 784, ("uint8", (1, 28, 28))),
        ("px_", 3, ("uint8", (3,))),
    ):
        header = ["label", *(f"{prefix}{k}" for k in range(width))] if prefix else None
        dataset = read_table(write(tmp_path, csv_text(header, [[0, *[1] * width], [1, *[2] * width]])))
        assert (dataset.inputs.dtype.name, dataset.input_shape) == expected


def test_another_split_is_like_the_training_data(tmp_path: Path) -> None:
    for header in ("label,a,b,c\n", ""):
        train = read_table(write(tmp_path, header + "no,1,x,2\nyes,2,y,3\nmaybe,3,,4\n"))
        test = read_table(write(tmp_path, header + "yes,5,y,6\n"), Form.of(train))
        assert (test.inputs.tolist(), test.labels.tolist()) == ([[5, 0, 0, 1, 6]], [2])
        assert (test.classes, test.features) == (train.classes, train.features)
    for row, message in (
        ("perhaps,1,x,2\n", "table.csv: label 'perhaps' (example 1) is not one of the 3 classes"),
        (",1,x,2\n", "line 1, column label: no value"),
        ("yes,1,z,2\n", "line 1, column 3: 'z' is not one of '', 'x', 'y'"),
    ):
        assert message in refusal(read_table, write(tmp_path, row), Form.of(train))
    pl.DataFrame({"label": ["yes"], "2": [1], "3": [7], "4": [2]}).write_parquet(tmp_path / "t.parquet")
    assert "row 1, column '3': '7' is not one of" in refusal(
        read_table, tmp_path / "t.parquet", Form.of(train)
    )
    images = read_table(write(tmp_path, IMAGE_TABLES["no header"]))
    test = read_table(write(tmp_path, IMAGE_TABLES["label last"]), Form.of(images))
    assert holds(test, PIXELS, LABELS, "012345")


def test_a_file_names_all_classes(tmp_path: Path) -> None:
    path, names = tmp_path / "t.csv", tmp_path / "t.classes"
    path.write_text("label,a\n7,1\n07,2\n")
    assert "is the only one" in complaint(read_table, path)
    names.write_bytes(b"\xef\xbb\xbf9\r\n7\r\n\n")
    train = read_table(path)
    assert (train.labels.tolist(), train.classes) == ([1, 1], ("9", "7"))
    for content, reason in ((b"9\n8\n", "not one of the 2"), (b"7\n7\n8", "different"), (b"\xff", "UTF-8")):
        names.write_bytes(content)
        assert reason in refusal(read_table, path)


def test_a_name_is_not_a_pattern(tmp_path: Path) -> None:
    for name in ("[a]*.csv", "a.csv"):
        (tmp_path / name).write_text(csv_text(["label", "a", "b"], NUMBER_ROWS[: 2 if "*" in name else 3]))
    assert len(read_table(tmp_path / "[a]*.csv")) == 2


T, P = ("label," + names + "|0,1,2|1,3,4|0,5,6|" for names in ("a,b", "pixel0,pixel1"))
BAD: dict[str, tuple[str | bytes, str]] = {  # | ends a line
    "256": (P + "0,256,7|", "line 5, column 'pixel0': '256' is not a pixel"),
    "-1": ("label,pixel0|0,-1|1,3|", "line 2, column 'pixel0': '-1' is not a pixel"),
    "0.5": (P + "0,7,0.5|", "line 5, column 'pixel1': '0.5' is not a pixel"),
    "pixel without header": (csv_text(None, [*IMAGE_ROWS, [3, *[300] * 784]]), "line 7, column 2: '300'"),
    "text in the first line": ("5,0,x,3|1,2,3,4|", "line 1, column 3: 'x'"),
    "text in a table": (T + "0,x y,7|", "line 5, column 'a': 'x y' is not a finite number"),
    "missing value": (P + "0,,7|", "line 5, column 'pixel0': no value"),
    "quoted nothing": ('label,pixel0|0,""|0,1|1,3|', "line 2, column 'pixel0': no value"),
    "one value in a row": (T + ",1,|", "line 5, column 'label': no value"),
    "missing label": (T + ",1,7|", "line 5, column 'label': no value"),
    "no labels under numbers": ("0,1,2,3,4,5,6|1,2,3,4,5,6,7|", "no column named 'label'"),
    "row too short before names": (
        "label,a,soil|x,1,clay|y,2|x,3,|",
        "line 3: 2 columns where there should be 3",
    ),
    "lone far label of images": ("label,pixel0|0,1|200,3|", "label '200' (example 2) is out of range"),
    "row too long": (T + "0,1,2,3|", "line 5: 4 columns where there should be 3"),
    "all rows too long": ("label,a,b|0,1,2,1|1,3,4,1|", "line 2: 4 columns"),
    "row too short": (T + "0,1|", "line 5: 2 columns where there should be 3"),
    "row too short after empty lines": ("label,a,b||0,1,2||1,3,4||0,1|", "line 7: 2 columns where"),
    "comma at each line's end": ("label,a,b,|0,1,2,|1,3,4,|", "column named '', as row numbers"),
    "no label column": ("digit,a,b|0,1,2|1,3,4|", "'label'; name one as target= or --target: digit, a, b"),
    "no label in many": ("n0,n1,n2,n3,n4|0,1,2,3,4|1,3,4,5,6|", "--target: n0, n1, n2, n3, …"),
    "two columns of a name": ("label,a,a|0,1,2|1,3,4|", "two columns named 'a'"),
    "row numbers": (",label,a|0,1,2|1,3,4|", "column named '', as row numbers are"),
    "row numbers of pandas": ("Unnamed: 0,label,a|0,1,2|1,3,4|", "'Unnamed: 0', as row numbers"),
    "only labels": ("label|1|2|", "no column named 'label' beside others"),
    "semicolons": ("label;a;b|0;1;2|1;3;4|", "separated by ';'"),
    "empty": ("", "is empty"),
    "header only": ("label,a,b|", "no examples"),
    "header only, without line end": ("label,a,b", "no examples"),
    "a web page": ("<!DOCTYPE html>|<html>not found, sorry</html>|", "is a web page"),
    "equals sign in a name": ("label,a=1,b|0,1,2|1,3,4|", "column 'a=1' has '=' in its name"),
    "name of an input": ("label,a,a=b|x,b,1|y,c,2|", "column 'a=b' has"),
    "names and numbers": ("label,a|x,sand|y,1|", "line 2, column 'a': 'sand' is not a finite number"),
    "names and a sign": ("label,a|x,sand|y,?|", "line 2, column 'a': 'sand' is not"),
    "a date": ("label,a|x,2024-05-01|y,2024-05-02|", "line 2, column 'a': '2024-05-01' is a date; convert"),
    "a date and time": (
        "label,a|x,|y,2024-05-02T10:00Z|",
        "line 3, column 'a': '2024-05-02T10:00Z' is a date",
    ),
    "another date": ("label,a|x,1.5.2024|y,2.5.2024|", "line 2, column 'a': '1.5.2024' is a date"),
    "a word for nothing": (
        T + "0,n/a,1|",
        "line 5, column 'a': 'n/a' is not a finite number (float32); leave",
    ),
    "no values": ("label,a|x,|y,|", "column 'a' holds no values; drop it"),
    "many names": ("label,a|" + "".join(f"{k % 2},n{k}|" for k in range(101)), "holds 101 different names"),
    "binary garbage": (bytes(range(256)) * 50, "not text in UTF-8"),
    "binary garbage at the end": (T.replace("|", "\n").encode() + b"\xff\xfe\n", "not text in UTF-8"),
    "UTF-16": (T.encode("utf-16"), "not text in UTF-8"),
    "Latin-1 label": ("label,a\né,1\ne,3\n".encode("latin-1"), "not text in UTF-8"),
    "old Mac's line ends": (T.replace("|", "\r"), "new-line character"),
    "unclosed quote": ('label,a,b|0,1,"2|1,3,4|', "line 2: unexpected end of data"),
    "far too long a cell": (f"label,{'a' * 200_000},b|0,1,2|", "line 1: field larger than field limit"),
    "unclosed quote at the end": (T + '0,1,"', "line 5: unexpected end of data"),
    "unclosed quote in a long file": (T + 'x,"1,2|' + "0,1,2|" * 30_000, "line 5: field larger than"),
    "NaN": (T + "0,nan,1|", "line 5, column 'a': 'nan' is not a finite number"),
    "infinity": ("label,a,b|0,1,-inf|0,1,2|1,3,4|", "line 2, column 'b': '-inf' is not a finite"),
    "too large": (T + "0,1,1e39|", "line 5, column 'b': '1e39' is not a finite number"),
    "underscore": (T + "0,1,1_0|", "'1_0' is not a finite number"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_csv(tmp_path: Path, case: str) -> None:
    text, reason = BAD[case]
    content = text.replace("|", "\n") if isinstance(text, str) else text
    assert reason in complaint(read_table, write(tmp_path, content))


@pytest.mark.parametrize("row", ["\n1,13,26\n", "\n1, 13 ,26\n"])
def test_rows_are_read_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: str) -> None:
    monkeypatch.setattr("handgrad.data.cells.CELLS", 9)
    rows = [f"{k % 2},{k},{2 * k}\n" for k in range(20)]
    rows[13] = row
    dataset = read_table(write(tmp_path, "label,a,b\n" + "".join(rows)))
    assert dataset.inputs.tolist() == [[k, 2 * k] for k in range(20)]
    assert dataset.labels.tolist() == [0, 1] * 10
    rows[17] = "1,x,34\n"
    assert "line 20, column 'a': 'x'" in complaint(read_table, write(tmp_path, "label,a,b\n" + "".join(rows)))


def test_parquet(tmp_path: Path) -> None:
    for dtype in (pl.UInt8, pl.Int64, pl.Float64):
        table = pl.DataFrame(PIXELS, schema=dict.fromkeys(MNIST_NAMES, dtype))
        table.with_columns(pl.Series("label", LABELS)).write_parquet(tmp_path / "t.parquet")
        assert holds(read_table(tmp_path / "t.parquet"), PIXELS, LABELS, "012345")
    columns = {"on": [True, False, True], "label": ["yes", "no", "yes"], "c": [" 1", "2", "x"]}
    table = pl.DataFrame(columns).insert_column(2, pl.Series("b", NUMBERS[:, 1]))
    table.cast({"label": pl.Categorical}).write_parquet(tmp_path / "t.parquet")
    expected = np.c_[[1, 0, 1], NUMBERS[:, 1], np.eye(3)].astype(np.float32)
    dataset = read_table(tmp_path / "t.parquet")
    assert holds(dataset, expected, *NUMBER_LABELS)
    assert dataset.features == ("on", "b", "c=1", "c=2", "c=x")


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"pixel0": [7.0, 0.5]}, "row 2, column 'pixel0': '0.5' is not a pixel"),
        ({"pixel0": [7, 256]}, "row 2, column 'pixel0': '256' is not a pixel"),
        ({"pixel0": [-1, 7]}, "row 1, column 'pixel0': '-1' is not a pixel"),
        ({"pixel0": [7, None]}, "row 2, column 'pixel0': no value"),
        ({"a": [None, float("nan")]}, "column 'a' holds no values; drop it"),
        ({"a": pl.Series([None, None], dtype=pl.String)}, "column 'a' holds no values; drop it"),
        ({"a": ["2024-05-01", None]}, "column 'a' holds dates; convert"),
        ({"a": [float("inf"), 1.0]}, "row 1, column 'a': 'inf' is not a"),
        ({"a": [1e39, 1.0]}, "row 1, column 'a': '1e+39' is not a"),
        ({"a": [date(2020, 1, 1), None]}, "column 'a' holds Date, not numbers or text; convert the column"),
        ({"a": [[1], [2]]}, "holds List, not numbers"),
        ({"label": [date(2020, 1, 1), None], "a": [1, 2]}, "column 'label' holds Date"),
        ({"label": [1, None], "a": [1, 2]}, "row 2, column 'label': no value"),
        ({"Label": [0, 1], "a": [1, 2]}, "two columns named 'label'"),
        ({"__index_level_0__": [0, 1]}, "row numbers"),
        ({}, "beside others"),
    ],
)
def test_bad_parquet(tmp_path: Path, columns: dict[str, Any], reason: str) -> None:
    pl.DataFrame({"label": [0, 1]} | columns).write_parquet(tmp_path / "t.parquet")
    assert reason in complaint(read_table, tmp_path / "t.parquet")


def test_damaged_parquet_is_refused_by_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, table = tmp_path / "t.parquet", pl.DataFrame({"label": [0, 1], "a": [1.0, 2.0]})
    table.write_parquet(path)
    whole = path.read_bytes()
    for content in (b"", whole[: len(whole) // 2], b"<html>not found</html>"):
        path.write_bytes(content)
        assert "cannot be read as Parquet: it is damaged" in complaint(read_table, path)
    path.write_bytes(whole)
    assert len(read_table(path)) == 2
    monkeypatch.setattr(scan, "VERIFY", "import os; os.abort()")
    assert len(read_table(path)) == 2, "it was verified already"
    table.head(1).write_parquet(path)
    assert "cannot be read as Parquet: it is damaged" in complaint(read_table, path)


def test_wide_tables_take_linear_time(tmp_path: Path) -> None:
    def seconds(width: int) -> float:
        text = csv_text(["label", *(f"f{k}" for k in range(width))], [[k, *[k] * width] for k in range(2)])
        (tmp_path / "t.csv").write_text(text)
        started = time.process_time()
        assert read_table(tmp_path / "t.csv").inputs.shape == (2, width)
        return time.process_time() - started

    seconds(100)
    assert seconds(40_000) < 20 * max(0.1, seconds(4_000))


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no fork here")
@pytest.mark.parametrize("first", ["load_data('t.csv')", "import polars; polars.read_csv('t.csv')"])
def test_a_forked_process_is_refused_and_spawn_suggested(tmp_path: Path, first: str) -> None:
    code = (
        "import os, sys; from handgrad import load_data\n"
        f"{first}\n"
        "if not (child := os.fork()):\n"
        "    try: load_data('t.csv')\n"
        "    except ValueError as error: os._exit(2 if 'spawn' in str(error) else 3)\n"
        "    os._exit(4)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )
    (tmp_path / "t.csv").write_text(csv_text(["label", "a"], [[0, 1], [1, 2]]))
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, cwd=tmp_path, timeout=60).returncode == 2
