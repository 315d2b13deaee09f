"""``handgrad predict``, and the files of examples."""

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
    rows, failed = [], False
    for file in files:
        try:
            answers = _predict(network, file)
        except HandgradError as error:
            print(error_line(str(error)), file=sys.stderr)
            failed = True
            continue
        for answer in answers:
            if json:
                emit_json(answer)
            name = f"{file}, row {answer['row']}" if len(answers) > 1 else str(file)
            ranking = sorted(answer["probabilities"].items(), key=lambda item: -item[1])
            rows.append([name, *(cell for key, p in ranking[:shown] for cell in (key, f"{p:.1%}"))])
    if rows and not json:
        emit(table(["file", *(cell for k in range(shown) for cell in (f"class {k + 1}", ""))], rows))
    return FAILED if failed else SUCCEEDED


def read_examples(network: "Network", file: Path) -> tuple[Any, list[str | None], tuple[str, ...]]:
    """Read an image or the rows of a table: inputs (N, I), labels where they are known, and names of the inputs."""
    from handgrad.data.images import read_example
    from handgrad.data.tables import is_table, read_rows

    if not is_table(file):
        return read_example(file, network.example_shape, network.framing)[None], [None], ()
    rows = read_rows(file, network.inputs, network.features, images=network.takes_images)
    return rows.inputs, rows.labels, rows.features


def _predict(network: "Network", file: Path) -> list[dict[str, Any]]:
    """Describe each example of a file: its row, its label if known, its class and probabilities."""
    from handgrad.data.dataset import naming

    inputs, labels, _ = read_examples(network, file)
    with naming(str(file)):
        probabilities = network.predict_proba(inputs)
    return [
        {
            "file": str(file),
            "row": number,
            "label": label,
            "class": network.classes[int(row.argmax())],
            "probability": float(row.max()),
            "probabilities": dict(zip(network.classes, row.tolist(), strict=True)),
        }
        for number, (label, row) in enumerate(zip(labels, probabilities, strict=True), 1)
    ]
