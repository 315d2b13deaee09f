"""What the files of a run contain: the state of its training, and how its model was validated."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from handgrad.errors import HandgradError
from handgrad.exports.formats import CHECKPOINT_FILE, MODEL_FILE
from handgrad.model.files import metadata_value, read_metadata
from handgrad.training.records import Record, load_records


def is_finished(folder: Path) -> bool:
    """Whether the model of a run is the result of its whole training."""
    with suppress(HandgradError):
        return read_metadata(folder / MODEL_FILE).get("finished") == "true"
    return False


def read_state(folder: Path) -> dict[str, Any]:
    """Read step, epoch and other numbers of the last checkpoint; HandgradError if there is none, or it is damaged."""
    file = folder / CHECKPOINT_FILE
    state = metadata_value(read_metadata(file), "state", file)
    if not isinstance(state, dict):
        raise HandgradError(f"{file} is damaged: the state of its training is not a table")
    return state


def validated(folder: Path) -> Record | None:
    """Return the record in which the newest parameters of a run were validated; with early stopping, the best one."""
    with suppress(HandgradError):
        best = read_state(folder).get("best_score")
        records = [record for record in load_records(folder) if record.validation_loss is not None]
        if best is None:
            return records[-1] if records else None
        for record in records:
            if best in (-(record.validation_loss or 0), record.validation_accuracy):
                return record
    return None


def validation_summary(folder: Path) -> str | None:
    """Summarize the validation of a finished run, e.g. ``accuracy 97.9 % on validation data``."""
    if not is_finished(folder) or (record := validated(folder)) is None:
        return None
    return f"accuracy {100 * (record.validation_accuracy or 0):.1f} % on validation data"
