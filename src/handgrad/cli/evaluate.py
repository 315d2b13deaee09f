"""``handgrad evaluate``."""

from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.cli.options import Data, Json, Model
from handgrad.cli.output import emit

if TYPE_CHECKING:
    from handgrad.kernels.types import Integers


def evaluate(
    model: Model,
    data: Data = None,
    split: Annotated[str, typer.Option("--split", help="train, validation or test.")] = "test",
    json: Json = False,
) -> None:
    """Measure accuracy, loss and confusions."""
    import json as json_format

    from handgrad.data.dataset import naming
    from handgrad.exports.formats import load_model, load_model_recipe
    from handgrad.recipes.data import open_model_data
    from handgrad.training.metrics import evaluate as measure

    network = load_model(model)
    splits = open_model_data(data, load_model_recipe(model), str(model))
    dataset = splits.split(split)
    with naming(splits.source):
        result = measure(network, dataset)
    if json:
        emit(
            json_format.dumps(
                {
                    "model": str(model),
                    "data": splits.source,
                    "split": split,
                    "examples": result.examples,
                    "loss": result.loss,
                    "accuracy": result.accuracy,
                    "classes": network.classes,
                    "confusion": result.confusion.tolist(),
                }
            )
        )
        return
    emit(
        f"{splits.source}, {split}: {result.accuracy:.2%} of {result.examples:,} right, loss {result.loss:.4f}"
    )
    if len(network.classes) <= 20:
        emit()
        emit("\n".join(confusion_rows(result.confusion, network.classes)))


def confusion_rows(confusion: "Integers", classes: tuple[str, ...]) -> list[str]:
    """Write a confusion matrix: a row for each true class, a column for each predicted one."""
    width = max(7, *(len(name) + 2 for name in classes))
    rows = [
        f"{'true':>{width}} │ predicted",
        f"{'':>{width}} │" + "".join(f"{name:>{width}}" for name in classes),
    ]
    rows.append("─" * (width + 1) + "┼" + "─" * (width * len(classes) + 1))
    for name, counts in zip(classes, confusion, strict=True):
        cells = "".join(f"{count or '·':>{width}}" for count in counts.tolist())
        rows.append(f"{name:>{width}} │{cells}")
    return rows
