"""Records: the loss and accuracy of each epoch, and the log of a run."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from handgrad.errors import HandgradError
from handgrad.files import usable

LOG_FILE = "log.jsonl"


@dataclass(frozen=True)
class Record:
    """One epoch, or the part of it before training stopped.

    Attributes
    ----------
    step, epoch : int
        Index of the last step, from 0, and of the epoch, from 1: 501 steps end with step 500.
    loss, train_accuracy : float
        Means over the epoch's batches, each before its step: the loss of the task, e.g. cross-entropy in nats,
        without label smoothing, and the fraction of correct predictions, of several labels that of correct labels.
        The accuracy of a regression is None.
    validation_loss, validation_accuracy : float or None
        After the last step; None without a validation split, and the accuracy of a regression.
    learning_rate : float
        Of the last step.
    seconds : float
        Time in training so far, resumed sessions included.
    examples_per_second : float
        Since the record before.
    """

    step: int
    epoch: int
    loss: float
    train_accuracy: float | None
    validation_loss: float | None
    validation_accuracy: float | None
    learning_rate: float
    seconds: float
    examples_per_second: float

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name, for JSON."""
        return asdict(self)


def load_records(folder: Path | str) -> list[Record]:
    """Read the records of a run folder, without a last line that is incomplete.

    Raise HandgradError if there is no such folder, or another line is not a record.
    """
    from pydantic import TypeAdapter, ValidationError

    path = usable(Path(folder) / LOG_FILE)
    if path.parent.is_dir() and not path.exists():
        return []
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except OSError as error:
        raise HandgradError(f"cannot read {path}: {error.strerror or error}; name a run folder") from error
    records, reader = [], TypeAdapter(Record)
    for number, line in enumerate(lines, 1):
        try:
            records.append(reader.validate_json(line, strict=True))
        except ValidationError:
            if number < len(lines):
                raise HandgradError(f"{path}, line {number} is not a record; remove it") from None
    return records
