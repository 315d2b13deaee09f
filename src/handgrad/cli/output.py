"""Standard output, whose reader may have seen enough."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text


def emit(text: str = "") -> None:
    """Print a line at once; where the reader has gone away, it and all that follow go nowhere.

    Raises
    ------
    HandgradError
        If the line cannot be written, as on a full disk.
    """
    with _writing():
        print(text, flush=True)


def emit_styled(lines: "Iterable[Text]") -> None:
    """Print lines in their styles where a person looks, else without."""
    if not sys.stdout.isatty():
        for line in lines:
            emit(line.plain)
        return
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    for line in lines:
        console.print(line)


def flush_output() -> None:
    """Write what is still held of standard output; see `emit`."""
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
    """Send standard output nowhere from here on, so that nothing of it can fail any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
