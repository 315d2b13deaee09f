"""Standard output: lines, coloured text and tables without control characters, and JSON."""

import json
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from unicodedata import category

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

LONGEST_LINE = 290
"""Characters of an error message."""


def printable(text: str) -> str:
    """Replace control characters, which could command a terminal, with U+FFFD. Line feeds are kept."""
    return "".join(
        char if char == "\n" or category(char)[0] != "C" else "\N{REPLACEMENT CHARACTER}" for char in text
    )


def error_line(text: str) -> str:
    """Put an error into one printable line of limited length."""
    line = printable(" ".join(text.split()))
    return f"handgrad: {line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + '…'}"


def emit(text: "RenderableType" = "") -> None:
    """Print a line, or coloured text or a table of rich."""
    write(f"{printable(text) if isinstance(text, str) else _render(text)}\n")


def emit_json(value: dict[str, Any]) -> None:
    """Print one JSON object on one line. Numbers that are not finite become null."""
    finite = json.loads(json.dumps(value), parse_constant=lambda _: None)
    write(f"{json.dumps(finite)}\n")


def table(header: Iterable[str], rows: Iterable[Iterable[str]], left: int = 1) -> "Table":
    """Arrange cells in aligned columns, the first `left` of them flush left and the others flush right."""
    from rich.table import Table
    from rich.text import Text

    result = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for index, name in enumerate(header):
        result.add_column(Text(printable(name)), justify="left" if index < left else "right", no_wrap=True)
    for row in rows:
        result.add_row(*(Text(printable(cell)) for cell in row))
    return result


def _render(text: "RenderableType") -> str:
    from rich.console import Console

    console = Console(highlight=False, width=10_000)
    with console.capture() as capture:
        console.print(text, soft_wrap=True)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def write(text: str = "") -> None:
    """Write to standard output at once. If the reader has gone, discard the text and all that follows.

    Raises
    ------
    HandgradError
        If the output cannot be written, e.g. on a full disk.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        from handgrad.files import cannot_write

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise cannot_write("to standard output", error) from error
