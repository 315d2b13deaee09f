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
) -> int:
    """Say what a picture shows, with probabilities."""
    import json as json_format
    import sys

    import numpy as np

    from handgrad.cli.main import FAILED
    from handgrad.data.images import read_example
    from handgrad.errors import HandgradError
    from handgrad.exports.formats import load_model

    network = load_model(model)
    examples, complaints = {}, []
    for file in files:
        try:
            examples[file] = read_example(file, network.example_shape, network.framing)
        except HandgradError as error:
            complaints.append(error)
    if not examples:
        raise complaints[0]
    for complaint in complaints:
        print(f"handgrad: {complaint}", file=sys.stderr)
    status = FAILED if complaints else 0
    probabilities = network.predict_proba(np.stack(list(examples.values())))
    if json:
        for file, row in zip(examples, probabilities.tolist(), strict=True):
            best = int(np.argmax(row))
            by_class = dict(zip(network.classes, row, strict=True))
            answer = {"class": network.classes[best], "probability": row[best], "probabilities": by_class}
            emit(json_format.dumps({"file": str(file), **answer}))
        return status
    width = max(4, *(len(str(file)) for file in examples))
    shown = np.arange(min(len(network.classes), MOST_COLUMNS))
    columns = [f"{network.classes[index]:>8}" for index in shown]
    emit(f"{'file':<{width}}    class{''.join(columns)}")
    for file, row in zip(examples, probabilities, strict=True):
        cells = "".join(f"{row[index]:>8.1%}" for index in shown)
        emit(f"{file!s:<{width}}  {network.classes[int(row.argmax())]:>7}{cells}")
    return status
