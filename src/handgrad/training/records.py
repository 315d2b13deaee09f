"""Records: the loss and accuracy of each epoch, and the log of a run."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError
from handgrad.files import usable
from handgrad.training.state import TrainingState

LOG_FILE = "log.jsonl"


@dataclass(frozen=True)
class Record:
    """The measurements of one epoch, or of the part of it before training stopped or that is done so far.

    Parameters
    ----------
    step : int
        Index of the last step, from 0: 501 steps end with step 500.
    epoch : int
        Number of the epoch, from 1.
    loss : float
        Mean training loss over the batches of the epoch, each before its step. It is the loss of the task, e.g.
        cross-entropy in nats, without label smoothing.
    train_accuracy : float or None
        Fraction of correct predictions in the same batches, or of correct labels if an example has several. None for
        a regression.
    validation_loss : float or None
        Loss on the validation split after the last step; None without a validation split, and within an epoch.
    validation_accuracy : float or None
        Accuracy on the validation split; None where there is no such loss, and for a regression.
    learning_rate : float
        Learning rate of the last step.
    seconds : float
        Time in training so far, resumed sessions included.
    examples_per_second : float
        Speed of training since the record before.

    See Also
    --------
    load_records : Read the records of a run folder.

    Examples
    --------
    >>> import handgrad as hg
    >>> data = hg.Dataset([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    >>> network = hg.Network([hg.Dense(2)], input_shape=1, rng=0)
    >>> records = hg.fit(network, data, optimizer=hg.SGD(1.0), epochs=5)
    >>> record = records[-1]
    >>> record.step, record.epoch, record.train_accuracy
    (4, 5, 1.0)
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
        """Return the fields by name, for JSON.

        Returns
        -------
        dict
            Names and values of the fields.
        """
        return asdict(self)


def training_measures(state: TrainingState, dataset: Dataset) -> dict[str, Any]:
    """Return the fields of a record that the state of a training contains, for the epoch so far."""
    examples = state.position or len(dataset)  # between epochs, the sums are of the one before
    decisions = examples * (len(dataset.classes) if dataset.task == "multilabel" else 1)
    return {
        "step": state.step - 1,
        "epoch": state.epoch + (state.position > 0),
        "loss": state.loss_sum / examples,
        "train_accuracy": None if dataset.task == "regression" else state.correct / decisions,
    }


def parse_record(line: str | bytes) -> Record:
    """Read a line of a log; ValueError where it is not a record."""
    try:
        values = json.loads(line)
        return Record(**{field.name: _checked(values[field.name], field.type) for field in fields(Record)})
    except (KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError(f"not a record: {error}") from error


def _checked(value: Any, kind: Any) -> Any:
    """Return the value of a field of a type, of which int is also a float; TypeError where it has another type."""
    if type(value) is int and kind is not int:
        value = float(value)
    if type(value) is bool or not isinstance(value, kind):
        raise TypeError(f"{value!r:.60} is of another type")
    return value


def load_records(folder: Path | str) -> list[Record]:
    """Read the records of a run folder.

    Parameters
    ----------
    folder : path
        Run folder, as ``handgrad train`` writes it. An incomplete last line of its ``log.jsonl`` is left out.

    Returns
    -------
    list of Record
        Records, the oldest first; empty before the first record.

    Raises
    ------
    HandgradError
        If the folder does not exist, or a line is not a record.

    See Also
    --------
    plots.plot_learning_curves : Draw the records of one run or of several.

    Examples
    --------
    >>> import json
    >>> import handgrad as hg
    >>> data = hg.Dataset([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    >>> network = hg.Network([hg.Dense(2)], input_shape=1, rng=0)
    >>> with open("log.jsonl", "w") as log:
    ...     for record in hg.train(network, data, epochs=2, seed=0):
    ...         print(json.dumps(record.as_dict()), file=log)
    >>> [record.epoch for record in hg.load_records(".")]
    [1, 2]
    """
    path = usable(Path(folder) / LOG_FILE)
    if path.parent.is_dir() and not path.exists():
        return []
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except OSError as error:
        raise HandgradError(f"cannot read {path}: {error.strerror or error}; name a run folder") from error
    records = []
    for number, line in enumerate(lines, 1):
        try:
            records.append(parse_record(line))
        except ValueError:
            if number < len(lines):
                raise HandgradError(f"{path}, line {number} is not a record; remove it") from None
    return records
