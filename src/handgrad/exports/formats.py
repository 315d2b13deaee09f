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
    """Write a trained network in another format, with its scaling.

    The file is written completely or not at all.

    Parameters
    ----------
    network : Network or fitted estimator
        As `save_model` takes it.
    path : path
        Path of the file, whose folder must exist. For CSV, path of the folder, which is created.
    format : {"onnx", "c", "html", "csv"}, optional
        ONNX, a C99 header, a web page, or a folder of CSV files with the parameters. Default: by the suffix,
        ``.onnx``, ``.h``, ``.html`` or none.
    int8 : bool
        Whether weights are rounded to 8 bits; only for C.
    recipe : mapping, optional
        Recipe of the training, as plain dictionaries. ONNX stores it, and HTML shows its name.
    accuracy : str, optional
        Accuracy or loss, and the data it was measured on, as text. HTML shows it.

    Raises
    ------
    HandgradError
        If the format is unknown or does not support the network, its extra is not installed, or the file cannot be
        written.

    See Also
    --------
    save_model : Write a model file, which holds everything.

    Examples
    --------
    >>> import handgrad as hg
    >>> layers = [hg.Dense(8), hg.ReLU(), hg.Dense(3)]
    >>> network = hg.Network(layers, input_shape=4)
    >>> hg.export(network, "network.h")
    >>> hg.export(network, "parameters")
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
    """Load a trained network.

    Parameters
    ----------
    path : path
        A run folder, a model file (``.safetensors``), an ONNX file that handgrad wrote (``.onnx``), or a folder of
        parameters in CSV files.

    Returns
    -------
    Network
        The network, ready to predict.

    Raises
    ------
    HandgradError
        If there is no model, or it is damaged or of a newer version.

    See Also
    --------
    save_model : Write a model file.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> network = hg.Network([hg.Dense(3)], input_shape=4)
    >>> hg.save_model(network, "model.safetensors")
    >>> loaded = hg.load_model("model.safetensors")
    >>> np.array_equal(loaded.flat_parameters, network.flat_parameters)
    True
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
