"""``handgrad predict``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handgrad.cli.options import Json, Model
from handgrad.cli.output import emit

if TYPE_CHECKING:
    from handgrad.model.network import Network

MOST_COLUMNS = 12


def predict(
    model: Model,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Pictures of any size, dark on light or light on dark; or CSV or Parquet, a row for each example.",
        ),
    ],
    json: Json = False,
) -> int:
    """Say what pictures show or rows are, with probabilities."""
    import json as json_format
    import sys

    import numpy as np

    from handgrad.cli.main import FAILED
    from handgrad.errors import HandgradError
    from handgrad.exports.formats import load_model

    network = load_model(model)
    sources: list[dict[str, Any]] = []
    examples, complaints = [], []
    for file in files:
        try:
            found, values = _read(network, file)
        except HandgradError as error:
            complaints.append(error)
            continue
        sources += found
        examples.append(values)
    if not examples:
        raise complaints[0]
    for complaint in complaints:
        print(f"handgrad: {complaint}", file=sys.stderr)
    status = FAILED if complaints else 0
    probabilities = network.predict_proba(np.concatenate(examples))
    if json:
        for source, row in zip(sources, probabilities.tolist(), strict=True):
            best = int(np.argmax(row))
            by_class = dict(zip(network.classes, row, strict=True))
            answer = {"class": network.classes[best], "probability": row[best], "probabilities": by_class}
            emit(json_format.dumps(source | answer))
        return status
    names = [
        f"{source['file']}, row {source['row']}" if "row" in source else source["file"] for source in sources
    ]
    width, shown = max(4, *map(len, names)), range(min(len(network.classes), MOST_COLUMNS))
    wide = max(8, *(len(name) + 2 for name in network.classes))
    emit(f"{'file':<{width}} {'class':>{wide}}" + "".join(f"{network.classes[k]:>{wide}}" for k in shown))
    for name, row in zip(names, probabilities, strict=True):
        cells = "".join(f"{row[k]:>{wide}.1%}" for k in shown)
        emit(f"{name:<{width}} {network.classes[int(row.argmax())]:>{wide}}{cells}")
    return status


def _read(network: "Network", file: Path) -> tuple[list[dict[str, Any]], Any]:
    """Read the examples of a file, (N, I), and tell for each where it is from."""
    from math import prod

    from handgrad.data.images import read_example
    from handgrad.data.rows import is_table, read_rows

    if not is_table(file):
        return [{"file": str(file)}], read_example(file, network.example_shape, network.framing)[None]
    rows = read_rows(file, prod(network.input_shape), network.features, images=network.takes_images)
    return [
        {"file": str(file), "row": number} | ({} if label is None else {"label": label})
        for number, label in enumerate(rows.labels, 1)
    ], rows.inputs
