"""Run folders as the server sees them: their states, how far they are, and their records."""

import json
import os
import re
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from handgrad.exports.formats import CHECKPOINT_FILE, MODEL_FILE
from handgrad.files import write_file
from handgrad.locks import is_locked
from handgrad.run_status import model_is_newest, progress
from handgrad.runs import RECIPE_FILE
from handgrad.server.schemas import Record, State
from handgrad.training.records import LOG_FILE

MARK_FILE = "serve.json"
"""What the server notes in a run folder: that the run was paused, stopped or failed, and at which step."""
MAX_RECIPE, MAX_MARK = 1_000_000, 10_000


@dataclass(frozen=True)
class Status:
    """The state of a run, and why it failed if it did."""

    state: State
    error: str | None = None


def is_run_name(name: str) -> bool:
    """Whether a run may have this name: not a path, and not hidden."""
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}", name) is not None


def is_run(folder: Path) -> bool:
    """Whether a folder holds a run; a link to another place is not served."""
    held = any((folder / name).is_file() for name in (CHECKPOINT_FILE, MODEL_FILE))
    return held and folder.resolve().parent == folder.parent.resolve()


def run_names(runs: Path) -> list[str]:
    """List the runs in a folder, the last started or resumed first."""
    found = []
    with suppress(OSError):
        for folder in runs.iterdir():
            if is_run_name(folder.name) and is_run(folder):
                found.append((-_started(folder), folder.name))
    return [name for _, name in sorted(found)]


def _started(folder: Path) -> int:
    for file in (RECIPE_FILE, MODEL_FILE):
        with suppress(OSError):
            return (folder / file).stat().st_mtime_ns
    return 0


def status(folder: Path) -> Status:
    """Return the status of a run that this server does not train."""
    if is_locked(folder):
        return Status("running")
    recipe = recipe_tables(folder)
    if not recipe and (folder / RECIPE_FILE).exists():
        return Status("damaged", f"{RECIPE_FILE} cannot be read")
    reached = progress(folder)
    if reached is None:
        if (folder / CHECKPOINT_FILE).exists():
            return Status("damaged", f"{CHECKPOINT_FILE} cannot be read")
        return Status("finished")  # a model without a checkpoint cannot be resumed
    if _is_complete(recipe, reached) and model_is_newest(folder):
        return Status("finished")
    return read_mark(folder, reached["step"]) or Status("interrupted")


def _is_complete(recipe: dict[str, Any], reached: dict[str, Any]) -> bool:
    """Whether a run has done all steps of its recipe, or was stopped early."""
    training, stopping = recipe.get("training", {}), recipe.get("early_stopping", {})
    limits = (training.get("steps"), training.get("epochs"), stopping.get("patience"))
    return any(
        isinstance(limit, int) and reached[key] >= limit
        for key, limit in zip(("step", "epoch", "waited"), limits, strict=True)
    )


def recipe_tables(folder: Path) -> dict[str, Any]:
    """Read the recipe of a run as plain tables; {} if there is none, or it is damaged."""
    try:
        with (folder / RECIPE_FILE).open("rb") as file:
            tables = tomllib.loads(file.read(MAX_RECIPE).decode())
    except (OSError, ValueError, RecursionError):
        return {}
    sections = (tables.get(key, {}) for key in ("data", "training", "optimizer", "early_stopping"))
    return tables if all(isinstance(section, dict) for section in sections) else {}


def read_mark(folder: Path, step: int) -> Status | None:
    """Read what the server noted, if the run is still at the same step."""
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        mark = json.loads((folder / MARK_FILE).read_bytes()[:MAX_MARK])
        if mark["step"] == step and mark["state"] in ("paused", "stopped", "failed"):
            error = mark.get("error")
            return Status(mark["state"], None if error is None else str(error))
    return None


def write_mark(folder: Path, found: Status) -> None:
    """Note the status of a run at its present step."""
    reached = progress(folder)
    if reached is None:
        return
    mark = {"state": found.state, "step": reached["step"], "error": found.error}
    write_file(folder / MARK_FILE, json.dumps(mark).encode() + b"\n")


class LogReader:
    """Incremental reader of a log that grows, which skips records up to the step `after`."""

    def __init__(self, folder: Path, after: int = -1) -> None:
        self._path = folder / LOG_FILE
        self._after = after
        self._offset = 0
        self._inode = -1

    def read(self) -> list[Record]:
        """Return the records that were not returned before, each once, even if the log was rewritten."""
        try:
            with self._path.open("rb") as file:
                found = os.fstat(file.fileno())
                if found.st_ino != self._inode or found.st_size < self._offset:
                    self._inode, self._offset = found.st_ino, 0
                file.seek(self._offset)
                content = file.read()
        except OSError:
            return []
        complete = content.rfind(b"\n") + 1  # the last line may still be written
        self._offset += complete
        records = []
        for line in content[:complete].splitlines():
            record = _record(line)
            if record is not None and record.step > self._after:
                self._after = record.step
                records.append(record)
        return records


def log_end(folder: Path) -> tuple[int, Record | None]:
    """Return the number of lines of a log, and its last record."""
    try:
        lines = (folder / LOG_FILE).read_bytes().splitlines()
    except OSError:
        return 0, None
    return len(lines), next(filter(None, map(_record, reversed(lines))), None)


def _record(line: bytes) -> Record | None:
    with suppress(ValidationError):
        return Record.model_validate_json(line)
    return None
