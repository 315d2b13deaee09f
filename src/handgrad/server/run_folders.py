"""Run folders as the server sees them: their states, their records, and how their models were validated."""

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from pathlib import Path
from typing import Any

from handgrad.errors import HandgradError
from handgrad.exports.formats import CHECKPOINT_FILE, MODEL_FILE, load_model_recipe
from handgrad.files import UNFINISHED, cannot_write, sync_folder
from handgrad.locks import is_locked, lock_folder
from handgrad.model.files import metadata_value, read_metadata
from handgrad.recipes.loading import load_recipe
from handgrad.runs import FILES, PARAMETERS_FOLDER, RECIPE_FILE
from handgrad.training.records import LOG_FILE, Record, parse_record

RUN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$"  # the name of a run
START_FILE = "start.safetensors"  # the model that a run started from, so that the run can be repeated
WRITTEN = {
    PARAMETERS_FOLDER: ("[wb][0-9]*.csv",),
    ".": (*FILES, MODEL_FILE, START_FILE, "events.out.tfevents.*", f"{UNFINISHED}*"),
}
"""What a training writes into its folder: patterns by folder."""


@dataclass(frozen=True)
class Status:
    """The state of a run, and why it failed if it did."""

    state: str
    error: str | None = None


def is_run(folder: Path) -> bool:
    """Whether a folder holds a run."""
    with suppress(OSError):  # one that cannot be read holds none
        return any((folder / name).is_file() for name in (CHECKPOINT_FILE, MODEL_FILE))
    return False


def find_runs(runs: Path) -> list[Path]:
    """List the runs in a folder whose names the server accepts, the last started or resumed first."""
    named = (folder for folder in runs.glob("[A-Za-z0-9]*") if re.match(RUN, folder.name))
    return sorted(filter(is_run, named), key=_started, reverse=True)


def _started(folder: Path) -> int:
    for file in (RECIPE_FILE, MODEL_FILE):
        with suppress(OSError):
            return (folder / file).stat().st_mtime_ns
    return 0


def status(folder: Path) -> Status:
    """Return the status of a run that this server does not train."""
    if is_locked(folder):
        return Status("running")
    if not (folder / CHECKPOINT_FILE).exists():
        return Status("finished")  # a model without a checkpoint cannot be resumed
    try:
        read_state(folder)
        load_recipe(str(folder / RECIPE_FILE))
    except HandgradError as error:
        return Status("damaged", str(error))
    return Status("finished" if is_finished(folder) else "paused")


def is_finished(folder: Path) -> bool:
    """Whether the model of a run is the result of its whole training."""
    with suppress(HandgradError):
        return read_metadata(folder / MODEL_FILE).get("finished") == "true"
    return False


def is_result(folder: Path) -> bool:
    """Whether the model of a run is the result of its last checkpoint."""
    with suppress(HandgradError):
        return read_metadata(folder / MODEL_FILE).get("steps") == str(read_state(folder)["step"])
    return False


def read_state(folder: Path) -> dict[str, Any]:
    """Read step, epoch and other numbers of the last checkpoint; HandgradError if there is none, or it is damaged."""
    file = folder / CHECKPOINT_FILE
    state = metadata_value(read_metadata(file), "state", file)
    if not (isinstance(state, dict) and isinstance(state.get("step"), int)):
        raise HandgradError(f"{file} is damaged: the state of its training is not a table with a step")
    return state


def validated(folder: Path) -> Record | None:
    """Return the record in which the newest parameters of a run were validated; with early stopping, the best one."""
    with suppress(HandgradError):
        steps, best = inf, None
        if (folder / CHECKPOINT_FILE).exists():
            state = read_state(folder)
            steps, best = state["step"], state.get("best_score")
        elif (load_model_recipe(folder / MODEL_FILE) or {}).get("early_stopping"):
            return None  # the best score was in the checkpoint
        known = [record for record in read_records(folder) if record.step < steps]  # the log is written first
        records = [record for record in known if record.validation_loss is not None]
        if best is None:
            return records[-1] if records else None
        for record in records:
            if best in (-(record.validation_loss or 0), record.validation_accuracy):
                return record
    return None


def all_records(folder: Path) -> list[Record]:
    """Return the records of a run, which are read again only if they have changed."""
    with suppress(OSError):
        state = (folder / LOG_FILE).stat()
        return _records(folder, state.st_mtime_ns, state.st_size)
    return []


@lru_cache(maxsize=100)
def _records(folder: Path, *_state: int) -> list[Record]:
    return read_records(folder)


def read_records(folder: Path, after: int = -1) -> list[Record]:
    """Return the records of a run after a step; lines that are damaged, or still being written, are left out."""
    lines, records = list[bytes](), list[Record]()
    with suppress(OSError):
        lines = (folder / LOG_FILE).read_bytes().splitlines()
    for line in reversed(lines):  # only new ones are parsed
        with suppress(ValueError):
            record = parse_record(line)
            if record.step <= after:
                break
            if not records or record.step < records[-1].step:  # else one within the epoch, of the same step
                records.append(record)
    return records[::-1]


def rename_run(folder: Path, renamed: Path) -> None:
    """Rename the folder of a run; HandgradError if another program uses it."""
    try:
        with lock_folder(folder):
            folder.rename(renamed)
            sync_folder(folder.parent)
    except OSError as error:
        raise cannot_write(renamed, error) from error


def remove_run(folder: Path) -> None:
    """Remove the files of a run, and its folder if that is empty then; HandgradError if another program uses it."""
    if folder.is_symlink() or not (folder / RECIPE_FILE).is_file():
        reason = "is a link" if folder.is_symlink() else f"contains no {RECIPE_FILE}"
        raise HandgradError(f"{folder.name} {reason}, so no training made it; delete it yourself")
    try:
        with lock_folder(folder):
            for name, patterns in WRITTEN.items():
                if not (place := folder / name).is_symlink():
                    for file in [file for pattern in patterns for file in place.glob(pattern)]:
                        file.unlink()
                    with suppress(OSError):  # it does not exist, or contains other files
                        place.rmdir()
    except OSError as error:
        raise HandgradError(f"cannot delete {folder.name}: {error.strerror}; delete it yourself") from error
