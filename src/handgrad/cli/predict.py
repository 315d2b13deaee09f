"""``handgrad predict``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handgrad.cli.options import FAILED, SUCCEEDED, Json, Model, option
from handgrad.cli.output import emit, emit_json, error_line, table
from handgrad.errors import HandgradError

if TYPE_CHECKING:
    from handgrad.model.network import Network

SHOWN = 3
"""Number of classes that are printed by default."""
FILES_HELP = "Images of any size, dark on light or light on dark; CSV or Parquet files, one example per row."
ALL_HELP = f"Print all classes, not only the {SHOWN} most probable ones."


def predict(
    model: Model,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help=FILES_HELP)],
    all_classes: Annotated[bool, option("--all", ALL_HELP)] = False,
    json: Json = False,
) -> int:
    """Classify images or rows of tables."""
    from handgrad.exports.formats import load_model

    network = load_model(model)
    shown = len(network.classes) if all_classes else min(SHOWN, len(network.classes))
    rows, errors = [], []
    for file in files:
        try:
            answers = list(_predict(network, file))
        except HandgradError as error:
            errors.append(error)
            continue
        for answer in answers if json else ():
            emit_json(answer)
        for answer in answers:
            name = answer["file"] + (f", row {answer['row']}" if "row" in answer else "")
            ranking = sorted(answer["probabilities"].items(), key=lambda item: -item[1])
            rows.append([name, *(cell for key, p in ranking[:shown] for cell in (key, f"{p:.1%}"))])
    if not rows and len(errors) == 1:
        raise errors[0]
    for failure in errors:
        print(error_line(str(failure)), file=sys.stderr)
    if rows and not json:
        emit(table(["file", *(cell for k in range(shown) for cell in (f"class {k + 1}", ""))], rows))
    return FAILED if errors else SUCCEEDED


def _predict(network: "Network", file: Path) -> list[dict[str, Any]]:
    """Describe each example of a file: its origin, label if known, class and probabilities."""
    import numpy as np

    from handgrad.data.dataset import naming
    from handgrad.data.images import read_example
    from handgrad.data.rows import is_table, read_rows

    if is_table(file):
        rows = read_rows(file, network.inputs, network.features, images=network.takes_images)
        inputs = rows.inputs
        origins: list[dict[str, Any]] = [
            {"file": str(file), "row": number} | ({} if label is None else {"label": label})
            for number, label in enumerate(rows.labels, 1)
        ]
    else:
        inputs = read_example(file, network.example_shape, network.framing)[None]
        origins = [{"file": str(file)}]
    with naming(str(file)):
        probabilities = network.predict_proba(inputs)
    answers = []
    for origin, row in zip(origins, probabilities.tolist(), strict=True):
        best = {"class": network.classes[int(np.argmax(row))], "probability": max(row)}
        answers.append(origin | best | {"probabilities": dict(zip(network.classes, row, strict=True))})
    return answers
