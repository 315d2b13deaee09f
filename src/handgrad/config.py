"""Objects that TOML and JSON can hold: a layer or an initializer as a table, and back.

`Dense(10)` is ``{"type": "Dense", "units": 10, "weight_initializer": {"type": "He"}, …}``. A class takes part by
being a dataclass that inherits from a family such as `Layer`; a user-defined one is known once it is defined.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, fields
from functools import partial
from inspect import isabstract
from math import inf
from numbers import Integral
from operator import eq
from sys import float_info
from typing import Any, NamedTuple, Self, TypeAlias, get_args, get_type_hints

from handgrad.errors import HandgradError, suggest

Metadata: TypeAlias = dict[str, Any]
FRAMINGS = ("digit", "plain")  # an image becomes an example as MNIST frames its digits, or is only resized
TASKS = {"classification": "classes", "multilabel": "labels", "regression": "targets"}
"""What a network learns, and what its outputs are called: one class of several, any number of labels, or numbers."""


class Allowed(NamedTuple):
    """Values that a field may have: what messages call them, and whether a value is one."""

    words: str
    holds: Callable[[Any], bool]


class Configurable:
    """Base of the dataclasses that recipes and model files can name.

    Fields with ``metadata=within(…)`` or another function of this module are checked when an object is created. A
    default of None is allowed, too.
    """

    def __post_init__(self) -> None:
        checked = {}  # a subclass may give a field another interval, or another default without one
        for kind in reversed(type(self).__mro__):
            for field in getattr(kind, "__dataclass_fields__", {}).values():
                if "allowed" in field.metadata:
                    checked[field.name] = field.metadata["allowed"]
        for name, allowed in checked.items():
            value = getattr(self, name)
            if value is None and getattr(type(self), name, MISSING) is None:
                continue
            plain = value.tolist() if hasattr(value, "tolist") else value  # files hold no numbers of NumPy
            if not any(kind.holds(plain) for kind in allowed):
                *others, last = [kind.words for kind in allowed]
                wanted = f"{', '.join(others)} or {last}" if others else last
                raise HandgradError(f"{self._key_of(name)} must be {wanted}; got {value!r:.60}")
            object.__setattr__(self, name, plain)

    @classmethod
    def _key_of(cls, field: str) -> str:
        """Return what messages call a field."""
        return f"{cls.__name__} {field}"

    def to_config(self) -> dict[str, Any]:
        """Return the object as a table that JSON and TOML can hold.

        Returns
        -------
        dict
            The name of the class as "type", and every field; nested objects are nested tables.
        """
        config: dict[str, Any] = {"type": type(self).__name__}
        for name in field_names(self):
            value = getattr(self, name)
            if isinstance(value, Configurable):
                value = value.to_config()
            elif hasattr(value, "tolist"):  # a number or array of NumPy
                value = value.tolist()
            config[name] = value
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Build an object of this family, e.g. a `Layer`, from a table.

        Parameters
        ----------
        config : mapping of str to object
            The name of a class as "type", and fields; others have their defaults. The type is optional where the
            family is a single class, e.g. `EarlyStopping`.

        Returns
        -------
        object
            Instance of the class.

        Raises
        ------
        HandgradError
            If the type or a field is unknown, or a value is out of range.
        """
        kinds = {kind.__name__: kind for kind in _subclasses(cls)}
        default = cls.__name__ if cls.__name__ in kinds else None
        name = config.get("type", default) if isinstance(config, Mapping) else None
        if not isinstance(name, str):
            raise HandgradError(f"{cls.__name__.lower()}: a table with a type is needed; got {config!r:.60}")
        if name not in kinds:
            raise HandgradError(f"unknown {cls.__name__.lower()} {name!r:.60}{suggest(name, sorted(kinds))}")
        kind, values = kinds[name], {key: value for key, value in config.items() if key != "type"}
        known = field_names(kind)
        for key, value in values.items():
            if key not in known:
                raise HandgradError(f"{name} has no field {key!r:.60}{suggest(key, known)}")
            if isinstance(value, Mapping):
                values[key] = family_of(kind, key).from_config(value)
        try:
            return kind(**values)
        except TypeError as error:  # a field is missing, or a value of the wrong type
            raise HandgradError(f"{name}: {error}") from error

    @classmethod
    def resolve(cls, value: Any, argument: str) -> Self:
        """Return the instance that an argument stands for.

        Parameters
        ----------
        value : object, type or str
            Instance, or a class of this family or its name, for default values. Case and underscores of a name are
            ignored, e.g. "leaky_relu".
        argument : str
            Name of the argument for messages.

        Returns
        -------
        object
            Instance of this family.

        Raises
        ------
        HandgradError
            If the value is not of this family, or the name is unknown.
        """
        if isinstance(value, cls):
            return value
        if isinstance(value, type) and issubclass(value, cls) and not isabstract(value):
            value = value.__name__
        if not isinstance(value, str):
            wanted = f"a name or an instance of hg.{cls.__name__}"
            raise HandgradError(f"{argument} must be {wanted}; got {value!r:.60}")
        names = {kind.__name__.casefold(): kind.__name__ for kind in _subclasses(cls)}
        try:
            return cls.from_config({"type": names.get(value.replace("_", "").casefold(), value)})
        except HandgradError as error:
            raise HandgradError(f"{argument}: {error}") from error


