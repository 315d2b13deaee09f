"""Standard output: lines and tables without control characters, and JSON."""

import json
import os
import sys
from collections.abc import Iterable
from math import floor, log10
from typing import Any

from handgrad.errors import one_line, printable

LINE = 80
"""Characters of a line."""


def error_line(text: str) -> str:
    """Return the line for an error or a warning."""
    return f"handgrad: {one_line(text)}"


def emit(text: str = "") -> None:
    """Print text."""
    write(f"{printable(text)}\n")


def emit_json(value: dict[str, Any]) -> None:
    """Print one JSON object on one line. Numbers that are not finite become null."""
    finite = json.loads(json.dumps(value), parse_constant=lambda _: None)
    write(f"{json.dumps(finite)}\n")


def significant(value: float, digits: int = 4, sign: str = "") -> str:
    """Return a number with significant digits; from 0.001 to 10 million it has no exponent, and all its integers."""
    if not 1e-3 <= abs(value) < 1e7:
        return f"{value:{sign}.{digits}g}"
    comma = "," if abs(value) >= 10_000 else ""  # not in years
    text = f"{value:{sign}{comma}.{max(0, digits - 1 - floor(log10(abs(value))))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def table(header: Iterable[str], rows: Iterable[Iterable[str]], left: int = 1) -> str:
    """Arrange cells in aligned columns, the first `left` of them flush left and the others flush right."""
    lines = [[" ".join(cell.split("\n")) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    sides = ["<" if index < left else ">" for index in range(len(widths))]
    form = "  ".join(f"{{:{side}{width}}}" for side, width in zip(sides, widths, strict=True))
    return "\n".join(form.format(*line).rstrip() for line in lines)


def write(text: str = "") -> None:
    """Write to standard output at once; HandgradError if that fails, e.g. on a full disk.

    If the reader has gone, the text and all that follows are discarded.
    """
    try:
        print(text, end="", flush=True)
    except OSError as error:
        from handgrad.files import cannot_write

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise cannot_write("to standard output", error) from error
