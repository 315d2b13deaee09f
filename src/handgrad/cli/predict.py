"""``handgrad predict``."""

from pathlib import Path
from typing import Annotated

import typer

from handgrad.cli.options import Json, Model
from handgrad.cli.output import emit

MOST_COLUMNS = 12


def predict(
    model: Model,
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Pictures of any size, dark on light or light on dark."),
    ],
    json: Json = False,
) -> None:
    """Say what a picture shows, with probabilities."""
    import json as json_format

    import numpy as np

    from handgrad.data.images import read_example
    from handgrad.exports.formats import load_model

    network = load_model(model)
    examples = [read_example(file, network.example_shape, network.framing) for file in files]
    probabilities = network.predict_proba(np.stack(examples))
    if json:
        for file, row in zip(files, probabilities.tolist(), strict=True):
            best = int(np.argmax(row))
            by_class = dict(zip(network.classes, row, strict=True))
            answer = {"class": network.classes[best], "probability": row[best], "probabilities": by_class}
            emit(json_format.dumps({"file": str(file), **answer}))
        return
    width = max(4, *(len(str(file)) for file in files))
    shown = np.arange(min(len(network.classes), MOST_COLUMNS))
    columns = [f"{network.classes[index]:>8}" for index in shown]
    emit(f"{'file':<{width}}  class{''.join(columns)}")
    for file, row in zip(files, probabilities, strict=True):
        cells = "".join(f"{row[index]:>8.1%}" for index in shown)
        emit(f"{file!s:<{width}}{network.classes[int(row.argmax())]:>7}{cells}")
