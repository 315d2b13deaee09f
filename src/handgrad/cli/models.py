"""``handgrad evaluate`` and ``handgrad predict``, and the examples that commands apply a model to."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handgrad.cli.options import FAILED, SUCCEEDED, Data, Json, Model, Split, SplitName, option
from handgrad.cli.output import emit, emit_json, error_line, table
from handgrad.errors import HandgradError

if TYPE_CHECKING:
    from handgrad.data.dataset import Dataset
    from handgrad.model.network import Network

FILES_HELP = "Images of any size, dark on light or light on dark; CSV or Parquet files, one example per row."
ALL_HELP = "Print all classes, not only the three most probable ones."
MOST_CLASSES, MOST_IN_JSON, SHOWN = 20, 1_000, 3
"""Classes up to which the confusion matrix is printed and, in JSON, not null; number of probable ones printed."""


def open_split(
    network: "Network", model: Path, data: str | None, split: SplitName | None
) -> "tuple[str, SplitName, Dataset]":
    """Load a split of the named data, or of those that a model was trained on; by default test, or the only one.

    Its source and its name are returned, too. Its inputs and classes are in the order of the network.
    """
    from handgrad.data.dataset import naming
    from handgrad.data.load import load_data
    from handgrad.exports.formats import load_model_recipe
    from handgrad.recipes.data import open_splits
    from handgrad.recipes.loading import parse_recipe
    from handgrad.training.evaluation import as_known

    recipe = None if data else load_model_recipe(model)
    splits = open_splits(parse_recipe(recipe, str(model))) if recipe else load_data(data or "mnist")
    if split is None and splits.test is None:
        if splits.validation is not None:
            raise HandgradError(f"{splits.source} has no test split; choose --split train or validation")
        split = "train"
    dataset = splits.split(split or "test")
    with naming(splits.source):
        return splits.source, split or "test", as_known(network, dataset)


def read_examples(network: "Network", file: Path) -> tuple[Any, list[str | None], tuple[str, ...]]:
    """Read an image or the rows of a table: inputs (N, I), labels where they are known, and names of the inputs."""
    if file.suffix.lower() not in (".csv", ".parquet"):
        from handgrad.data.images import read_example

        return read_example(file, network.example_shape, network.framing)[None], [None], ()
    from handgrad.data.tables import read_rows

    images = len(network.example_shape) == 3 and network.scaling is not None and network.scaling.for_bytes
    return read_rows(file, network.inputs, network.features, images=images)


def evaluate(model: Model, data: Data = None, split: Split = None, json: Json = False) -> None:
    """Measure accuracy, loss and confusion matrix (of up to 20 classes; in JSON up to 1,000) of a model."""
    from handgrad.data.dataset import naming
    from handgrad.exports.formats import load_model
    from handgrad.training.evaluation import evaluate as measure

    network = load_model(model)
    source, split, dataset = open_split(network, model, data, split)
    with naming(source):
        result = measure(network, dataset)
    classes = network.classes
    confusion = (
        result.confusion.tolist() if len(classes) <= (MOST_IN_JSON if json else MOST_CLASSES) else None
    )
    if json:
        facts = {"model": str(model), "data": source, "split": split, "examples": result.examples}
        measured = {"loss": result.loss, "accuracy": result.accuracy}
        emit_json({**facts, **measured, "classes": classes, "confusion": confusion})
        return
    shown = f"accuracy {result.accuracy:.2%} of {result.examples:,}, cross-entropy {result.loss:.4f}"
    emit(f"{source}, {split}: {shown}")
    if confusion is not None:
        counts = [[f"{count or '·'}" for count in row] for row in confusion]
        rows = [[name, *row] for name, row in zip(classes, counts, strict=True)]
        emit("\n" + table(["true \\ predicted", *classes], rows))


def predict(
    model: Model,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help=FILES_HELP)],
    all_classes: Annotated[bool, option("--all", ALL_HELP)] = False,
    json: Json = False,
) -> int:
    """Classify images or rows of tables."""
    from handgrad.data.dataset import naming
    from handgrad.exports.formats import load_model

    network = load_model(model)
    count, lines, status = len(network.classes), [], SUCCEEDED
    shown = count if all_classes else min(SHOWN, count)
    for file in files:
        try:
            inputs, labels, _ = read_examples(network, file)
            with naming(str(file)):
                probabilities = network.predict_proba(inputs).tolist()
        except HandgradError as error:
            print(error_line(str(error)), file=sys.stderr)
            status = FAILED
            continue
        for row, (label, numbers) in enumerate(zip(labels, probabilities, strict=True), 1):
            named = dict(zip(network.classes, numbers, strict=True))
            ranking = sorted(named, key=lambda name: -named[name])
            if json:
                facts = {"file": str(file), "row": row, "label": label, "class": ranking[0]}
                emit_json({**facts, "probability": named[ranking[0]], "probabilities": named})
            place = f"{file}, row {row}" if len(labels) > 1 else str(file)
            cells = (cell for name in ranking[:shown] for cell in (name, f"{named[name]:.1%}"))
            lines.append([place, *cells])
    if lines and not json:
        header = [cell for number in range(shown) for cell in (f"class {number + 1}", "")]
        emit(table(["file", *header], lines))
    return status
