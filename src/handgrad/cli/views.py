"""How a training is shown: lines of text, on a terminal with a progress bar; JSON; or nothing."""

import sys
from collections.abc import Iterable
from itertools import groupby

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from handgrad.cli.output import emit, emit_json
from handgrad.model.layers import Dense
from handgrad.runs import Run
from handgrad.training.metrics import Evaluation
from handgrad.training.records import Record


class View:
    """Shows a run. The block of this context manager is the training."""

    def __init__(self, run: Run, threads: int, *, json: bool, quiet: bool) -> None:
        self.run, self.threads, self.json, self.text = run, threads, json, not (json or quiet)
        self.bar = _Bar(run, disable=not (self.text and sys.stdout.isatty()))

    def __enter__(self) -> "View":
        if self.text:
            self._introduce()
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def show(self, record: Record) -> None:
        """Show a record."""
        if self.json:
            emit_json(record.as_dict())
        elif self.text:
            validation = ""
            if record.validation_loss is not None and record.validation_accuracy is not None:
                validation = f"{record.validation_loss:>11.4f}{record.validation_accuracy:>11.2%}"
            emit(
                f"{record.step:>8,}{record.loss:>10.4f}{record.train_accuracy:>11.2%}{validation}"
                f"{record.examples_per_second:>13,.0f}{f'{record.seconds:.1f} s':>9}"
            )

    def finish(self, test: Evaluation | None, opened: bool) -> None:
        """Show the result on the test split, if there is one and it was opened."""
        run = self.run
        if self.json:
            result = {"run": str(run.folder), "interrupted": not run.finished}
            measured = test and {
                "test_examples": test.examples,
                "test_loss": test.loss,
                "test_accuracy": test.accuracy,
            }
            emit_json(result | (measured or {}))
        if not self.text:
            return
        emit()
        if not run.finished:
            done = f"{run.state.step:,} of {run.total_steps:,} steps"
            emit(f"stopped  at the time limit after {done}; resume with: {resume_command(run)}")
        elif run.state.step < run.total_steps:
            records = run.state.waited
            emit(f"stopped  no better validation in {records:,} records; the best parameters are kept")
        if not opened:
            emit(f"test     not opened; evaluate with: handgrad evaluate {run.folder}")
        elif test:
            emit(f"test     accuracy {test.accuracy:.2%} of {test.examples:,}, cross-entropy {test.loss:.4f}")
        else:
            command = f"handgrad evaluate {run.folder} --data FILE"
            emit(f"test     {run.splits.source} has no test split; evaluate other data with: {command}")
        emit(f"saved    {run.folder}")

    def _introduce(self) -> None:
        """Print what is trained, on which data and how."""
        run, recipe, train = self.run, self.run.recipe, self.run.splits.train
        training, optimizer = recipe.training, recipe.build_optimizer()
        batch = "of all" if training.batch_size == "all" else f"in batches of {training.batch_size:,}"
        length = (
            f"{training.steps:,} steps"
            if training.steps
            else f"{training.epochs:,} epoch{'s' * (training.epochs != 1)}"
        )
        validation = run.splits.validation
        held_out = f", {len(validation):,} for validation" if validation else ""
        ranks = f"{run.communicator.size} ranks of " if run.communicator.size > 1 else ""
        emit(f"recipe   {recipe.name}{f': {recipe.lesson}' if recipe.lesson else ''}")
        emit(
            f"data     {run.splits.source}: {len(train):,} examples{held_out}, "
            f"{'×'.join(map(str, train.input_shape))} {train.inputs.dtype}, {len(train.class_names)} classes"
        )
        emit(f"network  {_architecture(run)}: {run.network.parameter_count:,} parameters")
        emit(
            f"training {length} {batch} examples, {type(optimizer).__name__} at {optimizer.learning_rate:g}, "
            f"seed {recipe.seed}, {ranks}{self.threads} thread{'s' * (self.threads > 1)}"
        )
        if run.finished:
            emit(f"\nalready finished after {run.state.step:,} steps; there is nothing to resume")
        else:
            measured = f"{'val. loss':>11}{'val. acc.':>11}" if validation else ""
            emit(f"\n{'step':>8}{'loss':>10}{'accuracy':>11}{measured}{'examples/s':>13}{'time':>9}")


class _Bar(Progress):
    """A progress bar that reads the step of the training whenever the screen is refreshed."""

    def __init__(self, run: Run, disable: bool) -> None:
        columns = (
            TextColumn("step {task.completed:,.0f} of {task.total:,.0f}"),
            BarColumn(bar_width=30),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            TextColumn("left"),
        )
        console = Console(highlight=False, soft_wrap=True)
        super().__init__(*columns, console=console, transient=True, refresh_per_second=5, disable=disable)
        self.state = run.state
        self.task = self.add_task("", total=run.total_steps, completed=run.state.step)

    def get_renderables(self) -> Iterable[RenderableType]:
        """Update the bar, and return it."""
        if hasattr(self, "task"):
            self.update(self.task, completed=self.state.step)
        return super().get_renderables()


def resume_command(run: Run) -> str:
    """Return the command that resumes a run."""
    ranks = run.communicator.size
    return f"{f'mpiexec -n {ranks} ' if ranks > 1 else ''}handgrad resume {run.folder}"


def _architecture(run: Run) -> str:
    """Abbreviate a network: ``784-10-10`` if it is dense, else the names of its layers."""
    layers = run.network.layers
    if all(isinstance(layer, Dense) for layer in layers[::2]) and len(run.network.input_shape) == 1:
        widths = [layer.units for layer in layers if isinstance(layer, Dense)]
        return "-".join(map(str, (run.network.input_shape[0], *widths)))
    return "-".join(name for name, _ in groupby(type(layer).__name__ for layer in layers))
