"""The sections of a recipe.

A layer or optimizer is a table with the name of its class, which may be user-defined, as ``type`` and its fields.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field
from typing import Any, ClassVar, Self

from handgrad.config import TASKS, Configurable, allow, either, family_of, field_names, one_of, within
from handgrad.errors import HandgradError, suggest
from handgrad.model.layers import Layer

Table = dict[str, Any]
TEXT = allow("a text", lambda value: isinstance(value, str))
POSITIVE = within(1, 10**9, "[]", whole=True)
VALIDATION = either(within(0, 10**9, "[]", whole=True), within(0, 1, "()"), TEXT)["allowed"]


def _list_of(kind: type, words: str) -> dict[str, Any]:
    """Return the metadata of a field that must be a list, not empty."""

    def holds(value: Any) -> bool:
        return isinstance(value, list) and bool(value) and all(isinstance(item, kind) for item in value)

    return allow(f"a list of one or more {words}", holds)


class Section(Configurable):
    """Base of the tables of a recipe."""

    prefix: ClassVar[str] = ""
    """What keys begin with."""

    @classmethod
    def _key_of(cls, field: str) -> str:
        """Return the whole key of a field."""
        return cls.prefix + field

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Build a recipe, or a section of one, from a table.

        Parameters
        ----------
        config : mapping of str to object
            Keys and values, as TOML has them.

        Returns
        -------
        object
            Recipe or section.

        Raises
        ------
        HandgradError
            If a key is unknown or missing, or a value is invalid; it names the first.
        """
        if not isinstance(config, Mapping):
            raise HandgradError(f"{cls.prefix.rstrip('.') or 'a recipe'} must be a table; got {config!r:.60}")
        defaults = {name: getattr(cls, name, MISSING) for name in field_names(cls)}
        for key in config:
            if key not in defaults:
                raise HandgradError(f"unknown key '{cls._key_of(key)}'{suggest(key, defaults, cls.prefix)}")
        values = dict(config)
        for key, value in config.items():
            family = family_of(cls, key)
            if family is not Configurable and value is not defaults[key]:
                values[key] = family.from_config(value)
        for key, default in defaults.items():  # after unknown keys of all sections, of which one may be meant
            if default is MISSING and key not in config:
                raise HandgradError(f"the key '{cls._key_of(key)}' is missing")
        return cls(**values)

    def to_config(self) -> Table:
        """Return all fields but those that are None, as a table.

        Returns
        -------
        dict
            Keys and values.
        """
        return {
            key: value for key, value in super().to_config().items() if key != "type" and value is not None
        }


@dataclass(frozen=True)
class DataSection(Section):
    """The name or path of the data; for validation a number or share of training examples, or other data.

    `target`, the column or columns of a table that are predicted, and `task` are arguments of `handgrad.load_data`.
    """

    prefix = "data."

    source: str = field(default="mnist", metadata=TEXT)
    target: str | list[str] | None = field(default=None, metadata=either(TEXT, _list_of(str, "texts")))
    task: str | None = field(default=None, metadata=one_of(*TASKS))
    validation: int | float | str = field(
        default=0,
        metadata=allow(
            "a number of examples, a fraction between 0 and 1, or a data source",
            lambda value: any(kind.holds(value) for kind in VALIDATION),
        ),
    )


@dataclass(frozen=True, kw_only=True)
class NetworkSection(Section):
    """Layers in a row; ``units = "classes"`` is their number, `start` a model with the initial parameters."""

    prefix = "network."

    input: str = field(default="flat", metadata=one_of("flat", "image"))
    start: str | None = field(default=None, metadata=TEXT)
    layers: list[Table] = field(metadata=_list_of(dict, "tables"))

    def __post_init__(self) -> None:
        super().__post_init__()
        written = [  # with all fields, so that a saved recipe does not depend on later defaults
            layer.to_config() | ({"units": "classes"} if table.get("units") == "classes" else {})
            for table, layer in zip(self.layers, self.build_layers(2), strict=True)
        ]
        object.__setattr__(self, "layers", written)

    def build_layers(self, classes: int) -> list[Layer]:
        """Build the layers for a number of classes."""
        return [
            Layer.from_config({**layer, "units": classes} if layer.get("units") == "classes" else layer)
            for layer in self.layers
        ]


@dataclass(frozen=True)
class TrainingSection(Section):
    """Arguments of `handgrad.train`."""

    prefix = "training."

    batch_size: str | int = field(default=128, metadata=either(one_of("all"), POSITIVE))
    steps: int | None = field(default=None, metadata=POSITIVE)
    epochs: int | None = field(default=None, metadata=POSITIVE)
    record_every: int = field(default=1, metadata=POSITIVE)

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.steps is None) == (self.epochs is None):
            raise HandgradError("training: give either steps or epochs")
