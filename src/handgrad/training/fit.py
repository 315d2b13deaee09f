"""Training to the end, with a progress bar."""

from typing import Any

from handgrad.data.dataset import Dataset, Splits
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
    from rich.console import Console
    from rich.progress import Progress

    console, taken = Console(stderr=True), []
    shown = progress is True or console.is_terminal or console.is_jupyter
    lengths = {name: arguments.get(name) for name in ("batch_size", "epochs", "steps")}
    total = count_steps(len(data if isinstance(data, Dataset) else data.train), **lengths)
    with Progress(console=console, disable=not shown) as bar:
        task = bar.add_task("training", total=total)
        for record in records:
            taken.append(record)
            description = f"epoch {record.epoch}, loss {record.loss:.4f}"
            bar.update(task, completed=record.step + 1, description=description)
    return taken
