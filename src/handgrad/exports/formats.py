"""Which reader a model needs: a run folder, a model file, or a folder of parameter CSV files."""

from pathlib import Path
from typing import Any

from handgrad.errors import HandgradError
from handgrad.exports.csv import read_csv
from handgrad.learning.checkpoints import load, load_recipe
from handgrad.model.network import Network

MODEL_FILE = "model.safetensors"
CHECKPOINT_FILE = "checkpoint.safetensors"


def load_model(path: Path | str) -> Network:
    """Load a trained network.

    Parameters
    ----------
    path : path
        A run folder, a model file (``.safetensors``), or a folder of parameter CSV files in the Rust program's
        layout (``final_config/``).

    Returns
    -------
    Network

    Raises
    ------
    HandgradError
        If there is no model, or it is damaged, inconsistent or of a newer version.
    """
    file = model_file(path)
    return load(file) if file else read_csv(Path(path))


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
    return load_recipe(file) if file else None
