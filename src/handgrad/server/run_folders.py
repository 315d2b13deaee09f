"""Run folders as the server sees them: what was logged, how far they came, and in which state they are."""

import json
import os
import re
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from pydantic import ValidationError

from handgrad.exports.formats import CHECKPOINT_FILE, MODEL_FILE
from handgrad.files import replacing
from handgrad.locks import is_held
from handgrad.run_status import model_is_newest, progress
from handgrad.runs import RECIPE_FILE
from handgrad.server.schemas import Record, State
from handgrad.training.records import LOG_FILE

MARK_FILE = "serve.json"
"""What the server notes in a run's folder: that it was paused, stopped or failed, and at which step."""
LARGEST_MARK = 10_000


@dataclass(frozen=True)
class Standing:
    """The state of a run, and why it failed, if it did."""

    state: State
    error: str | None = None


def is_name(name: str) -> bool:
    """Tell whether a run may be called so: no path, and nothing hidden."""
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}", name) is not None


def run_names(runs: Path) -> list[str]:
    """List the runs below a folder, the one that was begun or resumed last first."""
    found = []
    with suppress(OSError):
        for folder in runs.iterdir():
            if is_name(folder.name) and is_run(folder):
                found.append((-_age(folder), folder.name))
    return [name for _, name in sorted(found)]


def is_run(folder: Path) -> bool:
    """Tell whether a folder holds a run; one that a link leads to elsewhere is not served."""
    held = any((folder / name).is_file() for name in (CHECKPOINT_FILE, MODEL_FILE))
    return held and folder.resolve().parent == folder.parent.resolve()


def standing(folder: Path) -> Standing:
    """Find the state of a run that this server does not train."""
    if is_held(folder):
        return Standing("running")
    reached = progress(folder)
    if reached is None:  # a model without a checkpoint cannot go on
        return Standing("finished")
    if is_finished(folder, reached):
        return Standing("finished")
    return read_mark(folder, reached["step"]) or Standing("interrupted")


def is_finished(folder: Path, reached: dict[str, Any]) -> bool:
    """Tell whether a run came to its recipe's end, and its model was written after that."""
    recipe = recipe_tables(folder)
    training, patience = recipe.get("training", {}), recipe.get("early_stopping", {}).get("patience")
    steps, epochs = training.get("steps"), training.get("epochs")
    done = (
        (steps is not None and reached["step"] >= steps)
        or (epochs is not None and reached["epoch"] >= epochs)
        or (patience is not None and reached["waited"] >= patience)
    )
    return done and model_is_newest(folder)


def recipe_tables(folder: Path) -> dict[str, Any]:
    """Read the recipe of a run as plain tables; none where it cannot be read."""
    with suppress(OSError, ValueError):
        return tomllib.loads((folder / RECIPE_FILE).read_text("utf-8"))
    return {}


def read_mark(folder: Path, step: int) -> Standing | None:
    """Read what the server noted, if the run stands where it stood then."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        text = (folder / MARK_FILE).read_bytes()[:LARGEST_MARK]
        mark = json.loads(text)
        if mark["step"] == step and mark["state"] in ("paused", "stopped", "failed"):
            error = mark.get("error")
            return Standing(mark["state"], str(error) if error is not None else None)
    return None


def write_mark(folder: Path, found: Standing) -> None:
    """Note the state of a run at its present step."""
    reached = progress(folder)
    if reached is None:
        return
    mark = {"state": found.state, "step": reached["step"], "error": found.error}
    with replacing(folder / MARK_FILE) as temporary:
        temporary.write_text(json.dumps(mark) + "\n", "utf-8")


class LogReader:
    """Reads a log while it grows.

    Parameters
    ----------
    folder : Path
        Of a run.
    after : int
        Records up to this step are left out.
    """

    def __init__(self, folder: Path, after: int = -1) -> None:
        self.path = folder / LOG_FILE
        self.after = after
        self._place = 0
        self._file: tuple[int, int] | None = None

    def is_replaced(self) -> bool:
        """Tell whether the log is another file than the one that was read, or shorter, or gone."""
        try:
            status = self.path.stat()
        except OSError:
            return self._file is not None
        other = self._file not in (None, (status.st_dev, status.st_ino))
        return other or status.st_size < self._place

    def new(self) -> list[Record]:
        """Give the records that were not given before, each once, also where the log was written anew."""
        if self.is_replaced():
            self._file, self._place = None, 0
        try:
            with self.path.open("rb") as file:
                status = os.fstat(file.fileno())
                self._file = status.st_dev, status.st_ino
                file.seek(self._place)
                content = file.read()
        except OSError:
            return []
        whole = content.rfind(b"\n") + 1  # a last line that is being written waits
        self._place += whole
        found = []
        for line in content[:whole].splitlines():
            with suppress(ValidationError):
                record = Record.model_validate_json(line)
                if record.step > self.after:
                    self.after = record.step
                    found.append(record)
        return found


class LogEnds:
    """How many records each log holds, and the last one; of a log that was read before, only what is new is read."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[LogReader, int, Record | None]] = {}
        self._lock = Lock()

    def of(self, folder: Path) -> tuple[int, Record | None]:
        """Count the records of a run, and give the last."""
        with self._lock:
            reader, count, last = self._known.get(folder) or (LogReader(folder), 0, None)
            if reader.is_replaced():  # cut before it was resumed, or another run of that name
                reader, count, last = LogReader(folder), 0, None
            new = reader.new()
            found = count + len(new), new[-1] if new else last
            self._known[folder] = reader, *found
            return found


def _age(folder: Path) -> float:
    with suppress(OSError):
        return _changed(folder / RECIPE_FILE)
    with suppress(OSError):
        return _changed(folder / MODEL_FILE)
    return 0.0


def _changed(path: Path) -> float:
    return path.stat().st_mtime_ns
