"""The public names, and the methods and properties that the API reference describes."""

from functools import cached_property
from inspect import isclass
from types import FunctionType
from typing import Any

import handgrad as hg
from handgrad import tuning

MEMBERS = (FunctionType, classmethod, staticmethod, property, cached_property)
SPECIAL = ("__call__", "__getitem__")
"""Special methods that are called by users, too."""


def public_names() -> dict[str, Any]:
    """Return the public classes and functions by name, e.g. ``"Dense"`` or ``"plots.save"``."""
    found = {name: getattr(hg, name) for name in hg.__all__}
    found |= {f"plots.{name}": value for name, value in vars(hg.plots).items()}
    found |= {f"tuning.{name}": getattr(tuning, name) for name in ("tune", "best", "Trial")}
    return {name: value for name, value in found.items() if callable(value)}


def public_base(kind: type) -> type | None:
    """Return the public class that a class inherits from, e.g. `Layer`."""
    public = list(public_names().values())
    return next((base for base in kind.__mro__[1:] if base in public), None)


def public_members(kind: Any) -> list[str]:
    """Return the methods and properties of a class that have a docstring, without those of its public base."""
    found: dict[str, None] = {}
    for owner in kind.__mro__ if isclass(kind) else ():
        if owner is public_base(kind):
            break
        if owner.__module__.startswith("handgrad."):
            for name, value in vars(owner).items():
                if isinstance(value, MEMBERS) and value.__doc__ and (name[0] != "_" or name in SPECIAL):
                    found[name] = None
    return list(found)