def allow(words: str, holds: Callable[[Any], bool]) -> Metadata:
    """Return the metadata of a dataclass field whose values `holds` accepts; messages call them `words`."""
    return {"allowed": (Allowed(words, holds),)}


def within(low: float, high: float = inf, interval: str = "[)", *, whole: bool = False) -> Metadata:
    """Return the metadata of a dataclass field that must be a finite number in an interval, or an integer if `whole`.

    In `interval`, brackets show which ends are included: ``"[)"`` includes `low` only.
    """

    def holds(number: Any) -> bool:
        return (
            isinstance(number, int if whole else int | float)
            and not isinstance(number, bool)
            and max(low, -float_info.max) <= number <= min(high, float_info.max)
            and (number != low or interval[0] == "[")
            and (number != high or interval[1] == "]")
        )

    words = f"{'an integer' if whole else 'a number'} {'at least' if interval[0] == '[' else 'greater than'} {low}"
    if high < inf:
        words += f" and {'at most' if interval[1] == ']' else 'less than'} {high:g}"
    return allow(words, holds)


def one_of(*texts: str) -> Metadata:
    """Return the metadata of a dataclass field that must be one of several texts."""
    return either(*(allow(repr(text), partial(eq, text)) for text in texts))


def either(*choices: Metadata) -> Metadata:
    """Return the metadata of a dataclass field that must meet one of several."""
    return {"allowed": tuple(allowed for choice in choices for allowed in choice["allowed"])}


def check_integer(name: str, value: Any, least: int, most: float = inf) -> int:
    """Return an argument that must be an integer of Python or NumPy within bounds, both included."""
    if not isinstance(value, Integral) or isinstance(value, bool) or not least <= int(value) <= most:
        bounds = f"from {least}" if most == inf else f"from {least} to {most}"
        raise HandgradError(f"{name} must be an integer {bounds}; got {value!r:.60}")
    return int(value)


def count_outputs(task: str, count: int) -> str:
    """Return the number of outputs with their noun, e.g. "3 classes" or "1 target"."""
    return f"{count} {TASKS[task] if count != 1 or task == 'classification' else TASKS[task][:-1]}"


def check_task(task: Any) -> str:
    """Return the name of a task; HandgradError where it is unknown."""
    if task not in TASKS:
        raise HandgradError(f"unknown task {task!r:.60}; choose from {', '.join(TASKS)}")
    return str(task)


def unique_names(names: Iterable[Any], what: str) -> tuple[str, ...]:
    """Return names, e.g. of classes, as a tuple of str; HandgradError where two are the same."""
    if isinstance(names, str | bytes) or not isinstance(names, Iterable):
        raise HandgradError(f"{what} must be a list of names; got {names!r:.60}")
    found = tuple(map(str, names))
    if len(set(found)) != len(found):
        raise HandgradError(f"two {what} have the same name: {', '.join(found):.200}")
    return found


def field_names(kind: Any) -> list[str]:
    """Return the names of the fields of a configurable object or class."""
    return [field.name for field in fields(kind)]


def family_of(kind: type, field: str) -> type[Configurable]:
    """Return the family that a field expects; `Configurable`, which is every family, where its type names none."""
    try:
        hint = get_type_hints(kind)[field]
    except (NameError, TypeError):  # an annotation that names a class of a function's scope
        return Configurable
    types = [option for option in (hint, *get_args(hint)) if isinstance(option, type)]
    return next((option for option in types if issubclass(option, Configurable)), Configurable)


def _subclasses(family: type[Any]) -> Iterator[type[Any]]:
    """Yield every concrete class of a family; a class that is defined again replaces the first."""
    if family is not Configurable and not isabstract(family):
        yield family
    for child in family.__subclasses__():
        yield from _subclasses(child)
