"""A CSV in pieces: whole lines, quotes respected, and neither too long nor too many."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad.data.streams.csv_pieces import LINE, LONGEST, csv_pieces, last_end
from handgrad.errors import HandgradError

CELL = st.text('ab,\n"', max_size=6)


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


@settings(deadline=None)
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=60), st.integers(40, 400), st.booleans())
def test_pieces_are_whole_lines_and_all_of_them(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], size: int, ended: bool
) -> None:
    lines = [f"{quoted(first)},{quoted(second)}\n" for first, second in rows]
    content = "".join(lines).encode()[: None if ended else -1]
    path = tmp_path_factory.mktemp("csv") / "d.csv"
    path.write_bytes(content)
    ends, whole = set(), 0
    for row in lines:
        whole += len(row)
        ends.add(min(whole, len(content)))
    pieces, offset, line = [], 0, 0
    for piece, offset, line in csv_pieces(path, 0, 0, size):  # noqa: B007
        pieces.append(piece)
        assert offset in ends
    assert b"".join(pieces) == content
    assert (offset, line) == (len(content), content.count(b"\n"))
    for place in sorted(ends)[:-1]:  # taken up at any end
        assert b"".join(piece for piece, _, _ in csv_pieces(path, place, 0, size)) == content[place:]


def test_short_lines_make_small_pieces(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes(b"1,2\n" * 50_000)
    most = max(piece.count(b"\n") for piece, _, _ in csv_pieces(path, 0, 0, 64_000))
    assert most <= 64_000 // LINE + 1


def test_a_quote_that_is_not_closed_is_told(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes(b"1,2\n" * 100 + b'5" pipe,3\n' + b"1,2\n" * 100_000)
    with pytest.raises(
        HandgradError, match=r"d\.csv: what begins in line \d+ does not end within .* kB; is a quote"
    ):
        list(csv_pieces(path, 0, 0, 10_000))
    assert LONGEST == 4


@pytest.mark.parametrize(
    ("content", "end"), [(b"", 0), (b"ab", 0), (b"a\nb", 2), (b'a\n"b\nc', 2), (b'"a\nb"\nc', 6)]
)
def test_the_last_end_of_a_line(content: bytes, end: int) -> None:
    assert last_end(content) == end
