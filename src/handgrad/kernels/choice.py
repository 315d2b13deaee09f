"""Which kernels compute: the compiled ones, or, to read along and to compare, the plain ones."""

import os
from functools import cache
from importlib import import_module
from types import ModuleType

from handgrad.errors import HandgradError

VARIABLE = "HANDGRAD_KERNELS"
PACKAGES = {"compiled": "handgrad.kernels.compiled", "reference": "handgrad.kernels"}


@cache
def chosen(room: str) -> ModuleType:
    """Import the kernels of a room of that name, when they are first needed, because Numba is slow to import.

    Parameters
    ----------
    room : str
        A module that is there twice: plain and compiled.

    Raises
    ------
    HandgradError
        If the environment variable HANDGRAD_KERNELS is neither "compiled" nor "reference".
    """
    wanted = os.environ.get(VARIABLE) or "compiled"
    if wanted not in PACKAGES:
        raise HandgradError(f"{VARIABLE} must be {' or '.join(PACKAGES)}; got {wanted!r:.40}")
    return import_module(f"{PACKAGES[wanted]}.{room}")
