"""``handgrad predict``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handgrad.cli.options import FAILED, SUCCEEDED, Json, Model
from handgrad.cli.output import emit, emit_json, table
from handgrad.errors import HandgradError

if TYPE_CHECKING:
    from handgrad.model.network import Network

SHOWN = 3
"""Number of classes that are printed by default."""


def predict(
    model: Model,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help="Images of any size, dark on light or light on dark; CSV or Parquet files with one example per row.",
        ),
    ],
    all_classes: Annotated[
        bool, typer.Option("--all", help=f"Print all classes, not only the {SHOWN} most probable ones.")
    ] = False,
    json: Json = False,
) -> int:
    """Classify images or rows of tables."""
    import numpy as np

    from handgrad.cli.main import error_line
    from handgrad.exports.formats import load_model

    network = load_model(model)
    sources: list[dict[str, Any]] = []
    examples, errors = [], []
    for file in files:
        try:
            found, values = _read(network, file)
            examples.append(network.predict_proba(np.atleast_2d(values)))
            sources += found
        except HandgradError as error:
            errors.append(error)
    if not examples:
        raise errors[0]
    for failure in errors:
        print(error_line(str(failure)), file=sys.stderr)
    rows = []
    shown = len(network.classes) if all_classes else min(SHOWN, len(network.classes))
    for source, probabilities in zip(sources, np.concatenate(examples).tolist(), strict=True):
        by_class = dict(zip(network.classes, probabilities, strict=True))
        ranking = sorted(by_class, key=by_class.__getitem__, reverse=True)
        if json:
            best = {"class": ranking[0], "probability": by_class[ranking[0]]}
            emit_json(source | best | {"probabilities": by_class})
        name = source["file"] + (f", row {source['row']}" if "row" in source else "")
        rows.append([name, *(cell for key in ranking[:shown] for cell in (key, f"{by_class[key]:.1%}"))])
    if not json:
        emit(table(["file", *(cell for k in range(shown) for cell in (f"class {k + 1}", ""))], rows))
    return FAILED if errors else SUCCEEDED


def _read(network: "Network", file: Path) -> tuple[list[dict[str, Any]], Any]:
    """Return where each example of a file is from, and the examples, (N, I)."""
    from handgrad.data.images import read_example
    from handgrad.data.rows import is_table, read_rows

    if not is_table(file):
        return [{"file": str(file)}], read_example(file, network.example_shape, network.framing)
    rows = read_rows(file, network.inputs, network.features, images=network.takes_images)
    sources = [
        {"file": str(file), "row": number} | ({} if label is None else {"label": label})
        for number, label in enumerate(rows.labels, 1)
    ]
    return sources, rows.inputs
