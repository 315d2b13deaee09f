"""Recipes, and what they make: a network, an optimizer, and the arguments of `train`."""

import re
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tomli_w
from numpy.typing import DTypeLike

from handgrad.config import allow, within
from handgrad.data.augment import Augmentation
from handgrad.model.losses import Loss
from handgrad.model.network import Network
from handgrad.recipes.sections import TEXT, DataSection, NetworkSection, Section, Table, TrainingSection
from handgrad.training.adversarial import Adversarial
from handgrad.training.averaging import Averaging
from handgrad.training.optimizers import SGD, Optimizer
from handgrad.training.schedules import Constant, Schedule
from handgrad.training.stopping import EarlyStopping

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and NAME.fullmatch(value) is not None


@dataclass(frozen=True, kw_only=True)
class Recipe(Section):
    """Description of a network and its training; `load_recipe` reads it from a TOML file.

    Parameters
    ----------
    name : str
        Name.
    lesson : str
        What the recipe shows, in a few words.
    seed : int
        Seed of all random numbers.
    data, network : object
        Sections of the recipe, with its keys as attributes, e.g. ``recipe.data.source``.
    optimizer : Optimizer
        Optimizer.
    schedule : Schedule
        Factor of the learning rate over the training.
    loss : Loss or None
        Loss; None is that of the task of the data.
    augmentation, adversarial, averaging, early_stopping : object or None
        Arguments of `train`.
    training : object
        Section of the recipe: batch size, epochs or steps, and how often there is a record.

    See Also
    --------
    load_recipe : Load a recipe by its name or from a file.

    Examples
    --------
    >>> import handgrad as hg
    >>> recipe = hg.load_recipe("mlp")
    >>> recipe.data.source, recipe.training.batch_size
    ('mnist', 128)
    >>> print(recipe.build_network())
    784 → Dense → ReLU → Dense → 10: 101,770 parameters
    """

    name: str = field(metadata=allow("a name of letters, digits and ._-", _is_name))
    lesson: str = field(default="", metadata=TEXT)
    seed: int = field(default=0, metadata=within(0, 2**63, whole=True))
    data: DataSection = field(default=DataSection())
    network: NetworkSection
    optimizer: Optimizer = SGD()
    schedule: Schedule = Constant()
    loss: Loss | None = None
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
        """Build the network for data; the seed of the recipe draws its parameters.

        Parameters
        ----------
        example_shape : tuple of int
            Shape of one example.
        classes : tuple of str
            Names of the outputs.
        dtype : {float32, float64}
            Type of the parameters.

        Returns
        -------
        Network
            Network that is not trained.
        """
        inputs = int(np.prod(example_shape))
        shape = (inputs,) if self.network.input == "flat" else example_shape
        rng = np.random.default_rng([self.seed, 0])
        layers = self.network.build_layers(len(classes))
        return Network(layers, shape, rng, dtype, classes=classes, example_shape=example_shape)

    def training_arguments(self) -> dict[str, Any]:
        """Return the arguments of `train`, except network, data and seed.

        Returns
        -------
        dict
            Keyword arguments.
        """
        others = ("name", "lesson", "seed", "data", "network", "training")
        return vars(self.training) | {key: value for key, value in vars(self).items() if key not in others}

    def training_rng(self) -> np.random.Generator:
        """Return the random generator of the training.

        Returns
        -------
        numpy.random.Generator
            Generator of a `TrainingState`.
        """
        return np.random.default_rng([self.seed, 1])

    def tables(self) -> Table:
        """Return the recipe as plain tables, without keys that are None.

        Returns
        -------
        dict
            Values and tables, as TOML has them.
        """
        return deepcopy(self.to_config())

    def toml(self) -> str:
        """Return the recipe as TOML, with all defaults.

        Returns
        -------
        str
            Text of a file.
        """
        return tomli_w.dumps(self.tables())
