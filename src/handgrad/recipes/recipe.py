"""The schema of recipes, and what they make: a network, an optimizer, and the arguments of `train`.

A layer or optimizer is a table with the name of its class, which may be user-defined, as ``type`` and its fields.
"""

from typing import Annotated, Any, Literal

import numpy as np
import tomli_w
from numpy.typing import DTypeLike
from pydantic import BaseModel, ConfigDict, Field, model_validator

from handgrad.config import Configurable
from handgrad.data.augment import Augmentation
from handgrad.model.layers import Layer
from handgrad.model.losses import Loss
from handgrad.model.network import Network
from handgrad.training.adversarial import Adversarial
from handgrad.training.averaging import Averaging
from handgrad.training.optimizers import Optimizer
from handgrad.training.schedules import Schedule
from handgrad.training.stopping import EarlyStopping

FAMILIES: dict[str, type[Configurable]] = {
    "optimizer": Optimizer,
    "loss": Loss,
    "schedule": Schedule,
    "augmentation": Augmentation,
    "adversarial": Adversarial,
    "averaging": Averaging,
    "early_stopping": EarlyStopping,
}
Table = dict[str, Any]
Positive = Annotated[int, Field(ge=1, le=10**9)]


class Section(BaseModel):
    """Base of the tables, which refuses unknown keys and values of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, validate_default=True)


class DataSection(Section):
    """The name or path of the data; for validation a number or share of training examples, or other data.

    `target`, the column or columns of a table that are predicted, and `task` are arguments of `handgrad.load_data`.
    """

    source: str = "mnist"
    target: str | Annotated[list[str], Field(min_length=1)] | None = None
    task: Literal["classification", "multilabel", "regression"] | None = None
    validation: Annotated[int, Field(ge=0, le=10**9)] | Annotated[float, Field(gt=0, lt=1)] | str = 0


class NetworkSection(Section):
    """Layers in a row; ``units = "classes"`` is their number, `start` a model with the initial parameters."""

    input: Literal["flat", "image"] = "flat"
    start: str | None = None
    layers: Annotated[list[Table], Field(min_length=1)]

    def build_layers(self, classes: int) -> list[Layer]:
        """Build the layers for a number of classes."""
        return [
            Layer.from_config({**layer, "units": classes} if layer.get("units") == "classes" else layer)
            for layer in self.layers
        ]


class TrainingSection(Section):
    """Arguments of `handgrad.train`."""

    batch_size: Literal["all"] | Positive = 128
    steps: Positive | None = None
    epochs: Positive | None = None
    record_every: Positive = 1

    @model_validator(mode="after")
    def _one_length(self) -> "TrainingSection":
        if (self.steps is None) == (self.epochs is None):
            raise ValueError("give either steps or epochs")
        return self


class Recipe(Section):
    """A complete recipe."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
    lesson: str = ""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    data: DataSection = DataSection()
    network: NetworkSection
    optimizer: Table = {"type": "SGD"}
    schedule: Table = {"type": "Constant"}
    loss: Table | None = None
    """Default: that of the task of the data, which a run writes out."""
    augmentation: Table | None = None
    adversarial: Table | None = None
    averaging: Table | None = None
    early_stopping: Table | None = None
    training: TrainingSection

    @model_validator(mode="after")
    def _with_all_defaults(self) -> "Recipe":
        """Write out the fields of every table, so that a saved recipe does not depend on later defaults."""
        layers = zip(self.network.layers, self.network.build_layers(2), strict=True)
        self.network.layers = [
            layer.to_config() | {name: table[name] for name in ("units",) if table.get(name) == "classes"}
            for table, layer in layers
        ]
        for name, value in self.training_arguments().items():
            if isinstance(value, Configurable):
                setattr(self, name, value.to_config())
        return self

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
        arguments = self.training.model_dump()
        for name, family in FAMILIES.items():
            table = getattr(self, name)
            arguments[name] = None if table is None else family.from_config(table)
        return arguments

    def training_rng(self) -> np.random.Generator:
        """Return the random generator of the training."""
        return np.random.default_rng([self.seed, 1])

    def tables(self) -> Table:
        """Return the recipe as plain tables, without keys that are None."""
        return self.model_dump(exclude_none=True)

    def toml(self) -> str:
        """Write the recipe as TOML, with all defaults."""
        return tomli_w.dumps(self.tables())
