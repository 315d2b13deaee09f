"""Formats by name and suffix: `export` writes a network in one of them, `load_model` reads those that can be read."""

from pathlib import Path
from typing import Any

from handgrad.errors import HandgradError, suggest
from handgrad.exports import FORMATS, SUFFIXES
from handgrad.exports.c import Sizes, write_c
from handgrad.exports.csv import read_csv, write_csv
from handgrad.exports.html import write_html
from handgrad.exports.onnx import read_onnx, write_onnx
from handgrad.model.files import Recipe, load_recipe, load_safetensors
from handgrad.model.network import Network
from handgrad.model.sklearn_conversion import network_of

MODEL_FILE = "model.safetensors"
CHECKPOINT_FILE = "checkpoint.safetensors"


def export(
    network: Network | Any,
    path: Path | str,
    format: str | None = None,
    *,
    int8: bool = False,
    recipe: Recipe | None = None,
    accuracy: str | None = None,
) -> Sizes | None:
    """Write a trained network in another format, completely or not at all.

    In every format, inputs are values as the data set has them (0–255 for images): scaling is part of the export.

    Parameters
    ----------
    network : Network, or an estimator fitted with scikit-learn
        As `save_model` takes it.
    path : path
        Of the file, whose folder must exist; for CSV, of the folder, which is created.
    format : str, optional
        ``"onnx"``, ``"c"`` (a C99 header), ``"html"`` (a page to draw on) or ``"csv"`` (parameters in the Rust
        program's layout); default: by the suffix, ``.onnx``, ``.h``, ``.html`` or none.
    int8 : bool
        Round weights to 8 bits; only for C.
    recipe : mapping, optional
        The recipe of the training, as plain tables; stored in ONNX, its name is shown in HTML.
    accuracy : str, optional
        The accuracy and the data it was measured on, as text; shown in HTML.

    Returns
    -------
    Sizes or None
        For C, the memory that the header takes.

    Raises
    ------
    HandgradError
        If the format is unknown or does not support the network, its extra is missing, or a file cannot be written.
    """
    path = Path(path)
    format = format or SUFFIXES.get(path.suffix.lower(), path.suffix)
    if format not in FORMATS:
        raise HandgradError(f"{path}: unknown format '{format}'{suggest(format, FORMATS)}")
    if int8 and format != "c":
        raise HandgradError(f"only c has int8 weights, and not {format}")
    network = network_of(network)
    match format:
        case "csv":
            write_csv(network, path)
        case "onnx":
            write_onnx(network, path, recipe)
        case "html":
            write_html(network, path, recipe, accuracy)
        case "c":
            return write_c(network, path, int8=int8)
    return None


def load_model(path: Path | str) -> Network:
    """Load a trained network.

    Parameters
    ----------
    path : path
        A run folder, a model file (``.safetensors``), an ONNX file that handgrad wrote (``.onnx``), or a folder of
        parameter CSV files in the Rust program's layout (``final_config/``).

    Raises
    ------
    HandgradError
        If there is no model, or it is damaged, inconsistent or of a newer version.
    """
    file = model_file(path)
    if file is None:
        return read_csv(Path(path))
    if file.suffix.lower() == ".onnx":
        return read_onnx(file)[0]
    return load_safetensors(file)


def load_model_recipe(path: Path | str) -> dict[str, Any] | None:
    """Read the recipe of a model's training, as plain tables; None if the model has none."""
    file = model_file(path)
    if file is None:
        return None
    if file.suffix.lower() == ".onnx":
        return read_onnx(file)[1]
    return load_recipe(file)


def model_file(path: Path | str) -> Path | None:
    """Return the model file that `path` names or contains; None for a folder of parameter CSV files.

    Raises
    ------
    HandgradError
        If `path` does not exist, or is a folder without a model.
    """
    path = Path(path)
    if not path.exists():
        raise HandgradError(
            f"{path} does not exist; name a run folder, a model file or a final_config folder"
        )
    if SUFFIXES.get(path.suffix.lower()) in ("c", "html"):
        raise HandgradError(f"{path} is an export that cannot be read back; name the model it was made from")
    if not path.is_dir():
        return path
    for file in (path / MODEL_FILE, path / CHECKPOINT_FILE):
        if file.exists():
            return file
    if (path / "w1.csv").exists():
        return None
    raise HandgradError(f"{path} contains no {MODEL_FILE} and no w1.csv; name a run folder, or train one")
