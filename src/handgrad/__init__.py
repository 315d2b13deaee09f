"""handgrad: handwritten digits, handwritten gradients.

A small neural-network library in which every derivative is written by hand beside the function it belongs to.
The names below are imported when they are first used, so that ``import handgrad`` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from handgrad.data.dataset import Dataset, Splits
    from handgrad.data.sources import load
    from handgrad.errors import HandgradError
    from handgrad.exports.formats import load_model
    from handgrad.learning.checkpoints import save
    from handgrad.learning.gradient_check import check_gradients
    from handgrad.learning.metrics import accuracy, confusion_matrix, evaluate
    from handgrad.learning.optimizers import SGD, Adam, AdamW, Momentum, Nesterov, Optimizer, RMSProp
    from handgrad.learning.records import Record
    from handgrad.learning.schedules import Constant, Cosine, Exponential, OneCycle, Schedule, StepDecay
    from handgrad.learning.state import TrainingState
    from handgrad.learning.training import train
    from handgrad.model.initializers import Glorot, He, Initializer, LeCun, Orthogonal, Uniform, Zeros
    from handgrad.model.layers import (
        GELU,
        AveragePool2D,
        Convolution2D,
        Dense,
        Dropout,
        Flatten,
        Layer,
        LeakyReLU,
        MaxPool2D,
        ReLU,
        Sigmoid,
        Tanh,
    )
    from handgrad.model.losses import cross_entropy
    from handgrad.model.network import Network
    from handgrad.model.scaling import Scaling
    from handgrad.recipes.loading import load_recipe

_HOMES = {
    "data.dataset": ("Dataset", "Splits"),
    "data.sources": ("load",),
    "errors": ("HandgradError",),
    "exports.formats": ("load_model",),
    "learning.checkpoints": ("save",),
    "learning.gradient_check": ("check_gradients",),
    "learning.metrics": ("accuracy", "confusion_matrix", "evaluate"),
    "learning.optimizers": ("SGD", "Adam", "AdamW", "Momentum", "Nesterov", "Optimizer", "RMSProp"),
    "learning.records": ("Record",),
    "learning.schedules": ("Constant", "Cosine", "Exponential", "OneCycle", "Schedule", "StepDecay"),
    "learning.state": ("TrainingState",),
    "learning.training": ("train",),
    "model.initializers": ("Glorot", "He", "Initializer", "LeCun", "Orthogonal", "Uniform", "Zeros"),
    "model.layers": (
        "GELU",
        "AveragePool2D",
        "Convolution2D",
        "Dense",
        "Dropout",
        "Flatten",
        "Layer",
        "LeakyReLU",
        "MaxPool2D",
        "ReLU",
        "Sigmoid",
        "Tanh",
    ),
    "model.losses": ("cross_entropy",),
    "model.network": ("Network",),
    "model.scaling": ("Scaling",),
    "recipes.loading": ("load_recipe",),
}
_MODULES = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "GELU",
    "SGD",
    "Adam",
    "AdamW",
    "AveragePool2D",
    "Constant",
    "Convolution2D",
    "Cosine",
    "Dataset",
    "Dense",
    "Dropout",
    "Exponential",
    "Flatten",
    "Glorot",
    "HandgradError",
    "He",
    "Initializer",
    "Layer",
    "LeCun",
    "LeakyReLU",
    "MaxPool2D",
    "Momentum",
    "Nesterov",
    "Network",
    "OneCycle",
    "Optimizer",
    "Orthogonal",
    "RMSProp",
    "ReLU",
    "Record",
    "Scaling",
    "Schedule",
    "Sigmoid",
    "Splits",
    "StepDecay",
    "Tanh",
    "TrainingState",
    "Uniform",
    "Zeros",
    "__version__",
    "accuracy",
    "check_gradients",
    "confusion_matrix",
    "cross_entropy",
    "evaluate",
    "load",
    "load_model",
    "load_recipe",
    "save",
    "train",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("handgrad")
    if name not in _MODULES:
        raise AttributeError(f"module 'handgrad' has no attribute '{name}'")
    value = getattr(import_module(f"handgrad.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
