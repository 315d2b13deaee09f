"""Run folders as the server sees them: their states, how far they are, and their records."""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from handgrad.errors import HandgradError
from handgrad.exports.formats import CHECKPOINT_FILE, MODEL_FILE
from handgrad.files import write_file
from handgrad.locks import is_locked
from handgrad.recipes.loading import load_recipe
from handgrad.run_status import model_is_newest, progress
from handgrad.runs import RECIPE_FILE
from handgrad.training.records import LOG_FILE, Record

MARK_FILE = "serve.json"
"""What the server notes in a run folder: that the run was paused, stopped or failed, and at which step."""
RECORD = TypeAdapter(Record)


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


def run_names(runs: Path) -> list[str]:
    """List the runs in a folder, the last started or resumed first."""
    folders = [folder for folder in runs.glob("[A-Za-z0-9]*") if is_run(folder)]
    return [folder.name for folder in sorted(folders, key=_started, reverse=True)]


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
    if (reached := progress(folder)) is None:
        return Status("damaged", f"{CHECKPOINT_FILE} cannot be read")
    try:
        recipe = load_recipe(str(folder / RECIPE_FILE))
    except HandgradError as error:
        return Status("damaged", str(error))
    stopping = recipe.training_arguments()["early_stopping"]
    limits = {
        "step": recipe.training.steps,
        "epoch": recipe.training.epochs,
        "waited": stopping and stopping.patience,
    }
    complete = any(limit is not None and reached[key] >= limit for key, limit in limits.items())
    if complete and model_is_newest(folder):
        return Status("finished")
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        mark = json.loads((folder / MARK_FILE).read_bytes())
        if mark["step"] == reached["step"] and mark["state"] in ("paused", "stopped", "failed"):
            return Status(mark["state"], mark["error"])
    return Status("interrupted")


def write_mark(folder: Path, found: Status) -> None:
    """Note the status of a run at its present step."""
    if reached := progress(folder):
        mark = {"state": found.state, "step": reached["step"], "error": found.error}
        write_file(folder / MARK_FILE, json.dumps(mark).encode() + b"\n")


class Log:
    """Reader of a log that grows, which skips records up to the step `after`."""

    def __init__(self, folder: Path, after: int = -1) -> None:
        self._path = folder / LOG_FILE
        self._after = after
        self._offset = 0
        self._inode = -1

    def read(self) -> list[Record]:
        """Return the records that were not returned before, each once, even if the log was rewritten."""
        records = []
        with suppress(OSError), self._path.open("rb") as file:
            if (inode := os.fstat(file.fileno()).st_ino) != self._inode:
                self._inode, self._offset = inode, 0
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):  # it is still being written
                    break
                self._offset += len(line)
                with suppress(ValueError):
                    record = RECORD.validate_json(line)
                    if record.step > self._after:
                        self._after = record.step
                        records.append(record)
        return records
