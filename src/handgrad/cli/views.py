"""How a training is shown: a live table on a terminal, plain lines in a pipe, JSON, or nothing."""

import json as json_format
import sys
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from handgrad.cli.output import emit
from handgrad.model.layers import Dense
from handgrad.runs import Run
from handgrad.training.metrics import Evaluation
from handgrad.training.records import Record


class View:
    """Shows nothing; the base of the views that do."""

    def __init__(self, run: Run, threads: int) -> None:
        self.run = run
        self.threads = threads

    def __enter__(self) -> "View":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def show(self, record: Record) -> None:
        """Show a record as it comes."""

    def finish(self, test: Evaluation | None, opened: bool) -> None:
        """Tell the result, measured on the test split if there is one, and if it was opened."""


class JsonView(View):
    """One JSON object a line: the records, then the result."""

    def show(self, record: Record) -> None:
        """Print the record."""
        emit(json_format.dumps(record.as_dict()))

    def finish(self, test: Evaluation | None, opened: bool) -> None:
        """Print where the run is and, where there is a test split, what it says."""
        result: dict[str, Any] = {"run": str(self.run.folder), "interrupted": self.run.interrupted}
        if test:
            result |= {"test_examples": test.examples, "test_loss": test.loss, "test_accuracy": test.accuracy}
        emit(json_format.dumps(result))


class PlainView(View):
    """Lines of text."""

    def __enter__(self) -> "PlainView":
        for line in introduction(self.run, self.threads):
            self.line(line)
        self.line("")
        if not self.run.finished:
            self.line(heading(self.run), "bold")
        else:
            self.line(f"already finished after {self.run.state.step:,} steps; there is nothing to resume")
        return self

    def line(self, text: str, style: str = "") -> None:
        """Print one line."""
        emit(text)

    def show(self, record: Record) -> None:
        """Print the record as a row."""
        self.line(row(self.run, record))

    def finish(self, test: Evaluation | None, opened: bool) -> None:
        """Print the result and the files."""
        self.line("")
        for line in conclusion(self.run, test, opened):
            self.line(line)


class LiveView(PlainView):
    """The same lines on a terminal, and below them a progress bar with the time left."""

    def __init__(self, run: Run, threads: int) -> None:
        super().__init__(run, threads)
        self.console = Console(highlight=False, soft_wrap=True)
        self.progress = Progress(
            TextColumn("step {task.completed:,.0f} of {task.total:,.0f}"),
            BarColumn(bar_width=30),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=self.console,
        )
        self.task = self.progress.add_task("", total=run.total_steps, completed=run.state.step)
        self.live = Live(get_renderable=self._bar, console=self.console, transient=True, refresh_per_second=5)

    def _bar(self) -> Progress:
        """Look where training stands; the screen asks several times a second."""
        self.progress.update(self.task, completed=self.run.state.step)
        return self.progress

    def __enter__(self) -> "LiveView":
        super().__enter__()
        self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.live.stop()

    def line(self, text: str, style: str = "") -> None:
        """Print one line above the progress bar."""
        self.console.print(text, style=style or None, markup=False)


def choose_view(run: Run, threads: int, *, json: bool, quiet: bool) -> View:
    """Choose how to show a run."""
    if json:
        return JsonView(run, threads)
    if quiet:
        return View(run, threads)
    return LiveView(run, threads) if sys.stdout.isatty() else PlainView(run, threads)


def introduction(run: Run, threads: int) -> list[str]:
    """Say what is trained, on what, how and where."""
    train, training = run.splits.train, run.recipe.training
    batch = "all examples" if training.batch_size == "all" else f"{training.batch_size:,} examples"
    length = f"{training.steps:,} steps" if training.steps else f"{training.epochs:,} epochs"
    shape = "×".join(map(str, train.input_shape))
    validation = f", {len(run.splits.validation):,} to validate" if run.splits.validation else ""
    crew = f"{threads} thread{'s' * (threads > 1)}"
    if run.communication.several:
        ranks = run.communication.size
        crew = f"{ranks} rank{'s' * (ranks > 1)} of {crew}"
    return [
        f"recipe   {run.recipe.name}: {run.recipe.lesson}"
        if run.recipe.lesson
        else f"recipe   {run.recipe.name}",
        f"data     {run.splits.source}: {len(train):,} examples{validation}, {shape} {train.inputs.dtype}, "
        f"{len(train.class_names)} classes",
        f"network  {architecture(run)}: {run.network.parameter_count:,} parameters",
        f"training {length} of {batch}, {type(run.optimizer).__name__} at {run.optimizer.learning_rate:g}, "
        f"seed {run.recipe.seed}, {crew}",
    ]


def architecture(run: Run) -> str:
    """Write a network in short: ``784-10-10`` where it is dense, else the names of its layers."""
    layers = run.network.layers
    if all(isinstance(layer, Dense) for layer in layers[::2]) and len(run.network.input_shape) == 1:
        widths = [layer.units for layer in layers if isinstance(layer, Dense)]
        return "-".join(map(str, (run.network.input_shape[0], *widths)))
    return "-".join(name for name, _ in groupby(type(layer).__name__ for layer in layers))


def heading(run: Run) -> str:
    """Name the columns of `row`."""
    validation = f"{'val. loss':>11}{'val. acc.':>11}" if run.splits.validation else ""
    return f"{'step':>8}{'loss':>10}{'accuracy':>11}{validation}{'examples/s':>13}{'time':>9}"


def row(run: Run, record: Record) -> str:
    """Write a record as a row under `heading`."""
    validation = ""
    if record.validation_loss is not None and record.validation_accuracy is not None:
        validation = f"{record.validation_loss:>11.4f}{record.validation_accuracy:>11.2%}"
    time = f"{record.seconds:.1f} s"
    return (
        f"{record.step:>8,}{record.loss:>10.4f}{record.train_accuracy:>11.2%}{validation}"
        f"{record.examples_per_second:>13,.0f}{time:>9}"
    )


def resume_command(run: Run) -> str:
    """Write the command that goes on with a run."""
    several = f"mpiexec -n {run.communication.size} " if run.communication.several else ""
    return f"{several}handgrad resume {run.folder}"


def conclusion(run: Run, test: Evaluation | None, opened: bool) -> list[str]:
    """Say how good the saved model is, and where it is."""
    lines = []
    if run.interrupted:
        lines.append(
            f"time is up after {run.state.step:,} of {run.total_steps:,} steps; "
            f"go on with: {resume_command(run)}"
        )
    if run.stopped_early:
        epochs = run.state.waited * run.recipe.training.record_every
        lines.append(f"stopped  no better validation for {epochs:,} epochs; the best parameters are kept")
    if not opened:
        lines.append(f"test     left unopened; measure with: handgrad evaluate {run.folder}")
    elif test:
        lines.append(
            f"test     {test.accuracy:.2%} of {test.examples:,} examples right, loss {test.loss:.4f}"
        )
    else:
        lines.append(
            f"test     {run.splits.source} has no test split; measure on others with: "
            f"handgrad evaluate {run.folder} --data FILE --split train"
        )
    lines.append(f"saved    {run.folder}")
    return lines
