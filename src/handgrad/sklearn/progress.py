"""How the classifier shows its training: not at all, as a bar, or a line for each epoch."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from handgrad.training.records import Record


@contextmanager
def progress(verbose: int, done: int, epochs: int) -> Iterator[Callable[[Record], None]]:
    """Show records while a block lasts.

    Parameters
    ----------
    verbose : int
        0 for nothing, 1 for a progress bar, 2 for a line for each epoch.
    done, epochs : int
        Whole epochs made before, and those that there will be then.

    Yields
    ------
    callable
        Shows a record.
    """
    if not verbose:
        yield lambda record: None
    elif verbose > 1:
        yield lambda record: print(f"epoch {record.epoch:>5,} of {epochs:,}: {told(record)}", flush=True)
    else:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("epoch {task.completed:,.0f} of {task.total:,.0f}"),
            BarColumn(bar_width=30),
            TimeRemainingColumn(),
            TextColumn("left  {task.description}"),
        )
        with Progress(*columns) as bar:
            task = bar.add_task("", total=epochs, completed=done)
            yield lambda record: bar.update(task, completed=record.epoch, description=told(record))


def told(record: Record) -> str:
    """Tell the losses and accuracies of a record."""
    training = f"loss {record.loss:.4f}, accuracy {record.train_accuracy:.2%}"
    if record.validation_loss is None or record.validation_accuracy is None:
        return training
    return f"{training}; validation {record.validation_loss:.4f}, {record.validation_accuracy:.2%}"
