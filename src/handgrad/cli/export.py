"""``handgrad export``."""

from pathlib import Path
from typing import Annotated

import typer

from handgrad.cli.options import Json, Model, parse_place
from handgrad.cli.output import emit
from handgrad.exports import FORMATS


def _known(to: str) -> str:
    if to not in FORMATS:
        raise typer.BadParameter(f"choose from {', '.join(FORMATS)}; got '{to}'")
    return to


def export(
    model: Model,
    to: Annotated[
        str, typer.Option("--to", metavar="FORMAT", help=f"{', '.join(FORMATS)}.", callback=_known)
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out", metavar="PATH", parser=parse_place, help="The file to write; for csv, the folder."
        ),
    ],
    int8: Annotated[bool, typer.Option("--int8", help="Round weights to 8 bits; for c.")] = False,
    json: Json = False,
) -> None:
    """Write a model for other programs."""
    import json as json_format

    from handgrad.errors import HandgradError
    from handgrad.exports.formats import MODEL_FILE, load_model, load_model_recipe, model_file
    from handgrad.exports.formats import export as write
    from handgrad.run_status import validated_in_words

    if int8 and to != "c":
        raise typer.BadParameter("weights are rounded to 8 bits for c alone", param_hint="'--int8'")
    network, recipe, source = load_model(model), load_model_recipe(model), model_file(model)
    if source and out.exists() and out.samefile(source):
        raise HandgradError(f"{out} is the model itself; choose another place")
    accuracy = validated_in_words(source.parent) if source and source.name == MODEL_FILE else None
    sizes = write(network, out, to, int8=int8, recipe=recipe, accuracy=accuracy)
    written = (
        sum(path.stat().st_size for path in out.glob("[wb]*.csv")) if out.is_dir() else out.stat().st_size
    )
    facts = {"model": str(model), "to": to, "out": str(out), "parameters": network.parameter_count}
    facts |= {"bytes": written}
    if sizes:
        facts |= {"weights": "int8" if int8 else "float32", "constant_bytes": sizes.constants}
        facts |= {"stack_bytes": sizes.stack}
    if json:
        emit(json_format.dumps(facts))
        return
    emit(f"{out}: {network.parameter_count:,} parameters as {to}, {written:,} bytes")
    if sizes:
        emit(
            f"compiled, {sizes.constants:,} bytes of constants, weights as {facts['weights']}, "
            f"and {sizes.stack:,} bytes of stack"
        )
