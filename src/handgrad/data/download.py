"""Download a file from the first of several mirrors that delivers it whole; it is verified before it is written."""

import sys
from collections.abc import Callable, Iterable
from http.client import HTTPException
from pathlib import Path
from urllib import request
from urllib.error import URLError

from rich.console import Console
from rich.progress import wrap_file

from handgrad.errors import HandgradError
from handgrad.files import make_folder, write_file

PIECE = 2**16
"""Bytes that are read at a time."""
TIMEOUT = 15.0
"""Seconds for which a mirror may send nothing."""


def download(
    urls: Iterable[str], target: Path, verify: Callable[[bytes], bool], *, limit: int, advice: str
) -> None:
    """Download a file that fits into memory, of at most `limit` bytes, and create its folder.

    HandgradError, with the reasons of all mirrors and `advice`, where none of them sends what `verify` accepts.
    """
    make_folder(target.parent)
    failures = []
    for url in urls:
        try:
            content = _fetch(url, limit)
        except (OSError, HTTPException, ValueError) as error:
            reason = _reason(error)
        else:
            if verify(content):
                return write_file(target, content)
            reason = "sent other content than was published"
        host = url.partition("://")[2].partition("/")[0].rpartition("@")[2]  # without a password
        failures.append(f"{host or url}: {reason}")
    raise HandgradError(f"cannot download {target.name} ({', '.join(failures)}); {advice}")


def _fetch(url: str, limit: int) -> bytes:
    """Download the first `limit` bytes, with a bar on standard error where that is a terminal."""
    with request.urlopen(request.Request(url, headers={"User-Agent": "handgrad"}), timeout=TIMEOUT) as answer:
        total = int(answer.headers.get("Content-Length") or 0)
        name, console = url.rpartition("/")[2], Console(stderr=True)
        silent = not sys.stderr.isatty()
        with wrap_file(
            answer, total, description=name, console=console, transient=True, disable=silent
        ) as file:
            content = bytearray()
            while len(content) < limit and (piece := file.read(PIECE)):
                content += piece
    if len(content) < min(total, limit):
        raise OSError(f"ended after {len(content):,} of {total:,} bytes")
    return bytes(content)


def _reason(error: Exception) -> str:
    cause = error.reason if type(error) is URLError else error
    return " ".join(str(getattr(cause, "strerror", None) or cause or type(cause).__name__).split())
