"""Training to the end, with a progress bar."""

from typing import Any

from handgrad.data.dataset import Dataset, Splits
from handgrad.data.progress import progress_bar
from handgrad.errors import HandgradError
from handgrad.model.network import Network
from handgrad.training.records import Record
from handgrad.training.state import count_steps
from handgrad.training.train import train


def fit(
    network: Network, data: Splits | Dataset, *, progress: bool | str = "auto", **arguments: Any
) -> list[Record]:
    """Train a network, in place, to the end, and return all records.

    `progress` is whether to show a progress bar; "auto" shows one on a terminal and in a notebook. All other
    arguments, and the errors, are those of `train`.
    """
    if progress not in (True, False, "auto"):
        raise HandgradError(f"progress must be True, False or 'auto'; got {progress!r:.60}")
    records = train(network, data, **arguments)
    if not progress:
        return list(records)
    lengths = {name: arguments.get(name) for name in ("batch_size", "epochs", "steps")}
    total = count_steps(len(data if isinstance(data, Dataset) else data.train), **lengths)
    taken: list[Record] = []
    with progress_bar("training", total, shown=progress, keep=True) as show:
        for record in records:
            taken.append(record)
            show(record.step + 1, f"epoch {record.epoch}, loss {record.loss:.4f}")
    return taken
