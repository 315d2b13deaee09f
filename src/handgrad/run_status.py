"""The state of a run as its files describe it, whose times are not used: a copy of a folder has new ones."""

from contextlib import suppress
from math import inf
from pathlib import Path
from typing import Any

from handgrad.errors import HandgradError
from handgrad.exports.formats import CHECKPOINT_FILE, MODEL_FILE
from handgrad.model.files import load_recipe, metadata_value, read_metadata
from handgrad.training.records import Record, load_records

DAMAGED = (HandgradError, AttributeError, KeyError, TypeError, ValueError)


def progress(folder: Path) -> dict[str, Any] | None:
    """Return step, epoch and other numbers of the last checkpoint; None if there is none, or it is damaged."""
    with suppress(*DAMAGED):
        path = folder / CHECKPOINT_FILE
        state = metadata_value(read_metadata(path), "state", path)
        if all(isinstance(state[key], int) for key in ("step", "epoch", "waited")):
            return dict(state)
    return None


def _model_steps(folder: Path) -> float:
    """Return the steps of a run's model: −1 where there is none, infinite where it is that of a run that diverged."""
    with suppress(*DAMAGED):
        return float(read_metadata(folder / MODEL_FILE).get("steps", inf))
    return -1


def model_is_newest(folder: Path) -> bool:
    """Whether the model is not older than the checkpoint."""
    return (reached := progress(folder)) is None or _model_steps(folder) >= reached["step"]


def validated(folder: Path) -> Record | None:
    """Return the record in which the newest parameters of a run were validated; with early stopping, the best one."""
    reached, steps = progress(folder), _model_steps(folder)
    newest = reached["step"] if reached else steps
    if steps > newest or newest == inf:
        return None
    with suppress(*DAMAGED):
        recipe = load_recipe(folder / (CHECKPOINT_FILE if reached else MODEL_FILE)) or {}
        records = [record for record in load_records(folder) if record.validation_loss is not None]
        if stopping := recipe.get("early_stopping"):
            monitor = stopping.get("monitor", "validation_loss")
            sign = -1 if monitor == "validation_loss" else 1
            scores = [sign * getattr(record, monitor) for record in records]
            best = reached["best_score"] if reached else max(scores)
            if best is not None:
                return records[scores.index(best)]
        return next((record for record in records if record.step + 1 == newest), None)
    return None


def validation_summary(folder: Path) -> str | None:
    """Summarize the validation of a run's model, e.g. ``accuracy 97.9 % on validation data``."""
    if not model_is_newest(folder) or (record := validated(folder)) is None:
        return None
    return f"accuracy {100 * (record.validation_accuracy or 0):.1f} % on validation data"
