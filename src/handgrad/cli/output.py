"""Standard output: lines, styled text and tables without control characters, and JSON."""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from math import isfinite
from typing import TYPE_CHECKING, Any
from unicodedata import category

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text


LONGEST_LINE = 290
"""Characters of an error message."""


def printable(text: str) -> str:
    """Replace control characters, which could command a terminal, with U+FFFD. Line feeds are kept."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char if char == "\n" or category(char)[0] != "C" else "\N{REPLACEMENT CHARACTER}" for char in text
    )


def error_line(text: str) -> str:
    """Put an error into one printable line of limited length."""
    line = printable(" ".join(text.split()))
    return f"handgrad: {line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + '…'}"


def emit(text: "str | Text | Table" = "") -> None:
    """Print a line, styled text or a table at once. If the reader has gone, discard it and all that follows.

    Raises
    ------
    HandgradError
        If the output cannot be written, e.g. on a full disk.
    """
    with _writing():
        print(printable(text) if isinstance(text, str) else _render(text), flush=True)


def emit_json(value: dict[str, Any]) -> None:
    """Print one JSON object on one line. Numbers that are not finite become null."""
    try:
        line = json.dumps(value, allow_nan=False)
    except ValueError:
        line = json.dumps(_finite(value))
    with _writing():
        print(line, flush=True)


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


def _render(text: "Text | Table") -> str:
    from rich.console import Console
    from rich.text import Text

    if isinstance(text, Text):
        text.plain = printable(text.plain)
    console = Console(highlight=False, width=10_000)
    with console.capture() as capture:
        console.print(text, soft_wrap=True)
    lines = capture.get().rstrip("\n").split("\n")
    return "\n".join(lines if console.is_terminal else (line.rstrip() for line in lines))


def _finite(value: Any) -> Any:
    match value:
        case float():
            return value if isfinite(value) else None
        case dict():
            return {key: _finite(item) for key, item in value.items()}
        case list() | tuple():
            return [_finite(item) for item in value]
    return value


def flush_output() -> None:
    """Write what standard output still buffers; see `emit`."""
    with _writing():
        sys.stdout.flush()


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        discard_output()
    except OSError as error:
        from handgrad.files import cannot_write

        raise cannot_write("to standard output", error) from error


def discard_output() -> None:
    """Discard standard output from here on, so that it cannot fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def showing_conversions(quiet: bool = False) -> Iterator[None]:
    """Show on standard error how data are converted: two lines each, and on a terminal the progress."""
    from handgrad.data.outofcore import Progress, reporting

    known = set()

    def report(progress: Progress) -> None:
        if progress.folder not in known and not quiet:
            known.add(progress.folder)
            print(printable(f"converting {progress.source} once, into {progress.folder}"), file=sys.stderr)
        if not quiet and (progress.finished or sys.stderr.isatty()):
            end = "\n" if progress.finished else "\r"
            print(
                f"converted  {progress.examples:,} examples, {progress.share:.0%}", end=end, file=sys.stderr
            )

    with reporting(report):
        yield
