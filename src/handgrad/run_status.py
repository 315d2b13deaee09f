"""What has come of a run, by what its files say of themselves: how far it is, and how good its model was found.

Times of files tell nothing here: a copy of a folder, or a clone, has new ones, in any order.
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


def progress(folder: Path) -> dict[str, Any] | None:
    """Read how far the last checkpoint is: its step, whole epochs, …; None where there is none."""
    with suppress(HandgradError, KeyError, TypeError, ValueError):
        state = json.loads(read_metadata(folder / CHECKPOINT_FILE)["state"])
        if all(isinstance(state[key], int) for key in ("step", "epoch", "waited")):
            return dict(state)
    return None


def model_steps(folder: Path) -> int | None:
    """Read after how many steps of its training the model was written; None where it does not say."""
    with suppress(HandgradError, KeyError, TypeError, ValueError):
        return int(read_metadata(folder / MODEL_FILE)["steps"])
    return None


def model_is_newest(folder: Path) -> bool:
    """Tell whether the model has seen as many steps as the checkpoint.

    Of a model that does not say its steps, as those of earlier versions, the times of the files must tell.
    """
    steps, reached = model_steps(folder), progress(folder)
    if steps is not None and reached is not None:
        return steps >= int(reached["step"])
    try:
        return (folder / MODEL_FILE).stat().st_mtime_ns >= (folder / CHECKPOINT_FILE).stat().st_mtime_ns
    except OSError:
        return not (folder / CHECKPOINT_FILE).exists()


def validated(folder: Path, file: str = MODEL_FILE) -> Record | None:
    """Find the record in which a run's model was measured on validation data; None where that is not known.

    With early stopping, the model is that of the best record, whose score the checkpoint holds; else the last.

    Parameters
    ----------
    folder : Path
        The run's.
    file : str, optional
        ``model.safetensors``, or ``checkpoint.safetensors`` for what that would leave as a model.
    """
    reached = progress(folder)
    steps = model_steps(folder) if file == MODEL_FILE else reached and reached["step"]
    if steps is None:
        return None
    with suppress(HandgradError):
        records = [record for record in load_records(folder) if record.validation_loss is not None]
        recipe = recipe_from_metadata(read_metadata(folder / file), folder / file) or {}
        if not recipe.get("early_stopping"):
            return next((record for record in reversed(records) if record.step + 1 == steps), None)
        stopping = EarlyStopping.from_config(recipe["early_stopping"])
        if reached is not None and reached["step"] == steps:
            return next(
                (record for record in records if _score(stopping, record) == reached["best_score"]), None
            )
    return None


def validated_in_words(folder: Path) -> str | None:
    """Say how many of its validation data a run's model reads rightly, and of which these are; None if not known.

    Such as ``97.9 % of validation data of mnist right``.
    """
    record = validated(folder)
    if record is None or record.validation_accuracy is None:
        return None
    recipe = recipe_from_metadata(read_metadata(folder / MODEL_FILE), folder / MODEL_FILE) or {}
    data = recipe.get("data", {})
    other = isinstance(data.get("validation"), str)
    source = Path(str(data["validation"] if other else data.get("source", ""))).name
    return f"{100 * record.validation_accuracy:.1f} % of validation data{f' of {source}' if source else ''} right"


def _score(stopping: EarlyStopping, record: Record) -> float | None:
    if record.validation_loss is None or record.validation_accuracy is None:
        return None
    return stopping.score(record.validation_loss, record.validation_accuracy)
