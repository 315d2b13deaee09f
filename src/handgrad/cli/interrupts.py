"""Ctrl-C and its kin, as a wish that a training looks for between its steps."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def end_as_by_ctrl_c() -> None:
    """Have SIGTERM and SIGHUP end the program as Ctrl-C does, in one line, unless the caller ignores them."""
    for number in SIGNALS:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)


@contextmanager
def interrupts(attached: bool) -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C, SIGTERM or SIGHUP into a wish that can be asked for; the next acts at once, as usual.

    Where this process is attached to another, the end of standard input is such a wish, too: whoever holds the
    other end has asked for it, or is dead.
    """
    wished = False
    if attached:
        ended = Event()
        Thread(target=_await_end, args=(ended,), daemon=True).start()

    def wish(*_: object) -> None:
        nonlocal wished
        wished = True
        for number, handler in before.items():
            signal.signal(number, handler)

    # What the caller ignores stays ignored: nohup, for one, means it.
    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, wish) for number in heard}
    try:
        yield lambda: wished or (attached and ended.is_set())
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _await_end(ended: Event) -> None:
    with suppress(OSError):
        while os.read(0, 4096):
            pass
    ended.set()
