"""``handgrad evaluate``, and the data that a model is evaluated on."""

from pathlib import Path
from typing import TYPE_CHECKING

from handgrad.cli.options import Data, Json, Model, Split, SplitName
from handgrad.cli.output import emit, emit_json, table
from handgrad.errors import HandgradError

if TYPE_CHECKING:
    from handgrad.data.dataset import Dataset
    from handgrad.model.network import Network

MOST_CLASSES = 20
"""Number of classes up to which the confusion matrix is printed."""


def open_split(
    network: "Network", model: Path, data: str | None, split: SplitName | None
) -> "tuple[str, SplitName, Dataset]":
    """Load a split of the named data, or of those that a model was trained on; by default test, or the only one.

    Its source and its name are returned, too. Its inputs and classes are in the order of the network.
    """
    from handgrad.data.dataset import naming
    from handgrad.exports.formats import load_model_recipe
    from handgrad.recipes.data import open_model_data
    from handgrad.training.metrics import as_known

    splits = open_model_data(data, load_model_recipe(model), str(model))
    if split is None and splits.test is None:
        if splits.validation is not None:
            raise HandgradError(f"{splits.source} has no test split; choose --split train or validation")
        split = "train"
    dataset = splits.split(split or "test")
    with naming(splits.source):
        return splits.source, split or "test", as_known(network, dataset)


def evaluate(model: Model, data: Data = None, split: Split = None, json: Json = False) -> None:
    """Measure accuracy, loss and confusion matrix of a model."""
    from handgrad.data.dataset import naming
    from handgrad.exports.formats import load_model
    from handgrad.training.metrics import evaluate as measure

    network = load_model(model)
    source, split, dataset = open_split(network, model, data, split)
    with naming(source):
        result = measure(network, dataset)
    if json:
        facts = {"model": str(model), "data": source, "split": split, "examples": result.examples}
        measured = {"loss": result.loss, "accuracy": result.accuracy, "classes": network.classes}
        emit_json({**facts, **measured, "confusion": result.confusion.tolist()})
        return
    shown = f"accuracy {result.accuracy:.2%} of {result.examples:,}, cross-entropy {result.loss:.4f}"
    emit(f"{source}, {split}: {shown}")
    if len(network.classes) <= MOST_CLASSES:
        rows = [
            [name, *(f"{count or '·'}" for count in counts)]
            for name, counts in zip(network.classes, result.confusion.tolist(), strict=True)
        ]
        emit()
        emit(table(["true \\ predicted", *network.classes], rows))
