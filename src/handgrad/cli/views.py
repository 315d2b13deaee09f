"""How a training is shown: lines of text, on a terminal with a progress bar; JSON; or nothing."""

import sys
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from handgrad.cli.output import emit, emit_json
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
        pass

    def show(self, record: Record) -> None:
        """Show a record."""

    def finish(self, test: Evaluation | None, opened: bool) -> None:
        """Show the result on the test split, if there is one and it was opened."""


class JsonView(View):
    """One JSON object per line: the records, then the result."""

    def show(self, record: Record) -> None:
        """Print the record."""
        emit_json(record.as_dict())

    def finish(self, test: Evaluation | None, opened: bool) -> None:
        """Print the folder of the run, and the result on the test split."""
        result: dict[str, Any] = {"run": str(self.run.folder), "interrupted": self.run.interrupted}
        if test:
            result |= {"test_examples": test.examples, "test_loss": test.loss, "test_accuracy": test.accuracy}
        emit_json(result)


class TextView(View):
    """Lines of text, and on a terminal a progress bar below them."""

    def __init__(self, run: Run, threads: int) -> None:
        super().__init__(run, threads)
        self.bar = Bar(run)

    def __enter__(self) -> "TextView":
        for line in introduction(self.run, self.threads):
            emit(line)
        emit()
        if self.run.finished:
            emit(f"already finished after {self.run.state.step:,} steps; there is nothing to resume")
        else:
            emit(heading(self.run))
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def show(self, record: Record) -> None:
        """Print the record as a row."""
        emit(row(record))

    def finish(self, test: Evaluation | None, opened: bool) -> None:
        """Print the result and the folder of the run."""
        emit()
        for line in conclusion(self.run, test, opened):
            emit(line)


class Bar(Progress):
    """A progress bar that reads the step of the training whenever the screen is refreshed."""

    def __init__(self, run: Run) -> None:
        super().__init__(
            TextColumn("step {task.completed:,.0f} of {task.total:,.0f}"),
            BarColumn(bar_width=30),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=Console(highlight=False, soft_wrap=True),
            transient=True,
            refresh_per_second=5,
            disable=not sys.stdout.isatty(),
        )
        self.state = run.state
        self.task = self.add_task("", total=run.total_steps, completed=run.state.step)

    def get_renderables(self) -> Iterable[RenderableType]:
        """Update the bar, and return it."""
        if hasattr(self, "task"):
            self.update(self.task, completed=self.state.step)
        return super().get_renderables()


def choose_view(run: Run, threads: int, *, json: bool, quiet: bool) -> View:
    """Choose how to show a run."""
    return JsonView(run, threads) if json else View(run, threads) if quiet else TextView(run, threads)


def introduction(run: Run, threads: int) -> list[str]:
    """Describe what is trained, on which data and how."""
    recipe, train, training = run.recipe, run.splits.train, run.recipe.training
    batch = "all examples" if training.batch_size == "all" else f"{training.batch_size:,} examples"
    length = f"{training.steps:,} steps" if training.steps else f"{training.epochs:,} epochs"
    shape = "×".join(map(str, train.input_shape))
    validation = f", {len(run.splits.validation):,} for validation" if run.splits.validation else ""
    workers = f"{threads} thread{'s' * (threads > 1)}"
    if run.communicator.size > 1:
        ranks = run.communicator.size
        workers = f"{ranks} rank{'s' * (ranks > 1)} of {workers}"
    return [
        f"recipe   {recipe.name}: {recipe.lesson}" if recipe.lesson else f"recipe   {recipe.name}",
        f"data     {run.splits.source}: {len(train):,} examples{validation}, {shape} {train.inputs.dtype}, "
        f"{len(train.class_names)} classes",
        f"network  {architecture(run)}: {run.network.parameter_count:,} parameters",
        f"training {length} of {batch}, {type(run.optimizer).__name__} at {run.optimizer.learning_rate:g}, "
        f"seed {recipe.seed}, {workers}",
    ]


def architecture(run: Run) -> str:
    """Abbreviate a network: ``784-10-10`` if it is dense, else the names of its layers."""
    layers = run.network.layers
    if all(isinstance(layer, Dense) for layer in layers[::2]) and len(run.network.input_shape) == 1:
        widths = [layer.units for layer in layers if isinstance(layer, Dense)]
        return "-".join(map(str, (run.network.input_shape[0], *widths)))
    return "-".join(name for name, _ in groupby(type(layer).__name__ for layer in layers))


def heading(run: Run) -> str:
    """Return the heading of `row`."""
    validation = f"{'val. loss':>11}{'val. acc.':>11}" if run.splits.validation else ""
    return f"{'step':>8}{'loss':>10}{'accuracy':>11}{validation}{'examples/s':>13}{'time':>9}"


def row(record: Record) -> str:
    """Format a record."""
    validation = ""
    if record.validation_loss is not None and record.validation_accuracy is not None:
        validation = f"{record.validation_loss:>11.4f}{record.validation_accuracy:>11.2%}"
    time = f"{record.seconds:.1f} s"
    return (
        f"{record.step:>8,}{record.loss:>10.4f}{record.train_accuracy:>11.2%}{validation}"
        f"{record.examples_per_second:>13,.0f}{time:>9}"
    )


def resume_command(run: Run) -> str:
    """Return the command that resumes a run."""
    several = f"mpiexec -n {run.communicator.size} " if run.communicator.size > 1 else ""
    return f"{several}handgrad resume {run.folder}"


def conclusion(run: Run, test: Evaluation | None, opened: bool) -> list[str]:
    """Describe the result, and where it is saved."""
    lines = []
    if run.interrupted:
        done = f"{run.state.step:,} of {run.total_steps:,} steps"
        lines.append(f"stopped  at the time limit after {done}; resume with: {resume_command(run)}")
    if run.stopped_early:
        epochs = run.state.waited * run.recipe.training.record_every
        lines.append(f"stopped  no better validation for {epochs:,} epochs; the best parameters are kept")
    if not opened:
        lines.append(f"test     not opened; evaluate with: handgrad evaluate {run.folder}")
    elif test:
        lines.append(
            f"test     accuracy {test.accuracy:.2%} of {test.examples:,}, cross-entropy {test.loss:.4f}"
        )
    else:
        lines.append(
            f"test     {run.splits.source} has no test split; evaluate other data with: "
            f"handgrad evaluate {run.folder} --data FILE"
        )
    lines.append(f"saved    {run.folder}")
    return lines
