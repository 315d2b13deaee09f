"""``handgrad explain``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handgrad.cli.evaluate import open_split
from handgrad.cli.options import Data, Json, Model, Split, option
from handgrad.cli.output import emit, emit_json
from handgrad.errors import HandgradError, suggest

if TYPE_CHECKING:
    from handgrad.model.network import Network

    Found = tuple[Any, int | None, tuple[str, ...], dict[str, Any]]
    """Values, class and names of the inputs, as far as known, and the origin."""

EXAMPLE_HELP = "An image, a CSV or Parquet file of one row, or the index of an example of the data, from 0."
LABEL_HELP = "Class whose loss is explained. Default: that of the example, or the predicted one."


def explain(
    model: Model,
    example: Annotated[str, typer.Argument(metavar="EXAMPLE", help=EXAMPLE_HELP)],
    data: Data = None,
    split: Split = None,
    label: Annotated[str | None, option("--label", LABEL_HELP, "CLASS")] = None,
    json: Json = False,
) -> None:
    """Show every step of one example through the network and back."""
    from handgrad.cli.walk import as_json, as_text
    from handgrad.exports.formats import load_model
    from handgrad.model.explain import explain as explain_example

    network = load_model(model)
    if label is not None and label not in network.classes:
        raise typer.BadParameter(_unknown(label, network), param_hint="'--label'")
    if example.isdecimal():
        values, labelled, features, source = _from_data(network, model, int(example[:20]), data, split)
        title = f"{source['data']}, {source['split']}, example {source['index']}"
    elif data is not None or split is not None:
        raise typer.BadParameter(f"{example} is a file, not an index", param_hint="'--data' and '--split'")
    else:
        values, labelled, features, source = _from_file(network, example)
        title = example
    target = labelled if label is None else network.classes.index(label)
    explanation = explain_example(network, values, target)
    if json:
        for line in as_json(explanation, {"model": str(model), **source}):
            emit_json(line)
        return
    if labelled is not None:
        title += f", labelled {network.classes[labelled]}"
    for text in as_text(explanation, title, features):
        emit(text)


def _from_data(network: "Network", model: Path, index: int, data: str | None, split: str | None) -> "Found":
    import numpy as np

    from handgrad.data.dataset import naming
    from handgrad.training.metrics import as_known

    name, split, dataset = open_split(model, data, split)
    with naming(name):
        dataset = as_known(network, dataset)
    if index >= len(dataset):
        limits = f"{len(dataset):,} examples, 0 to {len(dataset) - 1:,}"
        raise HandgradError(f"{name}, {split}, has {limits}; got {index}")
    example = dataset.take(np.array([index]))
    source = {"data": name, "split": split, "index": index}
    return example.inputs[0], int(example.labels[0]), tuple(dataset.features), source


def _from_file(network: "Network", file: str) -> "Found":
    from handgrad.data.images import read_example
    from handgrad.data.rows import is_table, read_row

    if not is_table(path := Path(file)):
        return read_example(path, network.example_shape, network.framing), None, (), {"file": file}
    row = read_row(path, network.inputs, network.features, images=network.takes_images)
    (label,) = row.labels
    if label is not None and label not in network.classes:
        raise HandgradError(f"{path}: {_unknown(label, network)}")
    return (
        row.inputs[0],
        None if label is None else network.classes.index(label),
        row.features,
        {"file": file},
    )


def _unknown(label: str, network: "Network") -> str:
    return f"the model has no class '{label:.40}'{suggest(label, network.classes)}"
