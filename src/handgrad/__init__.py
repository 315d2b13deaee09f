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
    from handgrad.data.load import load_data
    from handgrad.errors import HandgradError
    from handgrad.explanation import Explanation, Step, explain
    from handgrad.exports.formats import export, load_model
    from handgrad.model.files import save_model
    from handgrad.model.initializers import Glorot, He, Initializer, LeCun, Ones, Orthogonal, Uniform, Zeros
    from handgrad.model.layers import (
        GELU,
        AvgPool2D,
        BatchNorm,
        Conv2D,
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
    from handgrad.sklearn import HandgradClassifier
    from handgrad.training.adversarial import Adversarial
    from handgrad.training.averaging import Averaging, ExponentialAverage, LastEpochs
    from handgrad.training.calibration import calibration
    from handgrad.training.distributed import Communication, init_distributed
    from handgrad.training.gradient_check import check_gradients
    from handgrad.training.metrics import accuracy, confusion_matrix, evaluate
    from handgrad.training.optimizers import SGD, Adam, AdamW, Momentum, Muon, Nesterov, Optimizer, RMSProp
    from handgrad.training.records import Record, load_records
    from handgrad.training.schedules import (
        Constant,
        Cosine,
        Exponential,
        OneCycle,
        ReduceOnPlateau,
        Schedule,
        StepDecay,
    )
    from handgrad.training.state import TrainingState
    from handgrad.training.stopping import EarlyStopping
    from handgrad.training.train import fit, train

_HOMES = {
    "data.augment": ("Augmentation",),
    "data.dataset": ("Dataset", "Splits"),
    "data.load": ("load_data",),
    "errors": ("HandgradError",),
    "sklearn": ("HandgradClassifier",),
    "explanation": ("Explanation", "Step", "explain"),
    "exports.formats": ("export", "load_model"),
    "training.adversarial": ("Adversarial",),
    "training.averaging": ("Averaging", "ExponentialAverage", "LastEpochs"),
    "model.files": ("save_model",),
    "training.distributed": ("Communication", "init_distributed"),
    "training.stopping": ("EarlyStopping",),
    "training.gradient_check": ("check_gradients",),
    "training.calibration": ("calibration",),
    "training.metrics": ("accuracy", "confusion_matrix", "evaluate"),
    "training.optimizers": ("SGD", "Adam", "AdamW", "Momentum", "Muon", "Nesterov", "Optimizer", "RMSProp"),
    "training.records": ("Record", "load_records"),
    "training.schedules": (
        "Constant",
        "Cosine",
        "Exponential",
        "OneCycle",
        "ReduceOnPlateau",
        "Schedule",
        "StepDecay",
    ),
    "training.state": ("TrainingState",),
    "training.train": ("fit", "train"),
    "model.initializers": ("Glorot", "He", "Initializer", "LeCun", "Ones", "Orthogonal", "Uniform", "Zeros"),
    "model.layers": (
        "GELU",
        "AvgPool2D",
        "BatchNorm",
        "Conv2D",
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
    "Averaging",
    "AvgPool2D",
    "BatchNorm",
    "Communication",
    "Constant",
    "Conv2D",
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
    "cross_entropy",
    "evaluate",
    "explain",
    "export",
    "fit",
    "init_distributed",
    "load_data",
    "load_model",
    "load_recipe",
    "load_records",
    "plots",
    "save_model",
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
