"""``handgrad evaluate`` and ``handgrad predict``, and the examples that commands apply a model to."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handgrad.cli.options import (
    FAILED,
    SUCCEEDED,
    Json,
    Model,
    OtherData,
    OtherTarget,
    Split,
    SplitName,
    option,
)
from handgrad.cli.output import emit, emit_json, error_line, significant, table
from handgrad.errors import HandgradError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handgrad.data.dataset import Dataset
    from handgrad.model.network import Network

FILES_HELP = "Images of any size, dark on light or light on dark; CSV or Parquet files, one example per row."
ALL_HELP = "Print the probability of every class or label."
SHOWN = 3
"""Number of the most probable classes or labels that are printed."""


def open_split(
    network: "Network",
    model: Path,
    data: str | None,
    split: SplitName | None,
    target: list[str] | None = None,
) -> "tuple[str, SplitName, Dataset]":
    """Load a split of the named data, or of those that a model was trained on; by default test,
    or validation or train where there is none.

    Its source and its name are returned, too. Its inputs and classes are in the order of the network. `target` names
    the columns of other data that are predicted; by default those of the training.
    """
    from handgrad.data.dataset import naming
    from handgrad.data.load import load_data
    from handgrad.exports.formats import load_model_recipe
    from handgrad.recipes.data import open_splits
    from handgrad.recipes.loading import parse_recipe
    from handgrad.training.evaluation import as_known, form_of

    if target and not data:
        raise typer.BadParameter("it is for other data than those of the training", param_hint="--target")
    recipe = load_model_recipe(model)
    if recipe and not data:
        splits = open_splits(parse_recipe(recipe, str(model)))
    else:
        splits = load_data(data or "mnist", target or None, like=form_of(network, trained_targets(recipe)))
    if split is None:
        split = "test" if splits.test else "validation" if splits.validation else "train"
    with naming(splits.source):
        return splits.source, split, as_known(network, splits.split(split))


def trained_targets(recipe: "dict[str, Any] | None") -> list[str]:
    """Return the columns that the recipe of a model names as targets."""
    named = recipe and recipe.get("data", {}).get("target")
    return [named] if isinstance(named, str) else named or []


def read_examples(
    network: "Network", file: Path, targets: "Sequence[str]" = ()
) -> tuple[Any, list[Any], tuple[str, ...]]:
    """Read an image or the rows of a table: inputs (N, I), labels where they are known, and names of the inputs.

    For other tasks than classification, labels are lists of numbers. `targets` are the columns that hold them.
    """
    if file.suffix.lower() not in (".csv", ".parquet"):
        from handgrad.data.images import read_example

        return read_example(file, network.example_shape, network.framing)[None], [None], ()
    import numpy as np

    from handgrad.data.load import require_polars

    require_polars()
    from handgrad.data.tables import read_rows
    from handgrad.training.evaluation import form_of

    images = len(network.example_shape) == 3 and network.scaling is not None and network.scaling.for_bytes
    dtype = np.uint8 if images else np.float64
    return read_rows(file, replace(form_of(network, targets), inputs=network.inputs, dtype=dtype))


def evaluate(
    model: Model,
    data: OtherData = None,
    target: OtherTarget = None,
    split: Split = None,
    json: Json = False,
) -> None:
    """Measure a model on a data set.

    Print accuracy, precision, recall, F1 and the confusion matrix, or the errors of a regression.
    """
    from handgrad.cli.results import as_json, details, summary
    from handgrad.data.dataset import naming
    from handgrad.exports.formats import load_model
    from handgrad.training.evaluation import evaluate as measure

    network = load_model(model)
    source, split, dataset = open_split(network, model, data, split, target)
    with naming(source):
        result = measure(network, dataset)
    if json:
        facts = {"model": str(model), "data": source, "split": split, "examples": result.examples}
        emit_json(facts | as_json(result, network.classes))
        return
    emit(f"{source}, {split}: {summary(result)}")
    if text := details(result, network.classes):
        emit(f"\n{text}")


def predict(
    model: Model,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help=FILES_HELP)],
    all_classes: Annotated[bool, option("--all", ALL_HELP)] = False,
    json: Json = False,
) -> int:
    """Predict classes, labels or targets.

    Print the three most probable classes of each image, or of each row of a table.
    """
    from handgrad.data.dataset import naming
    from handgrad.exports.formats import load_model, load_model_recipe

    network, targets = load_model(model), trained_targets(load_model_recipe(model))
    regression, lines, status = network.task == "regression", [], SUCCEEDED
    shown = min(SHOWN, len(network.classes))
    for file in files:
        try:
            inputs, labels, _ = read_examples(network, file, targets)
            with naming(str(file)):
                predicted = (network.predict if regression else network.predict_proba)(inputs).tolist()
        except HandgradError as error:
            print(error_line(str(error)), file=sys.stderr)
            status = FAILED
            continue
        for row, (label, numbers) in enumerate(zip(labels, predicted, strict=True), 1):
            named = dict(zip(network.classes, numbers, strict=True))
            ranking = sorted(named, key=lambda name: -named[name])
            if json:
                facts = {"file": str(file), "row": row, "label": label}
                if regression:
                    facts["predictions"] = named
                elif network.task == "multilabel":
                    facts |= {"labels": [name for name in named if named[name] > 0.5], "probabilities": named}
                else:
                    best = {"class": ranking[0], "probability": named[ranking[0]]}
                    facts |= {**best, "probabilities": named}
                emit_json(facts)
            place = f"{file}, row {row}" if len(labels) > 1 else str(file)
            if regression:
                cells = [significant(number, 6) for number in numbers]
            elif all_classes:
                cells = [f"{number:.1%}" for number in numbers]
            else:
                cells = [cell for name in ranking[:shown] for cell in (name, f"{named[name]:.1%}")]
            lines.append([place, *cells])
    if lines and not json:
        noun = "label" if network.task == "multilabel" else "class"
        header = [cell for number in range(shown) for cell in (f"{noun} {number + 1}", "")]
        header = list(network.classes) if regression or all_classes else header
        emit(table(["file", *header], lines))
    return status
