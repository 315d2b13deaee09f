"""``handgrad data``."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from handgrad.cli.options import DATA_HELP, Json
from handgrad.cli.output import emit

if TYPE_CHECKING:
    from handgrad.data.dataset import Dataset


def data(
    name: Annotated[str | None, typer.Argument(help=DATA_HELP, metavar="NAME")] = None,
    json: Json = False,
) -> None:
    """Show shapes, classes, counts and value ranges."""
    import json as json_format

    from handgrad.data.load import load_data

    splits = load_data(name or "mnist")
    _ = splits.test
    found: dict[str, Dataset | None] = {
        "train": splits.train,
        "validation": splits.validation,
        "test": splits.test,
    }
    facts = {split: _facts(dataset) for split, dataset in found.items() if dataset is not None}
    classes = splits.train.class_names
    if json:
        emit(json_format.dumps({"data": splits.source, "classes": classes, "splits": facts}))
        return
    emit(f"{splits.source}: {len(classes)} classes\n")
    emit(f"{'split':<12}{'inputs':<16}{'labels':<12}{'example':<12}{'type':<10}values")
    for split, fact in facts.items():
        inputs = str(tuple(fact["inputs"]))
        labels = f"({fact['labels']},)"
        example = "×".join(map(str, fact["example"]))
        low, high = fact["range"]
        emit(f"{split:<12}{inputs:<16}{labels:<12}{example:<12}{fact['type']:<10}{low:g} to {high:g}")
    width = max(5, *map(len, classes))
    emit(f"\n{'class':<{width}}" + "".join(f"{split:>12}" for split in facts))
    for index, named in enumerate(classes):
        emit(f"{named:<{width}}" + "".join(f"{fact['counts'][index]:>12,}" for fact in facts.values()))


def _facts(dataset: "Dataset") -> dict[str, Any]:
    import numpy as np

    from handgrad.data.arrays import value_range

    return {
        "inputs": list(dataset.inputs.shape),
        "labels": len(dataset.labels),
        "example": list(dataset.input_shape),
        "type": dataset.inputs.dtype.name,
        "range": list(value_range(dataset.inputs)),
        "counts": np.bincount(dataset.labels, minlength=len(dataset.class_names)).tolist(),
    }
