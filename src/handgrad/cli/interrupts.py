"""Ctrl-C and similar signals: a training stops between two steps, or chunks of a batch, which it then abandons."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from time import sleep
from typing import Any

from handgrad.errors import HandgradError

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
GRACE = 30.0
"""Seconds in which an attached training must save and end after the end of its standard input."""


class Interrupted(HandgradError):
    """The training was stopped on request; the message names the run and how to resume it."""


def handle_signals(handler: Callable[..., Any] = signal.default_int_handler) -> None:
    """Handle SIGINT, SIGTERM and SIGHUP, by default as Ctrl-C, unless the caller ignores them (e.g. nohup)."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


@contextmanager
def interrupts(attached: bool) -> Iterator[Callable[[], bool]]:
    """Yield a function that returns whether a signal has come; a second one ends the program.

    If `attached`, the end of standard input counts, too: the process that started this one has closed it, or died.
    """
    interrupted = Event()

    def interrupt(*_: object) -> None:
        interrupted.set()
        handle_signals()

    if attached:
        Thread(target=_await_end, args=(interrupted,), daemon=True).start()
    handle_signals(interrupt)
    try:
        yield interrupted.is_set
    finally:
        handle_signals()


def _await_end(ended: Event) -> None:
    with suppress(OSError):
        while os.read(0, 4096):
            pass
    ended.set()
    sleep(GRACE)
    os._exit(130)  # a chunk or a validation takes too long: the last checkpoint is kept
