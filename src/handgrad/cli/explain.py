"""``handgrad explain``."""

from pathlib import Path
from typing import Annotated

import typer

from handgrad.cli.evaluate import open_split
from handgrad.cli.options import Data, Json, Model, Split, option
from handgrad.cli.output import emit, emit_json
from handgrad.cli.predict import read_examples
from handgrad.errors import HandgradError, suggest

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
    from handgrad.cli.explanation import as_json, as_text
    from handgrad.exports.formats import load_model
    from handgrad.model.explain import explain as explain_example

    network = load_model(model)
    if label is not None and label not in network.classes:
        unknown = f"the model has no class '{label:.40}'{suggest(label, network.classes)}"
        raise typer.BadParameter(unknown, param_hint="'--label'")
    if example.isdecimal():
        name, split, dataset = open_split(network, model, data, split)
        index, features = int(example[:20]), dataset.features
        if index >= len(dataset):
            limits = f"{len(dataset):,} examples, 0 to {len(dataset) - 1:,}"
            raise HandgradError(f"{name}, {split}, has {limits}; got {index}")
        raw, known = dataset.inputs[index : index + 1][0], network.classes[dataset.labels[index]]
        title, source = f"{name}, {split}, example {index}", {"data": name, "split": split, "index": index}
    elif data is not None or split is not None:
        raise typer.BadParameter(f"{example} is a file, not an index", param_hint="'--data' and '--split'")
    else:
        inputs, labels, features = read_examples(network, Path(example))
        if len(inputs) != 1:
            raise HandgradError(f"{example} holds {len(inputs):,} rows where one is expected; leave one")
        raw, known, title, source = inputs[0], labels[0], example, {"file": example}
        if known is not None and known not in network.classes:
            raise HandgradError(f"{example}: the model has no class '{known:.40}'")
    target = known if label is None else label
    explanation = explain_example(network, raw, None if target is None else network.classes.index(target))
    if json:
        for line in as_json(explanation, {"model": str(model), **source}):
            emit_json(line)
        return
    for text in as_text(explanation, title if known is None else f"{title}, labelled {known}", features):
        emit(text)
