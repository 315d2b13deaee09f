"""Which kernels compute: the compiled ones, or, to read along and to compare, the plain ones."""

import os
from collections.abc import Callable
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, TypeVar

from handgrad.errors import HandgradError

Outcome = TypeVar("Outcome")

VARIABLE = "HANDGRAD_KERNELS"
PACKAGES = {
    "compiled": "handgrad.kernels.compiled",
    "vectors": "handgrad.kernels.compiled",
    "reference": "handgrad.kernels",
}


def wanted() -> str:
    """Tell which kernels are asked for: "compiled", "vectors" (compiled, but no matrix unit) or "reference".

    Raises
    ------
    HandgradError
        If the environment variable HANDGRAD_KERNELS is something else.
    """
    name = os.environ.get(VARIABLE) or "compiled"
    if name not in PACKAGES:
        *others, last = PACKAGES
        raise HandgradError(f"{VARIABLE} must be {', '.join(others)} or {last}; got {name!r:.40}")
    return name


@cache
def chosen(room: str) -> ModuleType:
    """Import the kernels of a room of that name, when they are first needed, because Numba is slow to import.

    Parameters
    ----------
    room : str
        A module that is there twice: plain and compiled.
    """
    return import_module(f"{PACKAGES[wanted()]}.{room}")


def tell_of_compiling(tell: Callable[[], None]) -> None:
    """Have something told once, when a kernel is compiled for the first time on this machine.

    Parameters
    ----------
    tell : callable
        Called on the thread that needs the kernel, before it is compiled.
    """
    if wanted() == "reference":
        return
    from numba.core import event

    class Listener(event.Listener):
        """Waits for the first kernel that Numba does not find on the disk."""

        told = False

        def on_start(self, event: Any) -> None:
            if not self.told:
                self.told = True
                tell()

        def on_end(self, event: Any) -> None:
            """Nothing is left to tell."""

    event.register("numba:compile", Listener())  # type: ignore[no-untyped-call]


def compiles(work: Callable[[], Outcome]) -> tuple[Outcome, bool]:
    """Do some work, and tell whether a kernel was compiled for it that was not found on the disk."""
    if wanted() == "reference":
        return work(), False
    from numba.core import event

    with event.install_recorder("numba:compile") as recorder:
        outcome = work()
    return outcome, bool(recorder.buffer)
