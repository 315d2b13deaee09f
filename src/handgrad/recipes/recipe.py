"""The schema of recipes, and what they make: a network, an optimizer, and the arguments of `train`.

A layer or optimizer is a table with the name of its class, which may be user-defined, as ``type`` and its fields.
"""

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import MISSING, dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import tomli_w
from numpy.typing import DTypeLike

from handgrad.config import TASKS, Configurable, allow, either, family_of, field_names, one_of, within
from handgrad.data.augment import Augmentation
from handgrad.errors import HandgradError, suggest
from handgrad.model.layers import Layer
from handgrad.model.losses import Loss
from handgrad.model.network import Network
from handgrad.training.adversarial import Adversarial
from handgrad.training.averaging import Averaging
from handgrad.training.optimizers import SGD, Optimizer
from handgrad.training.schedules import Constant, Schedule
from handgrad.training.stopping import EarlyStopping

Table = dict[str, Any]
TEXT = allow("a text", lambda value: isinstance(value, str))
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
POSITIVE = within(1, 10**9, "[]", whole=True)
VALIDATION = either(within(0, 10**9, "[]", whole=True), within(0, 1, "()"), TEXT)["allowed"]


def _list_of(kind: type, words: str) -> dict[str, Any]:
    """Return the metadata of a field that must be a list, not empty."""

    def holds(value: Any) -> bool:
        return isinstance(value, list) and bool(value) and all(isinstance(item, kind) for item in value)

    return allow(f"a list of one or more {words}", holds)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and NAME.fullmatch(value) is not None


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
        """Build a section; HandgradError names the first key that is unknown, missing, or has an invalid value."""
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
        """Return all fields but those that are None."""
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


@dataclass(frozen=True, kw_only=True)
class Recipe(Section):
    """A complete recipe."""

    name: str = field(metadata=allow("a name of letters, digits and ._-", _is_name))
    lesson: str = field(default="", metadata=TEXT)
    seed: int = field(default=0, metadata=within(0, 2**63, whole=True))
    data: DataSection = DataSection()
    network: NetworkSection
    optimizer: Optimizer = SGD()
    schedule: Schedule = Constant()
    loss: Loss | None = None
    """Default: that of the task of the data, which a run writes out."""
    augmentation: Augmentation | None = None
    adversarial: Adversarial | None = None
    averaging: Averaging | None = None
    early_stopping: EarlyStopping | None = None
    training: TrainingSection

    def build_network(
        self,
        example_shape: tuple[int, ...] = (1, 28, 28),
        classes: tuple[str, ...] = tuple("0123456789"),
        dtype: DTypeLike = np.float32,
    ) -> Network:
        """Build the network for data of a shape and classes; the seed draws its parameters."""
        inputs = int(np.prod(example_shape))
        shape = (inputs,) if self.network.input == "flat" else example_shape
        rng = np.random.default_rng([self.seed, 0])
        layers = self.network.build_layers(len(classes))
        return Network(layers, shape, rng, dtype, classes=classes, example_shape=example_shape)

    def training_arguments(self) -> dict[str, Any]:
        """Return all arguments of `handgrad.train` but network, data and state."""
        others = ("name", "lesson", "seed", "data", "network", "training")
        return vars(self.training) | {key: value for key, value in vars(self).items() if key not in others}

    def training_rng(self) -> np.random.Generator:
        """Return the random generator of the training."""
        return np.random.default_rng([self.seed, 1])

    def tables(self) -> Table:
        """Return the recipe as plain tables, without keys that are None."""
        return deepcopy(self.to_config())

    def toml(self) -> str:
        """Write the recipe as TOML, with all defaults."""
        return tomli_w.dumps(self.tables())
