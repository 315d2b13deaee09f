"""The settings among which a search chooses."""

from collections.abc import Iterator
from typing import Any

from handgrad.data.dataset import Dataset
from handgrad.training.optimizers.adaptive import default_decay

Table = dict[str, Any]


def propose(trial: Any, data: Dataset) -> Table:
    """Draw the changes of a recipe from the space of the search; `trial` is Optuna's."""
    images = len(data.input_shape) == 3 and min(data.input_shape[1:]) >= 16
    convolutional = (
        images and trial.suggest_categorical("kind", ["dense", "convolutional"]) == "convolutional"
    )
    dropout = trial.suggest_float("dropout", 0, 0.5)
    layers: list[Table] = []
    if convolutional:
        filters = trial.suggest_int("filters", 8, 32, step=8)
        for count in (filters, 2 * filters):
            layers += [{"type": "Conv2D", "filters": count, "kernel_size": 3}, {"type": "MaxPool2D"}]
            layers.append({"type": "ReLU"})
        layers.append({"type": "Flatten"})
    for number in range(1 if convolutional else trial.suggest_int("depth", 1, 3)):
        units = trial.suggest_int(f"units{number + 1}", 16, 512, log=True)
        layers += [{"type": "Dense", "units": units}, {"type": "ReLU"}]
        layers += [{"type": "Dropout", "rate": dropout}] if dropout > 0.05 else []
    epochs = (
        trial.suggest_int("epochs", 1, 10)
        if convolutional
        else trial.suggest_int("passes", 10, 100, log=True)
    )
    changes: Table = {
        "network": {
            "input": "image" if convolutional else "flat",
            "layers": [*layers, {"type": "Dense", "units": "classes"}],
        },
        "optimizer": {
            "type": "AdamW",
            "learning_rate": trial.suggest_float("learning_rate", 5e-4, 3e-2, log=True),
            "weight_decay": trial.suggest_float("weight_decay", 1e-3, 2, log=True),
        },
        "schedule": {"type": "OneCycle"},
        "training": {
            "batch_size": 2 ** trial.suggest_int("log2_batch_size", 5, 8),
            "epochs": epochs,
            "record_every": -(-epochs // 10),
        },
    }
    changes |= {"augmentation": None, "adversarial": None, "averaging": None, "loss": None}
    if images and trial.suggest_categorical("augmented", [False, True]):
        shift = trial.suggest_float("shift", 0, 3)
        rotate = trial.suggest_float("rotate", 0, 15)
        changes["augmentation"] = {"type": "Augmentation", "shift": shift, "rotate": rotate}
    return changes


def first_proposals(data: Dataset) -> Iterator[Table]:
    """Yield the defaults of `HandgradClassifier`, and variants of them, each of one setting."""
    decay = default_decay(*data.inputs.shape)
    layers = {"kind": "dense", "dropout": 0.0, "depth": 1, "units1": 256}
    usual = {**layers, "passes": 50, "learning_rate": 0.01, "weight_decay": decay, "log2_batch_size": 6}
    yield usual
    yield {**usual, "depth": 2, "units2": 128}
    yield {**usual, "weight_decay": decay / 3}
    yield {**usual, "units1": 128}
    yield {**usual, "dropout": 0.2}
    yield {**usual, "passes": 100}
    yield {**usual, "weight_decay": min(3 * decay, 2)}
