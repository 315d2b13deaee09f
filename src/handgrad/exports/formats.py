"""Formats by name and suffix: `export` writes a network in one of them, `load_model` reads those that can be read."""

from pathlib import Path
from typing import Any

import numpy as np

from handgrad.errors import HandgradError, require, suggest
from handgrad.exports import FORMATS, SUFFIXES
from handgrad.exports.c import write_c
from handgrad.exports.csv import read_csv, write_csv
from handgrad.exports.html import write_html
from handgrad.files import usable
from handgrad.model import files
from handgrad.model.network import Network

MODEL_FILE = "model.safetensors"
CHECKPOINT_FILE = "checkpoint.safetensors"


def export(
    network: Network | Any,
    path: Path | str,
    format: str | None = None,
    *,
    int8: bool = False,
    recipe: files.Recipe | None = None,
    accuracy: str | None = None,
) -> None:
    """Write a trained network in another format, with its scaling, completely or not at all.

    Raise HandgradError if the format is unknown or does not support the network, its extra is missing, or a file
    cannot be written.

    Parameters
    ----------
    network : Network, or a fitted estimator or pipeline
        As `save_model` takes it.
    path : path
        Of the file, whose folder must exist; for CSV, of the folder, which is created.
    format : str, optional
        ``"onnx"``, ``"c"`` (a C99 header), ``"html"`` (a page to draw on, or a form) or ``"csv"``
        (parameters in the Rust program's layout); default: by the suffix, ``.onnx``, ``.h``, ``.html`` or none.
    int8 : bool
        Round weights to 8 bits; only for C.
    recipe : mapping, optional
        The recipe of the training, as plain tables; stored in ONNX, its name is shown in HTML.
    accuracy : str, optional
        The accuracy or loss, and the data it was measured on, as text; shown in HTML.
    """
    path = usable(path)
    format = format or SUFFIXES.get(path.suffix.lower(), path.suffix)
    if format not in FORMATS:
        raise HandgradError(f"{path}: unknown format '{format}'{suggest(format, FORMATS)}")
    if int8 and format != "c":
        raise HandgradError(f"only c has int8 weights, and not {format}")
    network = files.network_of(network)
    if format != "csv":
        network = _in_float32(network, format)
    match format:
        case "csv":
            write_csv(network, path)
        case "onnx":
            _onnx().write_onnx(network, path, recipe)
        case "html":
            write_html(network, path, recipe, accuracy)
        case "c":
            write_c(network, path, int8=int8)


def _in_float32(network: Network, format: str) -> Network:
    """Return a network in float32; HandgradError where that cannot be, or a layer has a formula in Python only."""
    for index, layer in enumerate(network.layers):
        if not type(layer).__module__.startswith("handgrad."):  # a subclass may compute something else
            raise HandgradError(f"{format} supports layers of the library only, not {index}, {layer!r:.60}")
    tensors, metadata = files.model_tensors(network)
    with np.errstate(over="ignore"):
        arrays = {name: array.astype(np.float32) for name, array in network.named_arrays().items()}
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise HandgradError(f"{format} holds float32, and parameters exceed its range; train again")
    return files.network_from_tensors(tensors | arrays, metadata | {"dtype": '"float32"'}, Path(format))


def _onnx() -> Any:
    """Return the module for ONNX files; HandgradError where its extra is not installed."""
    require("ONNX files need", "onnx", "onnx")
    from handgrad.exports import onnx

    return onnx


def load_model(path: Path | str) -> Network:
    """Load a trained network; HandgradError if there is none, or it is damaged, inconsistent or of a newer version.

    Parameters
    ----------
    path : path
        A run folder, a model file (``.safetensors``), an ONNX file that handgrad wrote (``.onnx``), or a folder of
        parameter CSV files in the Rust program's layout (``final_config/``).
    """
    file = model_file(path)
    if file is None:
        return read_csv(Path(path))
    if file.suffix.lower() == ".onnx":
        return _onnx().read_onnx(file)[0]
    return files.network_from_tensors(*files.read_tensors(file), file)


def load_model_recipe(path: Path | str) -> dict[str, Any] | None:
    """Read the recipe of a model's training, as plain tables; None if the model has none."""
    file = model_file(path)
    if file is None:
        return None
    return _onnx().read_onnx(file)[1] if file.suffix.lower() == ".onnx" else files.load_recipe(file)


def model_file(path: Path | str) -> Path | None:
    """Return the model file that `path` names or contains; None for a folder of parameter CSV files."""
    path = usable(path)
    if not path.exists():
        raise HandgradError(f"{path} does not exist; name a run folder, a model or a final_config folder")
    if SUFFIXES.get(path.suffix.lower()) in ("c", "html"):
        raise HandgradError(f"{path} is an export that cannot be read back; name the model it was made from")
    if not path.is_dir():
        return path
    for name in (MODEL_FILE, CHECKPOINT_FILE, "w1.csv"):
        if (path / name).exists():
            return None if name == "w1.csv" else path / name
    raise HandgradError(f"{path} contains no {MODEL_FILE} and no w1.csv; name a run folder, or train one")
