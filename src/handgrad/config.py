"""Things that can be written down: a layer or an initializer as a table of TOML or JSON, and back.

`Dense(10)` is described as ``{"type": "Dense", "units": 10, "weight_initializer": {"type": "He"}, …}``. A
class takes part by being a dataclass that inherits from `Configurable`; a user's own class is known as soon as it
is defined.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from inspect import isabstract
from math import inf, isfinite
from numbers import Integral, Real
from typing import Any, Self

import numpy as np

from handgrad.errors import HandgradError, suggest

FRAMINGS = ("digit", "plain")
"""How an image becomes an example: framed as MNIST frames its digits, or only resized."""


class Configurable:
    """Base of the dataclasses that recipes and model files can name."""

    def describe(self) -> dict[str, Any]:
        """Write down the type and every field; nested described things become nested tables."""
        description: dict[str, Any] = {"type": type(self).__name__}
        for field in dataclass_fields(self):
            value = getattr(self, field.name)
            description[field.name] = value.describe() if isinstance(value, Configurable) else value
        return description

    @classmethod
    def from_config(cls, description: Mapping[str, Any]) -> Self:
        """Build what a description says, of this family (`Layer`, `Initializer`, …).

        Where the family is a single class, as `EarlyStopping` is, the type need not be said.

        Raises
        ------
        HandgradError
            If the type or a field is unknown (the nearest right name is told) or a value is refused.
        """
        family = "type" if cls is Configurable else cls.__name__.lower()
        single = {cls.__name__: cls} if cls is not Configurable and _is_concrete(cls) else {}
        if single and isinstance(description, Mapping):
            description = {"type": cls.__name__, **description}
        if not isinstance(description, Mapping) or not isinstance(description.get("type"), str):
            raise HandgradError(
                f"{family}: a table with a type is needed, as {{ type = 'Name' }}; got {description!r:.60}"
            )
        name = description["type"]
        kinds = single | {kind.__name__: kind for kind in _descendants(cls)}
        if name not in kinds:
            raise HandgradError(f"unknown {family} '{name}'{suggest(name, sorted(kinds))}")
        known = [field.name for field in dataclass_fields(kinds[name])]
        values = {key: value for key, value in description.items() if key != "type"}
        for key, value in values.items():
            if key not in known:
                raise HandgradError(f"{name} has no field '{key}'{suggest(key, known)}")
            if isinstance(value, Mapping):
                values[key] = Configurable.from_config(value)
        try:
            return kinds[name](**values)
        except TypeError as error:
            missing = [
                field.name
                for field in dataclass_fields(kinds[name])
                if field.name not in values and field.default is MISSING and field.default_factory is MISSING
            ]
            reason = f"lacks '{missing[0]}'" if missing else f"has a value of the wrong type: {error}"
            raise HandgradError(f"{name} {reason}") from error

    @classmethod
    def named(cls, name: str) -> Self:
        """Build one of this family with its defaults by name, in any case: ``"leaky_relu"`` is a `LeakyReLU`.

        Raises
        ------
        HandgradError
            If the name is unknown (the nearest right one is told), or a field has no default.
        """
        folded = name.replace("_", "").casefold()
        kinds = (kind.__name__ for kind in _descendants(cls))
        return cls.from_config({"type": next((k for k in kinds if k.casefold() == folded), name)})

    @classmethod
    def resolve(cls, value: Any, argument: str) -> Self:
        """Return what an argument stands for: an instance as it is, or one made from a name or a class.

        Raises
        ------
        HandgradError
            If it is none of these, or the name is unknown.
        """
        if isinstance(value, cls):
            return value
        try:
            if isinstance(value, str):
                return cls.named(value)
            if isinstance(value, type) and issubclass(value, cls) and not isabstract(value):
                return cls.from_config({"type": value.__name__})
        except HandgradError as error:
            raise HandgradError(f"{argument}: {error}") from error
        raise HandgradError(
            f"{argument} must be a name or an instance of hg.{cls.__name__}; got {value!r:.60}"
        )


def check_number(
    owner: object, name: str, low: float, high: float = inf, interval: str = "[)", *, whole: bool = False
) -> None:
    """Raise HandgradError unless a field of a frozen dataclass is a finite number in an interval.

    Numbers of NumPy become those of Python, so that they can be written to files.

    Parameters
    ----------
    owner : dataclass instance
    name : str
        Of the field.
    low, high : float
    interval : str
        Whether the ends are included, in brackets: ``"[)"`` includes `low` only.
    whole : bool
        Whether only integers are valid.
    """
    value = getattr(owner, name)
    if not (
        (isinstance(value, Integral) if whole else isinstance(value, Real))
        and not isinstance(value, bool | np.bool)
        and isfinite(value)
        and (value >= low if interval[0] == "[" else value > low)
        and (value <= high if interval[1] == "]" else value < high)
    ):
        kind = "an integer" if whole else "a number"
        bounds = f"at least {low}" if interval[0] == "[" else f"greater than {low}"
        if high < inf:
            bounds += f" and {'at most' if interval[1] == ']' else 'less than'} {high:g}"
        raise HandgradError(f"{type(owner).__name__} {name} must be {kind} {bounds}; got {value!r:.60}")
    object.__setattr__(owner, name, int(value) if isinstance(value, Integral) else float(value))


def dataclass_fields(thing: Any) -> tuple[Field[Any], ...]:
    """Give the fields of a described thing or class; every one of them is a dataclass."""
    return fields(thing)


def _is_concrete(kind: type) -> bool:
    return not getattr(kind, "__abstractmethods__", None)


def _descendants(family: type) -> list[type[Any]]:
    """Find every concrete class below `family`."""
    found: list[type[Any]] = []
    subclasses: list[type[Any]] = family.__subclasses__()
    for kind in subclasses:
        if _is_concrete(kind):
            found.append(kind)
        found.extend(_descendants(kind))
    return found
