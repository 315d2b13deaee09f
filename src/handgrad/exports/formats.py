"""Which reader a model needs: a run folder, a model file, an ONNX file, or a folder of parameter CSV files."""

from pathlib import Path
from typing import Any

from handgrad.errors import HandgradError
from handgrad.exports.csv import read_csv
from handgrad.exports.onnx import read_onnx, read_onnx_recipe
from handgrad.model.files import load_recipe, load_safetensors
from handgrad.model.network import Network

MODEL_FILE = "model.safetensors"
CHECKPOINT_FILE = "checkpoint.safetensors"
WRITTEN_ONLY = {".h", ".html"}
"""Exports for programs that are not handgrad."""


def load_model(path: Path | str) -> Network:
    """Load a trained network.

    Parameters
    ----------
    path : path
        A run folder, a model file (``.safetensors``), an ONNX file that handgrad wrote (``.onnx``), or a folder of
        parameter CSV files in the Rust program's layout (``final_config/``).

    Returns
    -------
    Network

    Raises
    ------
    HandgradError
        If there is no model, or it is damaged, inconsistent or of a newer version.
    """
    file = model_file(path)
    if file is None:
        return read_csv(Path(path))
    return read_onnx(file) if _is_onnx(file) else load_safetensors(file)


def model_file(path: Path | str) -> Path | None:
    """Find the model file that `path` names or holds; None for a folder of parameter CSV files.

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
    if path.suffix.lower() in WRITTEN_ONLY:
        raise HandgradError(f"{path} is an export that is not read back; name the model that it was made of")
    if not path.is_dir():
        return path
    for file in (path / MODEL_FILE, path / CHECKPOINT_FILE):
        if file.exists():
            return file
    if (path / "w1.csv").exists():
        return None
    raise HandgradError(f"{path} holds no {MODEL_FILE} and no w1.csv; name a run folder, or train one")


def load_model_recipe(path: Path | str) -> dict[str, Any] | None:
    """Read the recipe, as plain tables, that a model was trained by; None where the model has none."""
    file = model_file(path)
    if file is None:
        return None
    return read_onnx_recipe(file) if _is_onnx(file) else load_recipe(file)


def _is_onnx(file: Path) -> bool:
    return file.suffix.lower() == ".onnx"
