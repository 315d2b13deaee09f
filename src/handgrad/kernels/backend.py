"""The kernels in use: one object, `kernels`, with every kernel as an attribute, e.g. ``kernels.dense(...)``.

The NumPy modules in this package define every kernel. The compiled library (`native/`) replaces those that it has,
and a user-defined module those that it defines, so that a network can be trained with your gradients.
"""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from threading import RLock
from types import ModuleType
from typing import Any

from handgrad.errors import HandgradError

VARIABLE = "HANDGRAD_KERNELS"
_LOCK = RLock()
MODULES = (
    *("activations", "convolution", "dense", "images", "losses", "mlp", "normalization"),
    *("optimizers", "pooling", "softmax"),
)


def functions_of(module: ModuleType) -> dict[str, Any]:
    """Return the public functions that a module defines itself, by name."""
    return {
        name: value
        for name, value in vars(module).items()
        if callable(value)
        and not name.startswith("_")
        and getattr(value, "__module__", None) == module.__name__
    }


class Backend:
    """The set of kernels in use.

    Attributes
    ----------
    name : str
        "numpy"; the instruction set of the compiled library, e.g. "v4"; or the name of a module.
    takes_bytes : bool
        Whether `dense` also takes uint8 inputs, which stand for x / 255, and computes faster with them.
    version : object
        Another one after each `load`.
    library : Library or None
        The compiled library.
    """

    name: str
    takes_bytes: bool
    version: object
    library: Any

    def __getattr__(self, name: str) -> Any:
        with _LOCK:
            if "name" not in vars(self) and not name.startswith("__"):
                self.load(os.environ.get(VARIABLE) or "native")
            if name in vars(self):
                return vars(self)[name]
        raise AttributeError(f"unknown kernel {name!r}")

    def load(self, choice: Any) -> None:
        """Replace all kernels, for the whole process.

        Parameters
        ----------
        choice : str, module or other object
            "native": the compiled library for the best instruction set of this CPU, or NumPy with a warning where
            there is none. "v2", "v3", "v4" or "neon": the library for one instruction set. "numpy": NumPy only. An
            object, e.g. a module: its functions in place of those with the same names, and "native" for the others.

        Raises
        ------
        HandgradError
            If the choice is unknown, or the CPU lacks the instruction set.
        """
        found: dict[str, Any] = {"name": "numpy", "takes_bytes": False, "version": object(), "library": None}
        for module in MODULES:
            found |= functions_of(import_module(f"handgrad.kernels.{module}"))
        if choice != "numpy":
            found |= _native(choice if isinstance(choice, str) else "native", found)
        if not isinstance(choice, str):
            custom = {name: getattr(choice, name) for name in found if callable(getattr(choice, name, None))}
            title = getattr(choice, "__name__", "custom")
            if not custom:
                raise HandgradError(f"{title} defines no kernel, e.g. dense(x, weights, biases)")
            # fused kernels become the kernels that they consist of
            found |= functions_of(import_module("handgrad.kernels.mlp"))
            found |= custom | {"name": title}
            if custom.keys() & {"dense", "dense_backward"}:
                found["takes_bytes"] = False
        self._use(found)

    @contextmanager
    def using(self, choice: Any) -> Iterator[None]:
        """Use other kernels within a block, in the whole process; see `load`."""
        before = dict(vars(self))
        self.load(choice)
        try:
            yield
        finally:
            self._use(before)

    def _use(self, found: dict[str, Any]) -> None:
        if found.get("library"):
            found["library"].use()
        self.__dict__ = found  # atomically


def _native(choice: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the compiled kernels; none, with a warning, where "native" finds no library."""
    from handgrad.kernels.native.library import INSTRUCTION_SETS, Library, LibraryError

    if choice not in ("native", *INSTRUCTION_SETS):
        names = ", ".join(INSTRUCTION_SETS)
        raise HandgradError(
            f"kernels ({VARIABLE}) must be native, numpy or one of {names}; got {choice!r:.40}"
        )
    try:
        library = Library(choice)
    except LibraryError as error:
        if choice != "native":
            raise HandgradError(str(error)) from error
        warnings.warn(f"{error}; NumPy computes instead, several times slower", RuntimeWarning, stacklevel=2)
        return {}
    functions: dict[str, Any] = {}
    for module in MODULES:
        functions |= functions_of(import_module(f"handgrad.kernels.native.{module}"))
    functions = {name: function for name, function in functions.items() if name in definitions}
    return functions | {"name": library.name, "takes_bytes": True, "library": library}


kernels = Backend()
