"""One example as a CSV row."""

from pathlib import Path

import pytest

from handgrad.data.rows import read_row
from handgrad.errors import HandgradError

GOOD = {
    "bare": ("1,2.5,-3\n", None, ()),
    "label first": ("yes,1,2.5,-3\n", "yes", ()),
    "header": ("a,b,c\n1,2.5,-3\n", None, ("a", "b", "c")),
    "header with label": ("a,b,Label,c\n1,2.5,no,-3\n", "no", ("a", "b", "c")),
    "spaces and empty lines": ("\n a , b , c \n 1, 2.5 ,-3 \n\n", None, ("a", "b", "c")),
}


@pytest.mark.parametrize("case", GOOD)
def test_a_row_is_read_with_what_is_known_of_it(tmp_path: Path, case: str) -> None:
    text, label, names = GOOD[case]
    (tmp_path / "one.csv").write_text(text)
    values, own, features = read_row(tmp_path / "one.csv", 3)
    assert values.tolist() == [1, 2.5, -3]
    assert (own, features) == (label, names)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no row"),
        ("a,b,c\n", "holds no row"),
        ("1,2,3\n4,5,6\n", "holds 2 rows; leave one, or name the row with its INDEX"),
        ("1,2\n", "takes 3 inputs, perhaps with a label before them; the row has 2 cells"),
        ("a,b,c\n1,2\n", "2 cells below 3 names"),
        ("a,b,c\n1,,3\n", "column 'b': '' is not a finite number"),
        ("1,inf,3\n", "column '2': 'inf' is not a finite number"),
        ("one,two,three,1,2,3,4\n", "the row has 7 cells"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "one.csv").write_text(text)
    with pytest.raises(HandgradError) as error:
        read_row(tmp_path / "one.csv", 3)
    assert told in str(error.value)


def test_pixels_must_be_bytes(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("0,255,7.5\n")
    with pytest.raises(HandgradError, match=r"'7.5' is not a pixel, a whole number from 0 to 255"):
        read_row(tmp_path / "one.csv", 3, images=True)
    (tmp_path / "one.csv").write_bytes(b"\xff\xfe1,2")
    with pytest.raises(HandgradError, match="UTF-8"):
        read_row(tmp_path / "one.csv", 3)
    with pytest.raises(HandgradError, match="cannot be read"):
        read_row(tmp_path / "none.csv", 3)
