"""``handgrad explain``."""

from pathlib import Path
from typing import Annotated

import typer

from handgrad.cli.models import open_split, read_examples
from handgrad.cli.options import Data, Model, Split
from handgrad.cli.output import emit
from handgrad.errors import HandgradError

EXAMPLE_HELP = "An image, a CSV or Parquet file of one row, or the index of an example of the data, from 0."


def explain(
    model: Model,
    example: Annotated[str, typer.Argument(metavar="EXAMPLE", help=EXAMPLE_HELP)],
    data: Data = None,
    split: Split = None,
) -> None:
    """Show every step of one example through the network and back."""
    from handgrad.cli.explanation import as_text
    from handgrad.exports.formats import load_model
    from handgrad.model.explain import explain as explain_example

    network = load_model(model)
    if example.isdecimal():
        name, split, dataset = open_split(network, model, data, split)
        index, features = int(example[:20]), dataset.features
        title = f"{name}, {split}, example {index}"
        if index >= len(dataset):
            raise HandgradError(f"{name}, {split}, has {len(dataset):,} examples, from 0; got {index}")
        raw, label = dataset.inputs[index : index + 1][0], network.classes[dataset.labels[index]]
    else:
        inputs, labels, features = read_examples(network, Path(example))
        if len(inputs) != 1:
            raise HandgradError(f"{example} holds {len(inputs):,} rows where one is expected; leave one")
        raw, label, title = inputs[0], labels[0], example
    if label is not None and label not in network.classes:
        raise HandgradError(f"{title}: the model has no class '{label:.40}'")
    explanation = explain_example(network, raw, None if label is None else network.classes.index(label))
    emit(as_text(explanation, title if label is None else f"{title}, labelled {label}", features))
