"""Examples as rows of a table, with and without header and labels."""

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from failing import refusal
from handgrad.data.tables import read_row, read_rows
from handgrad.errors import HandgradError

NAMES = ("a", "b", "c")
GOOD = {
    "bare": ("1,2.5,-3\n4,5,6\n", [None, None], ()),
    "label first": ("yes,1,2.5,-3\n,4,5,6\n", ["yes", None], ()),
    "header": ("a,b,c\n1,2.5,-3\n4,5,6", [None, None], NAMES),
    "header with label": ("a,b,Label,c\n1,2.5,no,-3\n4,5,7,6\n", ["no", "7"], NAMES),
    "header with a label of another name": ("digit,a,b,c\nno,1,2.5,-3\nyes,4,5,6\n", ["no", "yes"], NAMES),
    "spaces and empty lines": ("\n a , b , c \n 1, 2.5 ,-3 \n\n4,5,6\n\n", [None, None], NAMES),
}


def write(folder: Path, text: str | bytes) -> Path:
    (folder / "r.csv").write_bytes(text.encode() if isinstance(text, str) else text)
    return folder / "r.csv"


def refused(path: Path, inputs: int = 3, features: tuple[str, ...] = (), images: bool = False) -> str:
    line = refusal(lambda: read_rows(path, inputs, features, images=images))
    assert str(path) in line
    return line.replace(str(path), "FILE")


@pytest.mark.parametrize("case", GOOD)
def test_rows_are_read_with_what_is_known_of_them(tmp_path: Path, case: str) -> None:
    text, labels, names = GOOD[case]
    rows = read_rows(write(tmp_path, text), 3)
    assert rows.inputs.tolist() == [[1, 2.5, -3], [4, 5, 6]]
    assert (rows.labels, rows.features) == (labels, names)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "FILE is empty"),
        ("a,b,c\n", "holds no examples"),
        ("1,2\n", "3 inputs are expected, optionally with a label before them; the first line has 2 cells"),
        ("1,2,3\n4,5\n", "line 2, column 3: no value"),
        ("a,b,c\n1,2\n", "line 2, column 'c': no value"),
        ("a,b,c\n1,2,3\n1,,3\n", "line 3, column 'b': no value"),
        ("1,inf,3\n", "line 1, column 2: 'inf' is not a finite number"),
        ("a,b,c\n1,nan,3\n", "line 2, column 'b': 'nan' is not a finite number"),
        ("a,b,c\n1,two,3\n", "line 2, column 'b': 'two' is not a finite number"),
        ("one,two,three,1,2,3,4\n", "the first line has 7 cells"),
        ("a,b,a\n1,2,3\n", "two columns named 'a'"),
        (b"\xff\xfe1,2", "UTF-8"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str | bytes, message: str) -> None:
    assert message in refused(write(tmp_path, text))


def test_one_row_is_one(tmp_path: Path) -> None:
    assert read_row(write(tmp_path, "1,2,3\n"), 3).inputs.tolist() == [[1, 2, 3]]
    with pytest.raises(HandgradError, match="holds 2 rows"):
        read_row(write(tmp_path, "1,2,3\n4,5,6\n"), 3)


def test_a_header_names_the_columns(tmp_path: Path) -> None:
    rows = read_rows(write(tmp_path, "c,label,a,b\n3,x,1,2\n"), 3, NAMES)
    assert (rows.inputs.tolist(), rows.labels, rows.features) == ([[1, 2, 3]], ["x"], NAMES)
    assert read_rows(write(tmp_path, "x,1,2,3\n"), 3, NAMES).features == NAMES
    for text, message in (
        ("a,b\n1,2\n", "FILE has no column 'c'; expected a, b, c"),
        ("a,b,d\n1,2,3\n", "FILE has an unknown column 'd'"),
        ("x,y,z\n1,2,3\n", "FILE has an unknown column 'x'"),
        ("a,b,c,id\n1,2,3,4\n", "FILE has an unknown column 'id'; expected a, b, c"),
        ("x,1,2\n", "line 1, column a: 'x' is not a finite number"),
    ):
        assert message in refused(write(tmp_path, text), 3, NAMES)


MIXED = ("height", "soil=", "soil=clay", "soil=sand", "flowers")


def test_names_become_the_inputs_that_the_model_knows(tmp_path: Path) -> None:
    for text in (
        "height,soil,flowers\n1,sand,2\n3,,4\n",
        "flowers,height,soil\n2,1,sand\n4,3,\n",
        "1,sand,2\n3,,4\n",
        "x,1, sand ,2\n,3,,4\n",
    ):
        rows = read_rows(write(tmp_path, text), 5, MIXED)
        assert rows.inputs.tolist() == [[1, 0, 0, 1, 2], [3, 1, 0, 0, 4]]
        assert rows.features == MIXED
    for text, message in (
        (
            "height,soil,flowers\n1,sand,2\n3,peat,4\n",
            "line 3, column 'soil': 'peat' is not one of '', 'clay', 'sand'",
        ),
        ("height,soil,flowers\n1,7,2\n", "line 2, column 'soil': '7' is not one of"),
        ("height,soil,flowers\ntall,sand,2\n", "line 2, column 'height': 'tall' is not a finite number"),
        ("height,flowers\n1,2\n", "no column 'soil'; expected height, soil, flowers"),
        ("1,2\n", "3 inputs are expected"),
    ):
        assert message in refused(write(tmp_path, text), 5, MIXED)


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "r.parquet"
    table = pl.DataFrame(
        {"flowers": [2, 4], "soil": ["sand", None], "height": [1.0, 3.0], "label": ["x", None]}
    )
    table.write_parquet(path)
    rows = read_rows(path, 5, MIXED)
    assert (rows.inputs.tolist(), rows.labels) == ([[1, 0, 0, 1, 2], [3, 1, 0, 0, 4]], ["x", None])
    table.with_columns(height=pl.lit("tall")).write_parquet(path)
    assert "row 1, column 'height': 'tall' is not a finite number" in refused(path, 5, MIXED)
    table.with_columns(height=pl.Series([1.0, float("nan")])).write_parquet(path)
    assert "row 2, column 'height': 'nan'" in refused(path, 5, MIXED)


def test_pixels_must_be_bytes(tmp_path: Path) -> None:
    rows = read_rows(write(tmp_path, "0,255,7.0\n"), 3, images=True)
    assert rows.inputs.dtype == np.uint8
    assert rows.inputs.tolist() == [[0, 255, 7]]
    message = refused(write(tmp_path, "0,255,7.5\n"), images=True)
    assert "line 1, column 3: '7.5' is not a pixel, an integer from 0 to 255" in message
    assert "cannot be read" in refused(tmp_path / "none.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    assert "plain file" in refused(tmp_path / "pipe.csv")
    assert "plain file" in refused(tmp_path)


def test_a_file_larger_than_memory_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "d;1.csv"
    path.write_text("1,2,3\n")
    for room in (6, None):
        monkeypatch.setattr("handgrad.data.memory.available_memory", lambda room=room: room)
        assert len(read_rows(path, 3).inputs) == 1
    monkeypatch.setattr("handgrad.data.memory.available_memory", lambda: 5)
    monkeypatch.setattr("handgrad.data.tables.first_row", None)  # not even its beginning
    for read in (read_rows, read_row):
        with pytest.raises(HandgradError, match=r"d;1\.csv need 6 bytes of memory and 5 bytes are available"):
            read(path, 3)
