"""A learner's folder: the files of the exercises, and ``progress.json`` with results and hints."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from handgrad.errors import HandgradError
from handgrad.files import make_folder, write_file
from handgrad.learn.added import require_sound
from handgrad.learn.catalog import FOLDER, exercises, learner_file, load_exercise
from handgrad.learn.check import Report, check, read_learner_file
from handgrad.learn.exercise import Exercise
from handgrad.locks import lock_folder

DEFAULT = Path("exercises")
PROGRESS = "progress.json"
STATUSES = ("passed", "failed", "not started")
ADDED = ".handgrad"
"""Folder of the definitions that a teacher has added."""


@dataclass
class LearnerFolder:
    """A folder with a file for each exercise.

    Parameters
    ----------
    path : Path
        The folder.
    exercises : mapping from str to Exercise
        The exercises by name, in their order.
    definitions : mapping from str to Path
        The files that define them.
    progress : dict
        For each exercise, as far as known: ``"status"``, ``"score"``, ``"file"`` (a hash) and ``"hints"``.
    """

    path: Path
    exercises: dict[str, Exercise]
    definitions: dict[str, Path]
    progress: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path | None = None) -> "LearnerFolder":
        """Open a folder; HandgradError if it has no exercises.

        It is the path, by default the current folder, or else ``exercises`` in it.
        """
        places = [path or Path(), path / DEFAULT if path else DEFAULT]
        for place in places:
            found, definitions = definitions_of(sorted(Path(place, ADDED).glob("*.py")))
            if any(Path(place, f"{name}.py").exists() for name in found):
                return cls(place, found, definitions, load_progress(place / PROGRESS))
        shown = places[0] if path else "this folder"
        advice = f"copy them with: handgrad learn start {path or DEFAULT}"
        raise HandgradError(f"there are no exercises in {shown}; {advice}")

    @classmethod
    def create(cls, path: Path, added: Iterable[Path] = ()) -> tuple["LearnerFolder", list[str]]:
        """Create a folder, or add the missing files to one; return it with the names of the files written.

        `added` are files that define further exercises.
        """
        added = list(added)
        for file in added:
            require_sound(file)
        make_folder(path)
        for file in added:
            make_folder(path / ADDED)
            write_file(path / ADDED / file.name, file.read_bytes())
        found, definitions = definitions_of(sorted(Path(path, ADDED).glob("*.py")))
        missing = [name for name in found if not Path(path, f"{name}.py").exists()]
        for name in missing:
            write_file(path / f"{name}.py", learner_file(found[name]).encode())
        return cls(path, found, definitions, load_progress(path / PROGRESS)), missing

    def file(self, name: str) -> Path:
        """Return the learner's file of an exercise."""
        return self.path / f"{name}.py"

    def check(self, name: str) -> Report:
        """Check an exercise, and keep the result."""
        report = check(self.exercises[name], self.definitions[name], self.file(name))
        known = {"status": report.status, "score": round(report.score, 4), "file": self._hash(name)}
        self._keep(name, known)
        return report

    def status(self, name: str) -> str:
        """Return the known status of an exercise; ``"changed"`` if its file has changed since."""
        known = self.progress.get(name, {})
        if "status" not in known or not self.file(name).is_file():
            return "not started"
        return str(known["status"]) if known.get("file") == self._hash(name) else "changed"

    def passes(self, name: str) -> bool:
        """Whether an exercise passes; it is checked if its file has changed since the last check."""
        if not self.file(name).is_file():
            return False
        if self.progress.get(name, {}).get("file") != self._hash(name):
            self.check(name)
        return self.status(name) == "passed"

    def next_hint(self, name: str) -> int:
        """Return the number of the next hint, from 1, and count it; 0 if there are no more."""
        shown, known = self.progress.get(name, {}).get("hints", 0), len(self.exercises[name].hints)
        if shown >= known:
            return 0
        self._keep(name, {"hints": shown + 1})
        return int(shown + 1)

    def is_default(self) -> bool:
        """Whether commands find the folder without ``--folder``."""
        return self.path in (Path(), DEFAULT)

    def _hash(self, name: str) -> str:
        try:
            return sha256(read_learner_file(self.file(name))).hexdigest()
        except OSError:
            return ""

    def _keep(self, name: str, values: dict[str, Any]) -> None:
        """Add to the progress of an exercise in the file, to which another check may have added."""
        with lock_folder(self.path):
            self.progress = load_progress(self.path / PROGRESS)
            self.progress[name] = self.progress.get(name, {}) | values
            write_file(self.path / PROGRESS, json.dumps(self.progress, indent=1).encode())


def definitions_of(added: Iterable[Path]) -> tuple[dict[str, Exercise], dict[str, Path]]:
    """Return all exercises, and the files that define them, with those that a teacher has added."""
    found, files = dict(exercises()), {name: FOLDER / f"{name}.py" for name in exercises()}
    for file in added:
        found[file.stem], files[file.stem] = load_exercise(file), file
    return found, files


def load_progress(file: Path) -> dict[str, dict[str, Any]]:
    """Read the progress. Of a damaged file nothing is used: results come back with the next check."""
    try:
        progress = json.loads(read_learner_file(file))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise HandgradError(f"cannot read {file}: {error.strerror or error}") from error
    except (ValueError, RecursionError):
        return {}
    if not isinstance(progress, dict):
        return {}
    return {name: known for name, known in progress.items() if _is_progress(known)}


def _is_progress(value: Any) -> bool:
    """Whether a value of the file is the progress of an exercise."""
    if not isinstance(value, dict):
        return False
    hints = value.get("hints", 0)
    return value.get("status", "passed") in STATUSES and isinstance(hints, int) and hints >= 0
