"""Run folders as the server sees them: their states and their records."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from handgrad.errors import HandgradError
from handgrad.exports.formats import CHECKPOINT_FILE, MODEL_FILE
from handgrad.locks import is_locked
from handgrad.recipes.loading import load_recipe
from handgrad.run_status import is_finished, read_state
from handgrad.runs import RECIPE_FILE
from handgrad.training.records import LOG_FILE, Record

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


def find_runs(runs: Path) -> list[Path]:
    """List the runs in a folder, the last started or resumed first."""
    return sorted(filter(is_run, runs.glob("[A-Za-z0-9]*")), key=_started, reverse=True)


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


def read_records(folder: Path, after: int = -1) -> list[Record]:
    """Return the records of a run after a step; lines that are damaged, or still being written, are left out."""
    lines, records = [], []
    with suppress(OSError):
        lines = (folder / LOG_FILE).read_bytes().splitlines()
    for line in reversed(lines):  # only new ones are parsed
        with suppress(ValueError):
            record = RECORD.validate_json(line)
            if record.step <= after:
                break
            records.append(record)
    return records[::-1]
