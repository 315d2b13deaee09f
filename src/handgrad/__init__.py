"""handgrad: handwritten digits, handwritten gradients.

A small neural-network library in which every derivative is written by hand beside the function it belongs to.
The names below are imported when they are first used, so that ``import handgrad`` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from handgrad import plots
    from handgrad.data.augment import Augmentation
    from handgrad.data.dataset import Dataset, Splits
    from handgrad.data.sources import load
    from handgrad.errors import HandgradError
    from handgrad.estimator import HandgradClassifier
    from handgrad.explanation import Explanation, Step, explain
    from handgrad.exports.formats import load_model
    from handgrad.exports.writers import export
    from handgrad.learning.adversarial import Adversarial
    from handgrad.learning.averaging import Averaging, ExponentialAverage, LastEpochs
    from handgrad.learning.calibration import calibration
    from handgrad.learning.checkpoints import save
    from handgrad.learning.communication import Communication, connect
    from handgrad.learning.early_stopping import EarlyStopping
    from handgrad.learning.gradient_check import check_gradients
    from handgrad.learning.metrics import accuracy, confusion_matrix, evaluate
    from handgrad.learning.optimizers import SGD, Adam, AdamW, Momentum, Muon, Nesterov, Optimizer, RMSProp
    from handgrad.learning.records import Record, load_records
    from handgrad.learning.schedules import (
        Constant,
        Cosine,
        Exponential,
        OneCycle,
        ReduceOnPlateau,
        Schedule,
        StepDecay,
    )
    from handgrad.learning.state import TrainingState
    from handgrad.learning.training import train
    from handgrad.model.initializers import Glorot, He, Initializer, LeCun, Ones, Orthogonal, Uniform, Zeros
    from handgrad.model.layers import (
        GELU,
        AveragePool2D,
        BatchNorm,
        Convolution2D,
        Dense,
        Dropout,
        Flatten,
        Layer,
        LeakyReLU,
        Maxout,
        MaxPool2D,
        ReLU,
        Sigmoid,
        Tanh,
    )
    from handgrad.model.losses import CrossEntropy, Loss, cross_entropy
    from handgrad.model.network import Network
    from handgrad.model.scaling import Scaling
    from handgrad.recipes.loading import load_recipe

_HOMES = {
    "data.augment": ("Augmentation",),
    "data.dataset": ("Dataset", "Splits"),
    "data.sources": ("load",),
    "errors": ("HandgradError",),
    "estimator": ("HandgradClassifier",),
    "explanation": ("Explanation", "Step", "explain"),
    "exports.formats": ("load_model",),
    "exports.writers": ("export",),
    "learning.adversarial": ("Adversarial",),
    "learning.averaging": ("Averaging", "ExponentialAverage", "LastEpochs"),
    "learning.checkpoints": ("save",),
    "learning.communication": ("Communication", "connect"),
    "learning.early_stopping": ("EarlyStopping",),
    "learning.gradient_check": ("check_gradients",),
    "learning.calibration": ("calibration",),
    "learning.metrics": ("accuracy", "confusion_matrix", "evaluate"),
    "learning.optimizers": ("SGD", "Adam", "AdamW", "Momentum", "Muon", "Nesterov", "Optimizer", "RMSProp"),
    "learning.records": ("Record", "load_records"),
    "learning.schedules": (
        "Constant",
        "Cosine",
        "Exponential",
        "OneCycle",
        "ReduceOnPlateau",
        "Schedule",
        "StepDecay",
    ),
    "learning.state": ("TrainingState",),
    "learning.training": ("train",),
    "model.initializers": ("Glorot", "He", "Initializer", "LeCun", "Ones", "Orthogonal", "Uniform", "Zeros"),
    "model.layers": (
        "GELU",
        "AveragePool2D",
        "BatchNorm",
        "Convolution2D",
        "Dense",
        "Dropout",
        "Flatten",
        "Layer",
        "LeakyReLU",
        "MaxPool2D",
        "Maxout",
        "ReLU",
        "Sigmoid",
        "Tanh",
    ),
    "model.losses": ("CrossEntropy", "Loss", "cross_entropy"),
    "model.network": ("Network",),
    "model.scaling": ("Scaling",),
    "recipes.loading": ("load_recipe",),
}
_ROOMS = ("plots",)
_MODULES = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "GELU",
    "SGD",
    "Adam",
    "AdamW",
    "Adversarial",
    "Augmentation",
    "AveragePool2D",
    "Averaging",
    "BatchNorm",
    "Communication",
    "Constant",
    "Convolution2D",
    "Cosine",
    "CrossEntropy",
    "Dataset",
    "Dense",
    "Dropout",
    "EarlyStopping",
    "Explanation",
    "Exponential",
    "ExponentialAverage",
    "Flatten",
    "Glorot",
    "HandgradClassifier",
    "HandgradError",
    "He",
    "Initializer",
    "LastEpochs",
    "Layer",
    "LeCun",
    "LeakyReLU",
    "Loss",
    "MaxPool2D",
    "Maxout",
    "Momentum",
    "Muon",
    "Nesterov",
    "Network",
    "OneCycle",
    "Ones",
    "Optimizer",
    "Orthogonal",
    "RMSProp",
    "ReLU",
    "Record",
    "ReduceOnPlateau",
    "Scaling",
    "Schedule",
    "Sigmoid",
    "Splits",
    "Step",
    "StepDecay",
    "Tanh",
    "TrainingState",
    "Uniform",
    "Zeros",
    "__version__",
    "accuracy",
    "calibration",
    "check_gradients",
    "confusion_matrix",
    "connect",
    "cross_entropy",
    "evaluate",
    "explain",
    "export",
    "load",
    "load_model",
    "load_recipe",
    "load_records",
    "plots",
    "save",
    "train",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("handgrad")
    if name in _ROOMS:
        return import_module(f"handgrad.{name}")
    if name not in _MODULES:
        raise AttributeError(f"module 'handgrad' has no attribute '{name}'")
    value = getattr(import_module(f"handgrad.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
