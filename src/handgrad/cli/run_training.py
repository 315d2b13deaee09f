"""Train a new or resumed run: show its records, stop it where requested, and evaluate it."""

from collections.abc import Callable, Iterable
from math import inf
from shutil import get_terminal_size
from time import monotonic

from rich.console import RenderableType
from rich.progress import Progress, TextColumn

from handgrad import __version__
from handgrad.cli.interrupts import Interrupted, interrupts
from handgrad.cli.options import SUCCEEDED, RunOptions
from handgrad.cli.output import emit, emit_json
from handgrad.cli.results import summary
from handgrad.config import count_outputs
from handgrad.errors import require
from handgrad.kernels.threads import choose_threads
from handgrad.runs import Run
from handgrad.tensorboard import log_to_tensorboard
from handgrad.training.distributed import init_distributed
from handgrad.training.evaluation import evaluate
from handgrad.training.records import Record
from handgrad.training.results import AnyEvaluation


def run_training(prepare: Callable[[], Run], options: RunOptions) -> int:
    """Train a run to the end or to an interruption, and evaluate the model on the test split."""
    communicator = init_distributed()
    communicator.require_equal(version=__version__, options=(options.tensorboard, options.no_test))
    first = communicator.rank == 0
    json, text = first and options.json, first and not (options.json or options.quiet)
    if options.tensorboard:
        require("TensorBoard files need", "tensorboard", "tensorboardX")
    threads, run = choose_threads(options.threads), prepare()
    end = monotonic() + (options.time_limit or inf)
    with interrupts(options.attached and first) as interrupted, run.open():
        if text:
            _introduce(run, threads)
        watched = options.attached and first
        records = run.train(threads, lambda: interrupted() or monotonic() >= end, watched=watched)
        if options.tensorboard and first:
            records = log_to_tensorboard(records, run.folder, run.state.step)
        with _Bar(run, shown=text):
            for record in records:
                if json:
                    emit_json(record.as_dict())
                elif text:
                    _show(record)
    if interrupted():
        raise Interrupted(_stopped(run))
    test = None if options.no_test else run.splits.test
    network = communicator.broadcast(lambda: run.network)
    result = evaluate(network, test, communicator=communicator) if test else None
    if json:
        facts = {"run": str(run.folder), "interrupted": not run.finished}
        if result:
            facts |= {"test_examples": result.examples, "test_loss": result.loss}
            facts |= {f"test_{name}": value for name, value in result.metrics().items()}
        emit_json(facts)
    elif text:
        _conclude(run, result, options.no_test)
    return SUCCEEDED


def _introduce(run: Run, threads: int) -> None:
    """Print what is trained, on which data and how."""
    recipe, train, validation = run.recipe, run.splits.train, run.splits.validation
    batch, ranks = recipe.training.batch_size, run.communicator.size
    apart = f", {len(validation):,} for validation" if validation else ""
    shape = "×".join(map(str, train.input_shape))
    example = f"{shape} {train.inputs.dtype}, {count_outputs(train.task, len(train.classes))}"
    workers = f"{f'{ranks} ranks of ' if ranks > 1 else ''}{threads} thread{'s' * (threads > 1)}"
    steps = f"{run.total_steps:,} steps of {batch if batch == 'all' else f'{batch:,}'} examples"
    optimizer = recipe.training_arguments()["optimizer"]
    rate = f"{type(optimizer).__name__} at {optimizer.learning_rate:g}"
    emit(f"recipe   {recipe.name}{f': {recipe.lesson}' if recipe.lesson else ''}")
    emit(f"data     {run.splits.source}: {len(train):,} examples{apart}, {example}")
    if train.task == "regression" and not recipe.data.task and (train.labels == train.labels.round()).all():
        emit("task     regression of integers; if they are classes: --task classification")
    emit(f"network  {_shortened(str(run.network), get_terminal_size().columns - 9)}")
    emit(f"training {steps}, {rate}, seed {recipe.seed}, {workers}\n")
    if run.finished:
        emit(f"already finished after {run.state.step:,} steps; there is nothing to resume")
    else:
        accuracy = train.task != "regression"
        measured = f"{'val. loss':>11}{'val. acc.':>11}"[: 22 if accuracy else 11] if validation else ""
        measured = f"{'accuracy':>11}{measured}" if accuracy else measured
        emit(f"{'step':>8}{'loss':>10}{measured}{'examples/s':>13}{'time':>9}")


def _shortened(network: str, width: int) -> str:
    """Leave layers in the middle out until the description fits."""
    text, parts = network, network.split(" → ")
    while len(text) > width and len(parts) > 2:
        middle = len(parts) // 2
        parts.pop(middle)
        text = " → ".join([*parts[:middle], "…", *parts[middle:]])
    return text


def _show(record: Record) -> None:
    """Print a record below the header of `_introduce`."""
    accuracies = record.train_accuracy, record.validation_accuracy
    training, validation = ("" if accuracy is None else f"{accuracy:>11.2%}" for accuracy in accuracies)
    if record.validation_loss is not None:
        validation = f"{record.validation_loss:>11.4f}{validation}"
    speed = f"{record.examples_per_second:>13,.0f}{f'{record.seconds:.1f} s':>9}"
    emit(f"{record.step:>8,}{record.loss:>10.4f}{training}{validation}{speed}")


def _conclude(run: Run, result: AnyEvaluation | None, no_test: bool) -> None:
    """Print where the training stopped, the result on the test split, and the folder."""
    emit()
    if not run.finished:
        emit(_stopped(run))
    elif run.state.step < run.total_steps:
        emit(f"stopped  no better validation in {run.state.waited:,} records; the best parameters are kept")
    missing = "not opened" if no_test else f"{run.splits.source} has no test split"
    tested = f"{missing}; evaluate with: handgrad evaluate {run.folder}{'' if no_test else ' --data FILE'}"
    if result:
        tested = summary(result)
    emit(f"test     {tested}\nsaved    {run.folder}")


def _stopped(run: Run) -> str:
    """Describe how far a training is and how to resume it."""
    launcher = f"mpiexec -n {run.communicator.size} " if run.communicator.size > 1 else ""
    steps = f"stopped after {run.state.step:,} of {run.total_steps:,} steps, saved in {run.folder}"
    return f"{steps}; resume with: {launcher}handgrad resume {run.folder}"


class _Bar(Progress):
    """A progress bar that reads the step of the training whenever the screen is refreshed."""

    def __init__(self, run: Run, *, shown: bool) -> None:
        step = TextColumn("step {task.completed:,.0f} of {task.total:,.0f}")
        super().__init__(step, *self.get_default_columns()[1:], transient=True)
        self.state, self.disable = run.state, not (shown and self.console.is_terminal)
        self.add_task("", total=run.total_steps, completed=run.state.step)

    def get_renderables(self) -> Iterable[RenderableType]:
        """Update the bar, and return it."""
        for task in self.task_ids:
            self.update(task, completed=self.state.step)
        return super().get_renderables()
