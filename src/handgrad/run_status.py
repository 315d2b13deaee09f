"""The state of a run as its files describe it: the step of its checkpoint, and how good its model is.

Times of files are not used: a copy of a folder has new ones.
"""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from handgrad.errors import HandgradError
from handgrad.exports.formats import CHECKPOINT_FILE, MODEL_FILE
from handgrad.model.files import read_metadata, recipe_from_metadata
from handgrad.training.records import Record, load_records
from handgrad.training.stopping import EarlyStopping

DAMAGED = (HandgradError, KeyError, TypeError, ValueError)


def progress(folder: Path) -> dict[str, Any] | None:
    """Return step, epoch and other numbers of the last checkpoint; None if there is none, or it is damaged."""
    with suppress(*DAMAGED):
        state = json.loads(read_metadata(folder / CHECKPOINT_FILE)["state"])
        if all(isinstance(state[key], int) for key in ("step", "epoch", "waited")):
            return dict(state)
    return None


def model_is_newest(folder: Path) -> bool:
    """Whether the model is not older than the checkpoint. A model without steps is that of a run that diverged."""
    if (reached := progress(folder)) is None:
        return True
    with suppress(*DAMAGED):
        return int(read_metadata(folder / MODEL_FILE).get("steps", 10**9)) >= reached["step"]
    return False


def validated(folder: Path, file: str = MODEL_FILE) -> Record | None:
    """Find the record in which a run's model was validated; with early stopping, that is the best one.

    Parameters
    ----------
    folder : Path
        A run folder.
    file : str, optional
        ``model.safetensors``, or ``checkpoint.safetensors`` for the model that a stop would leave.
    """
    with suppress(*DAMAGED):
        metadata = read_metadata(folder / file)
        steps = int(metadata["steps"] if file == MODEL_FILE else json.loads(metadata["state"])["step"])
        records = [record for record in load_records(folder) if record.validation_loss is not None]
        stopping = (recipe_from_metadata(metadata, folder / file) or {}).get("early_stopping")
        if stopping:
            score = EarlyStopping.from_config(stopping).score
            before = [record for record in records if record.step < steps]
            return max(before, key=lambda record: score(*_measured(record)))
        return next((record for record in records if record.step + 1 == steps), None)
    return None


def validation_summary(folder: Path) -> str | None:
    """Summarize the validation of a run's model, e.g. ``accuracy 97.9 % on validation data of mnist``."""
    if (record := validated(folder)) is None:
        return None
    recipe = recipe_from_metadata(read_metadata(folder / MODEL_FILE), folder / MODEL_FILE) or {}
    data = recipe.get("data", {})
    other = isinstance(data.get("validation"), str)
    source = Path(str(data["validation"] if other else data.get("source", ""))).name
    return (
        f"accuracy {100 * _measured(record)[1]:.1f} % on validation data{f' of {source}' if source else ''}"
    )


def _measured(record: Record) -> tuple[float, float]:
    """Return validation loss and accuracy."""
    if record.validation_loss is None or record.validation_accuracy is None:
        raise ValueError("the record has no validation")
    return record.validation_loss, record.validation_accuracy
