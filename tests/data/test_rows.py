"""Examples as rows of a table, with and without header and labels."""

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from failing import refusal
from handgrad.data.form import Form
from handgrad.data.tables import read_rows

NAMES = ("a", "b", "c")
MIXED = ("height", "soil=", "soil=clay", "soil=sand", "flowers")
KINDS, HEADER = ("soil=", "soil=clay", "kind=", "kind=x"), "height,soil,flowers\n"
YEARS = ("2019", "2020", "2021")
NUMBERS, CATEGORIES = [[1, 2.5, -3], [4, 5, 6]], [[1, 0, 0, 1, 2], [3, 1, 0, 0, 4]]


def write(folder: Path, text: str) -> Path:
    (folder / "r.csv").write_text(text)
    return folder / "r.csv"


@pytest.mark.parametrize(
    ("text", "features", "inputs", "labels", "names"),
    [
        ("1,2.5,-3\n4,5,6\n", (), NUMBERS, [None, None], ()),
        ("yes,1,2.5,-3\n,4,5,6\n", (), NUMBERS, ["yes", None], ()),
        ("a,b,c\n1,2.5,-3\n4,5,6", (), NUMBERS, [None, None], NAMES),
        ("a,b,Label,c\n1,2.5,no,-3\n4,5,7,6\n", (), NUMBERS, ["no", "7"], NAMES),
        ("\n a , b , c \n 1, 2.5 ,-3 \n\n4,5,6\n\n", (), NUMBERS, [None, None], NAMES),
        ("9,0,1,2,3,4\n1,2,3,4,5,6\n", (), [[9, 0, 1, 2, 3, 4], [1, 2, 3, 4, 5, 6]], [None, None], ()),
        ("2021,2019,2020\n3,1,2\n", YEARS, [[1, 2, 3]], [None], YEARS),
        ("soil,kind\nclay,x\n\n , \n", KINDS, [[0, 1, 0, 1]], [None], KINDS),
        (HEADER + "1,sand,2\n3,,4\n", MIXED, CATEGORIES, [None, None], MIXED),
        ("flowers,height,label,soil\n2,1,x,sand\n4,3,,\n", MIXED, CATEGORIES, ["x", None], MIXED),
        ("1,sand,2\n3,,4\n", MIXED, CATEGORIES, [None, None], MIXED),
        ("x,1, sand ,2\n,3,,4\n", MIXED, CATEGORIES, ["x", None], MIXED),
    ],
)
def test_rows_are_read_as_the_model_takes_them(
    tmp_path: Path, text: str, features: tuple[str, ...], inputs: object, labels: object, names: object
) -> None:
    found = read_rows(write(tmp_path, text), Form(features=features, inputs=len(np.array(inputs)[0])))
    assert (found[0].tolist(), *found[1:]) == (inputs, labels, names)
    assert found[0].dtype == np.float64


@pytest.mark.parametrize(
    ("text", "features", "message"),
    [
        ("1,2\n", (), "3 inputs are expected, optionally with a label before them"),
        ("digit,a,b,c\nno,1,2.5,-3\n", (), "or in a column named 'label'; the first line has 4 cells"),
        ("1,inf,3\n", (), "line 1, column 2: 'inf' is not a finite number"),
        ("a,b,c\n1,two,3\n", (), "line 2, column 'b': 'two' is not a finite number"),
        ("a,b\n1,2\n", NAMES, "FILE: there is no column 'c'; expected a, b, c"),
        ("a,b,c,id\n1,2,3,4\n", NAMES, "FILE: there is an unknown column 'id'; expected a, b, c"),
        ("x,1,2\n", NAMES, "line 1, column a: 'x' is not a finite number"),
        (HEADER + "1,sand,2\n3,peat,4\n", MIXED, "line 3, column 'soil': 'peat' is not one of ''"),
        ("flowers,height,soil\n2,1,sand\n4,3\n", MIXED, "line 3: 2 columns where there should be 3"),
        (HEADER + "1,7,2\n", MIXED, "line 2, column 'soil': '7' is not one of"),
        ("height,flowers\n1,2\n", MIXED, "no column 'soil'; expected height, soil, flowers"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, features: tuple[str, ...], message: str) -> None:
    path = write(tmp_path, text)
    line = refusal(lambda: read_rows(path, Form(features=features, inputs=len(features) or 3)))
    assert message in line.replace(str(path), "FILE")


def test_parquet(tmp_path: Path) -> None:
    path, columns = tmp_path / "r.parquet", {"flowers": [2, 4], "soil": ["sand", None], "height": [1.0, 3.0]}
    table = pl.DataFrame(columns | {"label": ["x", None]})
    table.write_parquet(path)
    inputs, labels, _ = read_rows(path, Form(features=MIXED))
    assert (inputs.tolist(), labels) == (CATEGORIES, ["x", None])
    table.with_columns(height=pl.lit("tall")).write_parquet(path)
    assert "row 1, column 'height': 'tall'" in refusal(read_rows, path, Form(features=MIXED))


def test_pixels_must_be_bytes(tmp_path: Path) -> None:
    inputs, _, _ = read_rows(write(tmp_path, "0,255,7.0\n"), Form(inputs=3, dtype=np.uint8))
    assert (inputs.dtype.name, inputs.tolist()) == ("uint8", [[0, 255, 7]])
    message = refusal(lambda: read_rows(write(tmp_path, "0,255,7.5\n"), Form(inputs=3, dtype=np.uint8)))
    assert "line 1, column 3: '7.5' is not a pixel, an integer from 0 to 255" in message


def test_what_is_not_a_file_or_larger_than_memory_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for name in ("none.csv", "none.parquet", "pipe.csv", "."):
        assert "is not a file" in refusal(read_rows, tmp_path / name, Form(inputs=3))
    path = tmp_path / "d;1.csv"
    path.write_text("1,2,3\n")
    monkeypatch.setattr("handgrad.data.memory.available_memory", lambda: 48_000)
    assert len(read_rows(path, Form(inputs=3))[0]) == 1
    monkeypatch.setattr("handgrad.data.memory.available_memory", lambda: 5)
    monkeypatch.setattr("handgrad.data.tables.first_row", None)  # not even its beginning
    assert "d;1.csv need 6 bytes of memory and 5 bytes are available" in refusal(
        read_rows, path, Form(inputs=3)
    )
