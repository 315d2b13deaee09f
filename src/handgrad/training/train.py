"""Training: forward, loss, backward, step, and a record after every epoch."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from time import perf_counter
from typing import Any, NoReturn
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from handgrad.config import Configurable, is_integer
from handgrad.data.augment import Augmentation
from handgrad.data.batches import length
from handgrad.data.dataset import Dataset, Splits
from handgrad.errors import HandgradError
from handgrad.kernels.threads import choose_threads, one_blas_thread
from handgrad.model.losses import CrossEntropy, Loss
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling
from handgrad.training.adversarial import Adversarial
from handgrad.training.averaging import Averaging
from handgrad.training.distributed import SINGLE, Communicator
from handgrad.training.gradients import BatchGradient
from handgrad.training.metrics import NotFinite, check_fit, evaluate
from handgrad.training.optimizers import SGD, Optimizer
from handgrad.training.records import Record
from handgrad.training.schedules import Constant, Schedule
from handgrad.training.state import TrainingState, count_steps
from handgrad.training.stopping import EarlyStopping

CALIBRATION = 2_000
"""Training examples, evenly spaced, from which layers take the statistics that inference needs."""
KEPT_EVERY = 10
"""Steps between copies of the parameters, to which a training that diverges returns."""


class Diverged(HandgradError):
    """The loss became infinite or NaN; the network holds parameters of at most ten steps before, or the best."""


def train(
    network: Network,
    data: Splits | Dataset,
    *,
    optimizer: Optimizer | str | None = None,
    schedule: Schedule | str | None = None,
    loss: Loss | str | None = None,
    augmentation: Augmentation | None = None,
    adversarial: Adversarial | None = None,
    averaging: Averaging | None = None,
    early_stopping: EarlyStopping | None = None,
    batch_size: int | str = 128,
    epochs: int | None = None,
    steps: int | None = None,
    record_every: int = 1,
    sample_weights: Sequence[float] | NDArray[Any] | None = None,
    threads: int | None = None,
    seed: int | None = None,
    state: TrainingState | None = None,
    stop: Callable[[], bool] = lambda: False,
    communicator: Communicator = SINGLE,
) -> Iterator[Record]:
    """Train a network, in place, and yield a record after every epoch.

    When the generator ends or is closed, the network holds the result: the best parameters with `early_stopping`, or
    else the average with `averaging`, or else the last ones.

    Parameters
    ----------
    network : Network
        A network without scaling takes one that suits the training data.
    data : Splits or Dataset
        Of `Splits`, train is used for training and validation for validation; test is never opened.
    optimizer : Optimizer or str, optional
        Such as ``hg.Adam(0.01)``, or ``"adam"`` for its defaults. Default: `SGD`.
    schedule : Schedule or str, optional
        The factor of the learning rate at each step, such as ``"cosine"``. Default: `Constant`.
    loss : Loss or str, optional
        Default: `CrossEntropy`.
    augmentation : Augmentation, optional
        Deforms the images of every batch at random.
    adversarial : Adversarial, optional
        Adds the worst neighbour of each example.
    averaging : Averaging, optional
        Averages the parameters of many steps; the average is validated, and is the result.
    early_stopping : EarlyStopping, optional
        Keeps the best parameters, and stops when no better ones follow; needs a validation split.
    batch_size : int or "all"
        Examples per step; "all" takes the whole training split, in its order.
    epochs, steps : int, optional
        The length of the training, in one of the two. Default: 10 epochs.
    record_every : int
        Epochs from one record to the next; the first and the last epoch always have one.
    sample_weights : (N,), optional
        The weight of each training example, from 0. Default: 1.
    threads : int, optional
        Default: the number of usable processors. The same seed, data and threads give the same bits.
    seed : int, optional
        Seeds the order of the data and all other random numbers of the training. Default: unpredictable.
    state : TrainingState, optional
        Where to begin, instead of `seed`. It is kept up to date, and with the network it is all that resuming needs.
    stop : callable
        Called after every step; when it returns True, training ends there, with a record. Of several ranks one is
        enough; all end one step later.
    communicator : Communicator, optional
        From `handgrad.init_distributed`: the ranks that mpiexec started train together, each on its part of every
        batch, and all hold the same network. They must have the same arguments, and take all records.

    Yields
    ------
    Record

    Raises
    ------
    HandgradError
        If an argument is out of range, the data do not fit the network, or ranks have different arguments.
    Diverged
        If the loss is no longer finite.
    """
    splits = _splits(data)
    examples = len(splits.train)
    for name, value in (("epochs", epochs), ("steps", steps), ("record_every", record_every)):
        if value is not None and not is_integer(value, 1):
            raise HandgradError(f"{name} must be an integer from 1; got {value!r:.60}")
    if batch_size != "all" and not is_integer(batch_size, 1):
        raise HandgradError(f"batch_size must be an integer from 1, or 'all'; got {batch_size!r:.60}")
    if epochs is not None and steps is not None:
        raise HandgradError("epochs and steps are both lengths of the training; give one of them")
    if seed is not None and state is not None:
        raise HandgradError("seed and state both choose the random numbers; give one of them")
    if early_stopping and not splits.validation:
        raise HandgradError("early stopping needs a validation split; set one aside with split_validation")
    if augmentation and len(splits.train.input_shape) != 3:
        raise HandgradError(
            f"augmentation deforms images (channels, height, width); the data are {splits.train.input_shape}"
        )
    for name, given, kind in (
        ("augmentation", augmentation, Augmentation),
        ("adversarial", adversarial, Adversarial),
        ("averaging", averaging, Averaging),
        ("early_stopping", early_stopping, EarlyStopping),
    ):
        if given is not None and not isinstance(given, kind):
            raise HandgradError(f"{name} must be of the kind hg.{kind.__name__}, or None; got {given!r:.60}")
    if seed is not None and not is_integer(seed, 0):
        raise HandgradError(f"seed must be an integer from 0; got {seed!r:.60}")
    check_fit(network, splits.train)
    if splits.validation is not None:
        check_fit(network, splits.validation)
    choose_threads(threads)
    weights = _sample_weights(sample_weights, examples, network.dtype)
    optimizer = Optimizer.resolve(optimizer or SGD, "optimizer")
    schedule = Schedule.resolve(schedule or Constant, "schedule")
    loss = Loss.resolve(loss or CrossEntropy, "loss").fitted(splits.train.labels, len(network.classes))
    state = state or communicator.broadcast(lambda: TrainingState(np.random.default_rng(seed)))
    state.check_network(network)
    if state.moments and set(state.moments) != set(optimizer.moment_names):
        raise HandgradError(f"the state has the moments of another optimizer than {type(optimizer).__name__}")
    state.check_data(splits.train)
    _adopt(network, splits.train)
    training = _Training(
        network=network,
        splits=splits,
        optimizer=optimizer,
        schedule=schedule,
        averaging=averaging,
        early_stopping=early_stopping,
        batch_size=examples if batch_size == "all" else min(int(batch_size), examples),
        total=count_steps(examples, batch_size, epochs, steps),
        record_every=record_every,
        batch_gradient=BatchGradient(
            network,
            splits.train,
            loss,
            augmentation=augmentation,
            adversarial=adversarial,
            sample_weights=weights,
            threads=threads,
            communicator=communicator,
        ),
        loss=loss.reported(),
        state=state,
        stop=stop,
        communicator=communicator,
    )
    if communicator.size > 1:
        training.agree(loss, augmentation, adversarial)
    return training.records()


def fit(
    network: Network, data: Splits | Dataset, *, progress: bool | str = "auto", **arguments: Any
) -> list[Record]:
    """Train a network, in place, to the end.

    Parameters
    ----------
    network : Network
    data : Splits or Dataset
    progress : bool or "auto"
        Whether to show a progress bar; "auto" shows one on a terminal and in a notebook.
    **arguments
        All others of `train`, which describes them.

    Returns
    -------
    list of Record

    Raises
    ------
    HandgradError, Diverged
        As `train`.
    """
    if progress not in (True, False, "auto"):
        raise HandgradError(f"progress must be True, False or 'auto'; got {progress!r:.60}")
    records = train(network, data, **arguments)
    if not progress:
        return list(records)
    from rich.console import Console
    from rich.progress import Progress

    console, taken = Console(stderr=True), []
    lengths = {name: arguments.get(name) for name in ("batch_size", "epochs", "steps")}
    shown = progress is True or console.is_terminal or console.is_jupyter
    with Progress(console=console, disable=not shown) as bar:
        task = bar.add_task("training", total=count_steps(len(_splits(data).train), **lengths))
        for record in records:
            taken.append(record)
            figures = f"epoch {record.epoch}, loss {record.loss:.4f}"
            if record.validation_accuracy is not None:
                figures += f", validation accuracy {record.validation_accuracy:.1%}"
            bar.update(task, completed=record.step + 1, description=figures)
    return taken


@dataclass(kw_only=True)
class _Training:
    """The arguments of `train`, checked, and the loop."""

    network: Network
    splits: Splits
    optimizer: Optimizer
    schedule: Schedule
    averaging: Averaging | None
    early_stopping: EarlyStopping | None
    batch_size: int
    total: int
    record_every: int
    batch_gradient: BatchGradient
    loss: Loss
    state: TrainingState
    stop: Callable[[], bool]
    communicator: Communicator
    stopped: bool = False
    asked: bool = False

    def records(self) -> Iterator[Record]:
        """Train epoch by epoch."""
        network, state, splits = self.network, self.state, self.splits
        state.use_current(network)
        self.kept = network.flat_parameters.copy()
        sample = splits.train.sample(CALIBRATION)
        patience = self.early_stopping.patience if self.early_stopping else None
        used, clock = 0, perf_counter()
        try:
            with self.batch_gradient:
                while state.record_due or not (self.stopped or state.is_finished(self.total, patience)):
                    before = state.position
                    if before < len(splits.train) and not state.record_due:
                        with one_blas_thread():  # the threads of the batch are the parallelism
                            self._train_epoch()
                    seen = state.position
                    used += seen - before
                    completed = seen == len(splits.train)
                    last = state.step == self.total
                    state.record_due = last or (completed and not state.epoch % self.record_every)
                    if not (state.record_due or self.stopped):
                        state.epoch, state.position = state.epoch + 1, 0
                        continue
                    if not np.isfinite(network.flat_parameters).all():
                        self._diverge()
                    elapsed, rate = perf_counter() - clock, self._rate(state.step - 1)
                    try:
                        with state.use_average(network):
                            network.calibrate(sample)
                            found = splits.validation and evaluate(
                                network, splits.validation, self.loss, self.communicator
                            )
                            if state.record_due:  # the record of a stop is written again after the resume
                                self.schedule.observe(
                                    found.loss if found else state.loss_sum / seen, state.memory
                                )
                                if self.early_stopping and found:
                                    self.early_stopping.observe(
                                        found.loss, found.accuracy, network.flat_parameters, state
                                    )
                    except NotFinite:
                        self._diverge("validation loss")
                    state.record_due = False
                    state.seconds += elapsed
                    if completed:
                        state.epoch, state.position = state.epoch + 1, 0
                    yield Record(
                        step=state.step - 1,
                        epoch=state.epoch + (not completed),
                        loss=state.loss_sum / seen,
                        train_accuracy=state.correct / seen,
                        validation_loss=found.loss if found else None,
                        validation_accuracy=found.accuracy if found else None,
                        learning_rate=rate,
                        seconds=state.seconds,
                        examples_per_second=used / elapsed,
                    )
                    used, clock = 0, perf_counter()
        finally:
            state.use_result(network)
            network.calibrate(sample)

    def _rate(self, step: int) -> float:
        return self.optimizer.learning_rate * self.schedule(step, self.total, self.state.memory)

    def _train_epoch(self) -> None:
        """Take the remaining steps of an epoch."""
        network, state, data = self.network, self.state, self.splits.train
        optimizer, batch_gradient = self.optimizer, self.batch_gradient
        augmentation, workers = batch_gradient.augmentation, batch_gradient.workers
        steps_per_epoch = -(-len(data) // self.batch_size)
        if state.position == 0:
            state.order = data.draw_order(self.batch_size, state.rng)
            state.loss_sum, state.correct = 0.0, 0
        for rows in data.batches(state.order, self.batch_size, state.position):
            augmented = augmentation is not None and not augmentation.is_off(state.step, self.total)
            seed = int(state.rng.integers(2**63))
            batch = batch_gradient(rows, seed, augmented=augmented, stop=self.asked)
            if not isfinite(batch.loss):
                self._diverge()
            if state.step % KEPT_EVERY == 0:
                self.kept[:] = network.flat_parameters
            rate = self._rate(state.step)
            state.updates += 1
            optimizer.step(network, batch.gradient, state.moments, state.updates, rate, workers)
            state.step += 1
            if self.averaging:
                parameters = network.flat_parameters
                self.averaging.update(state, parameters, self.total, steps_per_epoch, workers)
            examples = length(rows)
            state.position += examples
            state.loss_sum += batch.loss * examples
            state.correct += batch.correct
            self.asked = self.stop()
            self.stopped = batch.stop if self.communicator.size > 1 else self.asked
            if self.stopped or state.step == self.total:
                break

    def _diverge(self, what: str = "loss") -> NoReturn:
        """Put the parameters that were kept last into the network, and raise Diverged."""
        state = self.state
        if state.step == 0:
            raise HandgradError(
                "the loss is not finite before the first step: the initial parameters, or the data, are too large"
            )
        self.network.flat_parameters = self.kept
        if state.average is not None and not np.isfinite(state.average).all():
            state.average = None
        raise Diverged(
            f"training diverged at step {state.step}: the {what} is not finite; parameters of at most "
            f"{KEPT_EVERY} steps before are kept. Try a learning rate below {self.optimizer.learning_rate:g}"
        )

    def agree(self, *described: Configurable | None) -> None:
        """Take the parameters of rank 0, and raise HandgradError where ranks have different arguments."""
        network, state, weights = self.network, self.state, self.batch_gradient.sample_weights
        descriptions = (*described, self.optimizer, self.schedule, self.averaging, self.early_stopping)
        settings = [thing and thing.to_config() for thing in descriptions]
        self.communicator.require_equal(
            data=[split and split.fingerprint() for split in (self.splits.train, self.splits.validation)],
            layers=[layer.to_config() for layer in network.layers],
            settings=[*settings, self.batch_size, self.total, self.record_every],
            state=[state.step, state.rng.bit_generator.state],
            sample_weights=weights is not None and crc32(weights.data),
        )
        network.flat_parameters = self.communicator.broadcast(lambda: network.flat_parameters)


def _splits(data: Splits | Dataset) -> Splits:
    if not isinstance(data, Splits | Dataset):
        raise HandgradError(f"the data must be Splits, as from load_data, or a Dataset; got {data!r:.40}")
    return data if isinstance(data, Splits) else Splits(data)


def _adopt(network: Network, dataset: Dataset) -> None:
    """Store in the network what a model needs of its data."""
    network.scaling = network.scaling or Scaling.learned(dataset.inputs)
    features = () if dataset.inputs.dtype == np.uint8 else dataset.features
    network.adopt(dataset.class_names, dataset.input_shape, dataset.framing, features)


def _sample_weights(
    weights: Sequence[float] | NDArray[Any] | None, examples: int, dtype: Any
) -> NDArray[Any] | None:
    if weights is None:
        return None
    try:
        array = np.asarray(weights, dtype)
    except (ValueError, TypeError):
        array = np.empty(0)
    if array.shape != (examples,) or not (np.isfinite(array).all() and (array >= 0).all() and array.any()):
        raise HandgradError(
            f"sample_weights must be {examples} numbers from 0, one for each training example, not all 0"
        )
    return array
