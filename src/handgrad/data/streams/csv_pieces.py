"""A CSV in pieces of whole lines, none of which is longer, or has more lines, than memory allows."""

from collections.abc import Iterator
from pathlib import Path

from handgrad.data.csv_cells import endless

LINE = 128
"""Bytes that a line takes, however short it is, while it is read: its label is an object of Python, for one."""
LONGEST = 4
"""Pieces that a line may be long."""


def csv_pieces(path: Path, offset: int, line: int, size: int) -> Iterator[tuple[bytes, int, int]]:
    """Cut a CSV behind ends of lines that are not within quotes.

    Parameters
    ----------
    path : Path
    offset, line : int
        Where to begin: bytes and lines before that.
    size : int
        Bytes of a piece.

    Yields
    ------
    piece : bytes
    offset, line : int
        Where the next begins.

    Raises
    ------
    HandgradError
        If a line does not end, perhaps since a quote is not closed.
    """
    rest = b""
    with path.open("rb") as file:
        file.seek(offset)
        while content := rest + file.read(size):
            ended = len(content) < len(rest) + size
            cut = len(content) if ended else last_end(content)
            if not cut and len(content) >= LONGEST * size:
                raise endless(path, line, len(content), ", or give more memory")
            rest = content[cut:]
            lines = content.count(b"\n", 0, cut)
            for piece in _split(content[:cut], -(-lines * LINE // size)):
                offset, line = offset + len(piece), line + piece.count(b"\n")
                yield piece, offset, line


def _split(content: bytes, parts: int) -> Iterator[bytes]:
    """Cut whole lines into about so many parts."""
    size = -(-len(content) // max(1, parts))
    while content:
        cut = last_end(content[:size]) or len(content)
        yield content[:cut]
        content = content[cut:]


def last_end(content: bytes) -> int:
    """Find the last end of a line that is not within quotes; 0 where there is none."""
    end = content.rfind(b"\n") + 1
    while end and content.count(b'"', 0, end) % 2:
        end = content.rfind(b"\n", 0, end - 1) + 1
    return end
