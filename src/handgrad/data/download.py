"""Download files from several mirrors, resumed and verified."""

import math
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from threading import Thread
from typing import Any
from urllib import request
from urllib.error import HTTPError, URLError

from handgrad.errors import HandgradError
from handgrad.files import cannot_write, sync_folder

PIECE = 64 * 1024  # bytes
Show = Callable[[int, int | None], None]
"""Takes the bytes that have arrived, and all bytes where they are known."""


class _Failed(Exception):
    """The reason why one mirror failed."""


def download(
    urls: Iterable[str],
    target: Path,
    verify: Callable[[Path], bool],
    *,
    limit: int,
    advice: str,
    timeout: float | None = None,
) -> None:
    """Download a file from the first of several mirrors that delivers it whole and verified.

    What has arrived is kept in `<target>.part`, so that a later attempt asks only for the rest. A mirror that sends
    more than `limit` bytes, or nothing for `timeout` seconds (default: ``HANDGRAD_TIMEOUT`` or 15), has failed.
    HandgradError, with the reasons of all mirrors and `advice`, where every mirror fails.
    """
    timeout = _default_timeout() if timeout is None else timeout
    part = target.with_name(f"{target.name}.part")
    failures = []
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for url in urls:
            try:
                with _progress(target.name) as show:
                    while not _fetch(url, part, verify, limit, timeout, show):
                        part.unlink(missing_ok=True)
            except _Failed as failure:
                failures.append(f"{_host(url)}: {' '.join(str(failure).split())}")
            else:
                with part.open("rb+") as file:
                    os.fsync(file.fileno())
                part.replace(target)
                sync_folder(target.parent)
                return
    except OSError as error:  # of the disk; those of the network are _Failed
        raise cannot_write(target, error) from error
    raise HandgradError(f"cannot download {target.name} ({', '.join(failures)}); {advice}")


def _fetch(
    url: str, part: Path, verify: Callable[[Path], bool], limit: int, timeout: float, show: Show
) -> bool:
    """Complete `part` from one mirror. Return False where it must be downloaded again from the first byte."""
    here = part.stat().st_size if part.exists() else 0
    try:
        answer = _open(url, here, timeout)
    except HTTPError as error:
        error.close()
        if error.code == 416 and here:  # the mirror's file is shorter
            return False
        raise _Failed(f"HTTP {error.code} {error.reason}") from error
    with answer:
        start, total = _extent(answer)
        if start not in (0, here):
            if here:
                return False
            raise _Failed("sent another part of the file than was asked for")
        size = start
        with part.open("rb+" if start else "wb") as file:
            file.seek(start)
            for piece in _pieces(answer, timeout):
                size += len(piece)
                if size > limit:
                    break
                file.write(piece)
                show(size, total)
    if size <= limit and total is not None and size != total:
        raise _Failed(f"ended after {size:,} of {total:,} bytes")
    if size <= limit and verify(part):
        return True
    if size <= limit and start:  # two sources were mixed
        return False
    part.unlink()
    html = answer.headers.get_content_type() == "text/html"
    sent = "sent a web page (HTML) instead" if html else "sent other content than was published"
    raise _Failed(f"sends more than {limit:,} bytes" if size > limit else sent)


def _extent(answer: Any) -> tuple[int, int | None]:
    """Return the first byte of an answer, -1 where it is unclear, and the length of the file where it is known."""
    length = answer.headers.get("Content-Length", "")
    length = int(length) if length.isdecimal() else None
    if answer.status != 206:
        return 0, length
    span = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", "").strip())
    if span is None:
        return -1, None
    start = int(span[1])
    if span[2] != "*":
        return start, int(span[2])
    return start, None if length is None else start + length


def _open(url: str, start: int, timeout: float) -> Any:
    """Request a file from byte `start` on, within `timeout` seconds.

    A thread does so, because the timeout of a socket limits neither the look-up of the name nor the number of
    addresses that are tried.
    """
    from importlib.metadata import version

    headers = {"User-Agent": f"handgrad/{version('handgrad')}"}
    if start:
        headers["Range"] = f"bytes={start}-"
    future: Future[Any] = Future()

    def ask() -> None:
        try:
            future.set_result(_opener().open(request.Request(url, headers=headers), timeout=timeout))
        except Exception as error:
            future.set_exception(error)

    Thread(target=ask, daemon=True).start()
    try:
        return future.result(timeout)
    except HTTPError:
        raise
    except (OSError, HTTPException, ValueError) as error:
        raise _Failed(_reason(error, timeout)) from error


def _opener() -> request.OpenerDirector:
    """Build an opener for http, https and file; the default one would follow redirects to ftp."""
    opener = request.OpenerDirector()
    for handler in (
        request.ProxyHandler,
        request.HTTPHandler,
        request.HTTPSHandler,
        request.HTTPRedirectHandler,
        request.HTTPDefaultErrorHandler,
        request.HTTPErrorProcessor,
        request.FileHandler,
        request.UnknownHandler,
    ):
        opener.add_handler(handler())
    return opener


def _pieces(answer: Any, timeout: float) -> Iterator[bytes]:
    try:
        while piece := answer.read1(PIECE):
            yield piece
    except (OSError, HTTPException) as error:
        raise _Failed(_reason(error, timeout)) from error


def _reason(error: Exception, timeout: float) -> str:
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, TimeoutError):
        return f"silent for {timeout:g} s"
    return str(getattr(cause, "strerror", None) or cause or type(cause).__name__)


def _host(url: str) -> str:
    """Return the host of a URL without a password, or the URL where it has none."""
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2] or url


def _default_timeout() -> float:
    wanted = os.environ.get("HANDGRAD_TIMEOUT") or "15"
    try:
        seconds = float(wanted)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise HandgradError(f"HANDGRAD_TIMEOUT is '{wanted}'; give a number of seconds, such as 15")
    return seconds


@contextmanager
def _progress(name: str) -> Iterator[Show]:
    """Show a bar on standard error where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda size, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=None)
        yield lambda size, total: bar.update(task, completed=size, total=total)
