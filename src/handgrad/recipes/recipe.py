"""What a recipe may say, and what it makes: a network, an optimizer, and the arguments of `train`.

A recipe is one TOML file. Layers and optimizers are tables with the name of their class as ``type`` and its
fields beside it, so that whatever the library, or its user, adds to them can be written here at once.
"""

from typing import Annotated, Any, Literal

import numpy as np
import tomli_w
from numpy.typing import DTypeLike
from pydantic import BaseModel, ConfigDict, Field, model_validator

from handgrad.learning.optimizers import Optimizer
from handgrad.learning.schedules import Schedule
from handgrad.model.layers import Layer
from handgrad.model.network import Network

Table = dict[str, Any]
Positive = Annotated[int, Field(ge=1, le=10**9)]


class Section(BaseModel):
    """Base of the tables: unknown keys are refused, and so are values of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, validate_default=True)


class DataSection(Section):
    """Where the examples come from: a name or a path.

    Of train, `validation` is set aside to validate on: a number of examples, or a share of them below 1.
    """

    source: str = "mnist"
    validation: Annotated[int, Field(ge=0, le=10**9)] | Annotated[float, Field(gt=0, lt=1)] = 0


class NetworkSection(Section):
    """Layers in a row; ``outputs = "classes"`` stands for the number of classes of the data."""

    input: Literal["flat", "image"] = "flat"
    layers: Annotated[list[Table], Field(min_length=1)]

    @model_validator(mode="after")
    def _can_be_built(self) -> "NetworkSection":
        self.build_layers(2)
        return self

    def build_layers(self, classes: int) -> list[Layer]:
        """Build the layers for data of so many classes."""
        return [
            Layer.from_description(
                {**layer, "outputs": classes} if layer.get("outputs") == "classes" else layer
            )
            for layer in self.layers
        ]


class TrainingSection(Section):
    """The arguments of `handgrad.train`; see there."""

    batch_size: Literal["all"] | Positive = 128
    steps: Positive | None = None
    epochs: Positive | None = None
    learning_rate: Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)] = 0.1
    record_every: Positive = 1

    @model_validator(mode="after")
    def _one_length(self) -> "TrainingSection":
        if (self.steps is None) == (self.epochs is None):
            raise ValueError("say either steps or epochs")
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
    training: TrainingSection

    @model_validator(mode="after")
    def _rest_can_be_built(self) -> "Recipe":
        self.build_optimizer()
        self.build_schedule()
        return self

    def build_network(
        self,
        example_shape: tuple[int, ...] = (1, 28, 28),
        classes: tuple[str, ...] = tuple("0123456789"),
        dtype: DTypeLike = np.float32,
    ) -> Network:
        """Make the network for data of that shape and classes, its parameters drawn from the recipe's seed."""
        inputs = int(np.prod(example_shape))
        shape = (inputs,) if self.network.input == "flat" else example_shape
        rng = np.random.default_rng([self.seed, 0])
        return Network(self.network.build_layers(len(classes)), shape, rng, dtype, classes=classes)

    def build_optimizer(self) -> Optimizer:
        """Make the optimizer, its state empty."""
        return Optimizer.from_description(self.optimizer)

    def build_schedule(self) -> Schedule:
        """Make the schedule of the learning rate."""
        return Schedule.from_description(self.schedule)

    def training_rng(self) -> np.random.Generator:
        """Make the generator of data orders and random layers."""
        return np.random.default_rng([self.seed, 1])

    def tables(self) -> Table:
        """Give the recipe as plain tables, complete, without what is None."""
        return self.model_dump(exclude_none=True)

    def toml(self) -> str:
        """Write the recipe as TOML, complete: defaults are spelled out."""
        return tomli_w.dumps(self.tables())
