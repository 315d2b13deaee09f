"""``handgrad export``."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from handgrad.cli.options import Model, option
from handgrad.cli.output import emit
from handgrad.errors import HandgradError
from handgrad.exports import SUFFIXES

OUT_HELP = "File to write: .onnx, .h (C) or .html. Without a suffix: folder of CSV files."

Out = Annotated[Path, typer.Argument(metavar="OUT", help=OUT_HELP)]
Format = Annotated[
    Literal["onnx", "c", "html", "csv"] | None,
    option("--format", "Format. Default: that of the suffix of OUT."),
]
Int8 = Annotated[bool, option("--int8", "Round the weights to 8 bits; only for C.")]


def export(model: Model, out: Out, format: Format = None, int8: Int8 = False) -> None:
    """Convert a model to ONNX, C, HTML or CSV.

    The suffix of OUT chooses the format.
    """
    from handgrad.exports.formats import MODEL_FILE, load_model, load_model_recipe, model_file
    from handgrad.exports.formats import export as write
    from handgrad.server.run_folders import is_result, validated  # which need no extra

    to = format or SUFFIXES.get(out.suffix.lower())
    if to is None or (int8 and to != "c"):
        problem = "only c has weights of 8 bits" if to else f"no format has the suffix {out.suffix}"
        raise typer.BadParameter(f"{problem}; choose one with --format", param_hint="--int8" if to else "OUT")
    network, recipe, source = load_model(model), load_model_recipe(model), model_file(model)
    if source and out.exists() and out.samefile(source):
        raise HandgradError(f"{out} is the model itself; choose another place")
    accuracy, folder = None, source.parent if source and source.name == MODEL_FILE else None
    if folder and is_result(folder) and (record := validated(folder)):
        found = f"loss {record.validation_loss:.3g}"
        if record.validation_accuracy is not None:
            found = f"accuracy {100 * record.validation_accuracy:.1f} %"
        accuracy = f"{found} on validation data"
    write(network, out, to, int8=int8, recipe=recipe, accuracy=accuracy)
    size = sum(path.stat().st_size for path in (out.glob("[wb]*.csv") if out.is_dir() else [out]))
    emit(f"{out}: {network.parameter_count:,} parameters as {to}, {size:,} bytes")
