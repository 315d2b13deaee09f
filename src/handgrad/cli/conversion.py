"""How it is shown that data are converted, which happens once: a bar on a terminal, two lines in a pipe."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from handgrad.data.streams.memory import shown
from handgrad.data.streams.progress import Progress, tell_of_conversion
from handgrad.training.distributed import ALONE, Communication


@contextmanager
def showing_conversion(quiet: bool = False, communication: Communication = ALONE) -> Iterator[None]:
    """Show on standard error what is converted within the block, by this rank if there are several."""
    who = f"rank {communication.rank}: " if communication.rank else ""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    bar = Bar(*columns, TextColumn("left"), console=Console(stderr=True), transient=True)
    task = None

    def stop() -> None:
        if bar.live.is_started:
            bar.stop()

    def tell(progress: Progress) -> None:
        nonlocal task
        if task is None:
            print(
                f"{who}converting {progress.source} for streaming, once, into {progress.folder}",
                file=sys.stderr,
            )
            if sys.stderr.isatty():
                bar.start()
            task = bar.add_task("", total=1.0)
        held = f"{progress.examples:,} examples, {shown(progress.written)}"
        bar.update(task, completed=progress.share, description=held)
        if progress.finished:
            stop()
            print(f"{who}converted  {held}", file=sys.stderr)
            task = None

    tell_of_conversion(None if quiet else tell)
    try:
        yield
    finally:
        stop()
        tell_of_conversion(None)
