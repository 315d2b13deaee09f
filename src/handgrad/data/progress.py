"""A progress bar on standard error, shown by default only on a terminal, or in a notebook with ipywidgets."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec


@contextmanager
def progress_bar(
    title: str, total: int | None = None, *, shown: bool | str = "auto", keep: bool = False
) -> Iterator[Callable[..., None]]:
    """Show a bar within a block; the function that is yielded sets how much of `total` is done, and the title."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress

    console = Console(stderr=True)
    if shown == "auto":
        shown = sys.stderr.isatty() or (console.is_jupyter and find_spec("ipywidgets") is not None)
    with Progress(console=console, transient=not keep, disable=not shown) as bar:
        task = bar.add_task(escape(title), total=total)
        yield lambda done, title=title: bar.update(task, completed=done, description=escape(title))
