"""``handgrad explain``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handgrad.cli.options import Data, Json, Model
from handgrad.cli.output import emit, emit_styled
from handgrad.errors import HandgradError, suggest

if TYPE_CHECKING:
    from handgrad.model.network import Network


def explain(
    model: Model,
    example: Annotated[
        str,
        typer.Argument(
            metavar="FILE|INDEX",
            help="A picture, a CSV or Parquet file of one row, or the number of an example of the data, from 0.",
        ),
    ],
    data: Data = None,
    split: Annotated[str, typer.Option("--split", help="Of the data: train, validation or test.")] = "test",
    label: Annotated[
        str | None,
        typer.Option(
            "--label",
            metavar="CLASS",
            help="The class whose loss is explained; the example's own, or the predicted one, unless given.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Walk one example through the network and back."""
    from handgrad.cli.walk import as_json, as_text
    from handgrad.explanation import explain as walk_through
    from handgrad.exports.formats import load_model

    network = load_model(model)
    wanted = None if label is None else _class(network, label)
    find = _from_data if example.isdecimal() else _from_file
    raw, own, features, source = find(network, model, example, data, split)
    walk = walk_through(network, raw, own if wanted is None else wanted)
    if json:
        for line in as_json(walk, {"model": str(model), **source}):
            emit(line)
        return
    title = source.get("file") or f"{source['data']}, {source['split']}, example {source['index']}"
    if own is not None:
        title += f", labelled {network.classes[own]}"
    emit_styled(as_text(walk, title, features))


Found = tuple[Any, int | None, tuple[str, ...], dict[str, Any]]
"""An example; its class, and the names of its inputs, where they are known; and where it is from."""


def _from_data(network: "Network", model: Path, index: str, data: str | None, split: str) -> Found:
    import numpy as np

    from handgrad.data.dataset import naming
    from handgrad.exports.formats import load_model_recipe
    from handgrad.recipes.data import open_model_data
    from handgrad.training.metrics import as_known

    splits = open_model_data(data, load_model_recipe(model), str(model))
    dataset = splits.split(split)
    with naming(splits.source):
        dataset = as_known(network, dataset)
    place = int(index)
    if place >= len(dataset):
        raise HandgradError(
            f"{splits.source}, {split}, has {len(dataset):,} examples, 0 to {len(dataset) - 1:,}; got {index:.20}"
        )
    example = dataset.take(np.array([place]))
    source = {"data": splits.source, "split": split, "index": place}
    return example.inputs[0], int(example.labels[0]), tuple(dataset.features), source


def _from_file(network: "Network", model: Path, file: str, data: str | None, split: str) -> Found:

    from handgrad.data.dataset import naming
    from handgrad.data.images import read_example
    from handgrad.data.rows import is_table, read_row

    path = Path(file)
    if data is not None:
        raise HandgradError(f"--data goes with the INDEX of an example; {file} is a file of its own")
    if not is_table(path):
        return read_example(path, network.example_shape, network.framing), None, (), {"file": file}
    row = read_row(path, network.inputs, network.features, images=network.takes_images)
    (label,) = row.labels
    with naming(path):
        own = None if label is None else _class(network, label)
    return row.inputs[0], own, row.features, {"file": file}


def _class(network: "Network", name: str) -> int:
    """Find the number of a class."""
    if name not in network.classes:
        raise HandgradError(f"the model knows no class '{name:.40}'{suggest(name, network.classes)}")
    return network.classes.index(name)
