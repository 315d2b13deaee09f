"""Standard output, whose reader may have seen enough."""

import os
import sys


def emit(text: str = "") -> None:
    """Print a line at once; where the reader has gone away, it and all that follow go nowhere."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        discard_output()


def discard_output() -> None:
    """Send standard output nowhere from here on, so that nothing of it can fail any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
