"""The kernels in use: one object, `kernels`, with every kernel as an attribute, e.g. ``kernels.dense(...)``.

The NumPy modules in this package define the kernels. The compiled library (`native/`) replaces those that it has, and
a user-defined module those that it defines, so that a network can be trained with your gradients.
"""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from threading import RLock
from typing import Any

from handgrad.errors import HandgradError

VARIABLE = "HANDGRAD_KERNELS"
MODULES = "activations convolution dense images losses normalization optimizers pooling softmax sparse"
FUSED: dict[str, Any] = {"mlp": None, "mlp_gradient": None, "mlp_steps": None}
"""Kernels of the compiled library only, each of which computes several others; None where it is not in use."""
_LOCK = RLock()


def functions_of(package: str, modules: str) -> dict[str, Any]:
    """Return the public functions that modules of a package define themselves, by name."""
    return {
        name: value
        for module in modules.split()
        for name, value in vars(import_module(f"{package}.{module}")).items()
        if name[0] != "_" and callable(value) and value.__module__ == f"{package}.{module}"
    }


class Backend:
    """The set of kernels in use."""

    name: str
    """"numpy"; the instruction set of the compiled library, e.g. "v4"; or the name of a module."""
    takes_bytes: bool
    """Whether `dense` also takes uint8 inputs, which stand for x / 255, and computes faster with them."""
    compiled: dict[str, Any]
    """By the character of a dtype, "f" or "d", the functions of the compiled library."""
    version: object
    """Another one after each `load`."""

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
            there is none. "v2", "v3", "v4" or "neon": the library for one instruction set, or HandgradError where
            the CPU lacks it. "numpy": NumPy only. An object, e.g. a module: its functions in place of those with
            the same names, and "native" for the others.
        """
        found = functions_of("handgrad.kernels", MODULES)
        custom = {name: getattr(choice, name) for name in found if callable(getattr(choice, name, None))}
        found |= FUSED | {"name": "numpy", "takes_bytes": False, "version": object()}
        found["compiled"] = vars(self).get("compiled", {})  # of calls in other threads
        if choice != "numpy":
            native = _native(choice if isinstance(choice, str) else "native")
            found |= {name: value for name, value in native.items() if name in found}
        if not isinstance(choice, str):
            title = getattr(choice, "__name__", "custom")
            if not custom:
                raise HandgradError(f"{title} defines no kernel, e.g. dense(x, weights, biases)")
            found |= FUSED | custom | {"name": title}
            found["takes_bytes"] &= not custom.keys() & {"dense", "dense_backward"}
        self.__dict__ = found  # atomically

    @contextmanager
    def using(self, choice: Any) -> Iterator[None]:
        """Use other kernels within a block, in the whole process; see `load`."""
        before = dict(vars(self))
        self.load(choice)
        try:
            yield
        finally:
            self.__dict__ = before


def _native(choice: str) -> dict[str, Any]:
    """Return the compiled kernels; none, with a warning, where "native" finds no library."""
    from handgrad.kernels.native.library import load_library, suitable

    if choice not in ("native", *suitable()):
        sets = ", ".join(["native", "numpy", *suitable()])
        raise HandgradError(f"kernels ({VARIABLE}) must be one of {sets} on this CPU; got {choice!r:.40}")
    try:
        name, functions = load_library(suitable() if choice == "native" else [choice])
    except HandgradError as error:
        if choice != "native":
            raise
        warnings.warn(f"{error}; NumPy computes instead, several times slower", RuntimeWarning, stacklevel=2)
        return {}
    native = functions_of("handgrad.kernels.native", "dense images mlp sparse vectors")
    return native | {"name": name, "takes_bytes": True, "compiled": functions}


kernels = Backend()
