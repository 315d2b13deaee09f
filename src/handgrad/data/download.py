"""Download a file from the first of several mirrors that delivers it whole; it is verified before it is written."""

from collections.abc import Callable, Iterable
from http.client import HTTPException
from pathlib import Path
from urllib import request
from urllib.error import URLError

from handgrad.data.progress import progress_bar
from handgrad.errors import HandgradError
from handgrad.files import make_folder, write_file

TIMEOUT = 15.0
"""Seconds for which a mirror may send nothing."""


def download(urls: Iterable[str], target: Path, verify: Callable[[bytes], bool], limit: int) -> None:
    """Download at most `limit` bytes that `verify` accepts; HandgradError with the reasons of all mirrors."""
    make_folder(target.parent)
    failures = []
    for url in urls:
        try:
            asked = request.Request(url, headers={"User-Agent": "handgrad"})
            with (
                progress_bar(f"downloading {target.name}"),
                request.urlopen(asked, timeout=TIMEOUT) as answer,
            ):
                content = answer.read(limit)
        except (OSError, HTTPException, ValueError) as error:
            reason = _reason(error)
        else:
            if verify(content):
                return write_file(target, content)
            reason = "sent other content than was published"
        host = url.partition("://")[2].partition("/")[0].rpartition("@")[2]  # without a password
        failures.append(f"{host or url}: {reason}")
    reasons = ", ".join(failures)
    raise HandgradError(f"cannot download {target.name} ({reasons}); put it into {target.parent} yourself")


def _reason(error: Exception) -> str:
    cause = error.reason if type(error) is URLError else error
    return " ".join(str(getattr(cause, "strerror", None) or cause or type(cause).__name__).split())
