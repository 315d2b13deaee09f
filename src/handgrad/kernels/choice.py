"""Which kernels compute: the compiled ones, or, to read along and to compare, the plain ones."""

import os
from functools import cache
from importlib import import_module
from types import ModuleType

from handgrad.errors import HandgradError

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
