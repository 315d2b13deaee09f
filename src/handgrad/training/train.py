"""Training: forward, loss, backward, step, and a record after every epoch."""

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from math import isfinite
from time import perf_counter
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from handgrad.config import check_integer
from handgrad.data.augment import Augmentation
from handgrad.data.batches import length
from handgrad.data.dataset import Dataset, Splits
from handgrad.errors import HandgradError, quoted
from handgrad.kernels.threads import one_blas_thread
from handgrad.model.losses import Loss, default_loss
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling
from handgrad.training.adversarial import Adversarial
from handgrad.training.averaging import Averaging
from handgrad.training.distributed import SINGLE, Communicator
from handgrad.training.evaluation import NotFinite, as_known, check_fit, evaluate
from handgrad.training.gradients import BatchGradient
from handgrad.training.optimizers import SGD, Optimizer
from handgrad.training.records import Record
from handgrad.training.schedules import Constant, Schedule
from handgrad.training.several_steps import several_steps
from handgrad.training.state import TrainingState, count_steps
from handgrad.training.stopping import EarlyStopping

CALIBRATION = 2_000  # training examples, evenly spaced, on which BatchNorm measures its statistics
KEPT_EVERY = 10  # steps between copies of the parameters, to which a training that diverges returns


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
    """Train a network, in place, and yield a `Record` after every epoch.

    When the generator ends or is closed, the network holds the result: the best parameters with `early_stopping`, or
    else the average with `averaging`, or else the last ones. Raise HandgradError if an argument is out of range, the
    data do not fit the network, or ranks have different arguments, and `Diverged` if the loss is no longer finite.

    Parameters
    ----------
    network : Network
        A network without scaling takes one that suits the training data, and for a regression one of its targets.
    data : Splits or Dataset
        Of `Splits`, train is used for training and validation for validation; test is never opened.
    optimizer, schedule, loss : Optimizer, Schedule, Loss, or their names, optional
        Such as ``hg.Adam(0.01)``, or ``"adam"`` for its defaults. Default: `SGD`, `Constant`, and
        the loss of the task: `CrossEntropy`, `BinaryCrossEntropy` or `MeanSquaredError`.
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
        Called before every step and between the chunks of a large batch, but only every ten steps of a small network;
        when it returns True, training ends after the last step that is complete, with a record if there was a step
        since the last one. Of several ranks one is enough; all end after the same step.
    communicator : Communicator, optional
        From `handgrad.init_distributed`: the ranks that mpiexec started train together, each on its part of every
        batch, and all hold the same network. They must have the same arguments, and take all records.
    """
    if not isinstance(data, Splits | Dataset):
        raise HandgradError(f"data must be Splits, as of load_data, or a Dataset; got {type(data).__name__}")
    dataset, validation = (data, None) if isinstance(data, Dataset) else (data.train, data.validation)
    for name, value in (("epochs", epochs), ("steps", steps), ("seed", seed)):
        if value is not None:
            check_integer(name, value, least=0 if name == "seed" else 1)
    check_integer("record_every", record_every, least=1)
    if batch_size != "all":
        check_integer("batch_size", batch_size, least=1)
    for names, values in (("epochs and steps", (epochs, steps)), ("seed and state", (seed, state))):
        if None not in values:
            raise HandgradError(f"{names} exclude each other; give one of them")
    check_fit(network, dataset)
    trained = copy(network)  # which replaces the network when nothing is refused
    trained.scaling = network.scaling or Scaling.learned(dataset.inputs)
    features = () if dataset.inputs.dtype == np.uint8 else dataset.features
    trained.adopt(dataset.classes, dataset.input_shape, dataset.framing, features)
    trained.task = dataset.task
    if trained.task == "regression" and not network.target_scaling:
        trained.target_scaling = _scaling_of_targets(dataset)
    optimizer = Optimizer.resolve(SGD if optimizer is None else optimizer, "optimizer")
    schedule = Schedule.resolve(Constant if schedule is None else schedule, "schedule")
    loss = Loss.resolve(loss, "loss") if loss is not None else default_loss(dataset.task)
    if loss.task != dataset.task:
        kind = type(loss).__name__
        raise HandgradError(f"the loss {kind} is for {loss.task}; the data are for {dataset.task}")
    augmentation = _optional(Augmentation, augmentation, "augmentation")
    adversarial = _optional(Adversarial, adversarial, "adversarial")
    averaging = _optional(Averaging, averaging, "averaging")
    early_stopping = _optional(EarlyStopping, early_stopping, "early_stopping")
    if augmentation and len(dataset.input_shape) != 3:
        raise HandgradError(f"augmentation deforms images (C, H, W); the data are {dataset.input_shape}")
    if early_stopping and dataset.task == "regression" and early_stopping.monitor == "validation_accuracy":
        raise HandgradError("a regression has no accuracy; let early stopping monitor validation_loss")
    if early_stopping and validation is None:
        raise HandgradError("early stopping needs a validation split; set one aside with split_validation")
    state = state or communicator.broadcast(lambda: TrainingState(np.random.default_rng(seed)))
    fitted = loss.fitted(dataset.labels, len(network.classes))
    gradient = BatchGradient(
        network, dataset, fitted, augmentation, adversarial, sample_weights, threads, communicator
    )
    known = None if validation is None else as_known(trained, validation)
    size = len(dataset) if batch_size == "all" else min(int(batch_size), len(dataset))
    total = count_steps(len(dataset), batch_size, epochs, steps)
    state.check_network(network, optimizer.moment_names)
    state.check_data(dataset)
    if communicator.size > 1:
        given = (optimizer, schedule, loss, augmentation, adversarial, averaging, early_stopping)
        communicator.require_equal(
            data=[state.fingerprint, validation and validation.fingerprint()],
            layers=repr(network.layers),
            settings=repr((*given, batch_size, total, record_every)),
            state=[state.step, state.rng.bit_generator.state],
            sample_weights=gradient.sample_weights is not None and crc32(gradient.sample_weights.data),
        )
        network.flat_parameters = communicator.broadcast(lambda: network.flat_parameters)
    vars(network).update(vars(trained))
    choices = (optimizer, schedule, averaging, early_stopping)
    return _Training(gradient, known, *choices, size, total, record_every, state, stop).records()


def _scaling_of_targets(dataset: Dataset) -> Scaling:
    """Learn the scaling of the targets; HandgradError where one is constant."""
    constant = np.flatnonzero(np.ptp(dataset.labels, axis=0) == 0)
    if constant.size:
        name = quoted(dataset.classes[constant[0]])
        raise HandgradError(f"the target {name} is the same in all examples; there is nothing to learn")
    return Scaling.learned(dataset.labels)


def _optional(family: Any, value: Any, name: str) -> Any:
    return None if value is None else family.resolve(value, name)


@dataclass
class _Training:
    """The checked arguments of `train`, and the loop."""

    gradient: BatchGradient
    validation: Dataset | None
    optimizer: Optimizer
    schedule: Schedule
    averaging: Averaging | None
    early_stopping: EarlyStopping | None
    batch_size: int
    total: int
    record_every: int
    state: TrainingState
    stop: Callable[[], bool]
    stopped: bool = False

    def records(self) -> Iterator[Record]:
        """Train epoch by epoch, until the end or a request to stop."""
        network, state = self.gradient.network, self.state
        patience = self.early_stopping.patience if self.early_stopping else None
        state.use_current(network)
        self.kept, self.sample = network.flat_parameters.copy(), self.gradient.dataset.sample(CALIBRATION)
        self.used, self.clock = 0, perf_counter()
        try:
            with self.gradient:
                usual = None if self.averaging else self.optimizer
                self.several = usual and several_steps(self.gradient, usual, self.batch_size)
                while not (self.stopped or state.is_finished(self.total, patience)):
                    with one_blas_thread():  # the threads of the batch are the parallelism
                        complete = self._train_epoch()
                    due = (complete and state.epoch % self.record_every == 0) or state.step >= self.total
                    record = self._record(due) if due or (self.stopped and self.used) else None
                    if complete:
                        state.epoch, state.position = state.epoch + 1, 0
                    if record:
                        yield record
                        self.used, self.clock = 0, perf_counter()
        except NotFinite as error:
            if state.step == 0:
                problem = "before the first step: initial parameters, or data, are too large"
                raise HandgradError(f"{error} {problem}") from None
            network.flat_parameters = self.kept
            if state.average is not None and not np.isfinite(state.average).all():
                state.average = None
            raise Diverged(
                f"training diverged at step {state.step}: {error}; parameters of at most {KEPT_EVERY} steps before "
                f"are kept. Try a learning rate below {self.optimizer.learning_rate:g}"
            ) from None
        finally:
            state.use_result(network)
            network.calibrate(self.sample)

    def _train_epoch(self) -> bool:
        """Take the steps that an epoch lacks, maybe none after an interruption; return whether it is complete."""
        gradient, optimizer, state = self.gradient, self.optimizer, self.state
        network, data, augmentation = gradient.network, gradient.dataset, gradient.augmentation
        if state.position == 0 and state.seed is None:
            state.order = data.draw_order(self.batch_size, state.rng)
        self._take_several_steps()
        for rows in data.batches(state.order, self.batch_size, state.position):
            if state.step >= self.total or self.stopped:
                break
            augmented = augmentation is not None and not augmentation.is_off(state.step, self.total)
            seed, rate = state.draw_seed(), self._rate(state.step)
            batch = gradient(rows, seed, augmented=augmented, stop=self.stop)  # forward, loss, backward
            if batch.stopped:
                self.stopped = True
                break
            if not isfinite(batch.loss):
                raise NotFinite("the loss is not finite")
            if state.step % KEPT_EVERY == 0:
                self.kept[:] = network.flat_parameters
            state.count(batch.loss, batch.correct, length(rows))
            optimizer.step(network, batch.gradient, state.moments, state.updates, rate, gradient.workers)
            if self.averaging:
                steps = -(-len(data) // self.batch_size)
                self.averaging.update(state, network.flat_parameters, self.total, steps, gradient.workers)
            self.used += length(rows)
        return state.position == len(data)

    def _take_several_steps(self) -> None:
        """Take steps of the epoch in groups, up to one that only a single step can take, or explain."""
        state, network, size = self.state, self.gradient.network, self.batch_size
        while self.several and state.step < self.total and state.position < len(self.gradient.dataset):
            state.draw_seed()  # before a stop, which may raise an exception
            self.stopped = self.stop()
            if self.stopped:
                return
            rest = len(self.gradient.dataset) - state.position
            count = min(KEPT_EVERY - state.step % KEPT_EVERY, self.total - state.step, -(-rest // size))
            rates = [self._rate(step) for step in range(state.step, state.step + count)]
            before = network.flat_parameters.copy() if state.step % KEPT_EVERY == 0 else self.kept
            taken = self.several(state, rates)
            self.used += min(rest, taken * size)
            if taken:
                self.kept = before
            if taken < count:
                return

    def _rate(self, step: int) -> float:
        return self.optimizer.learning_rate * self.schedule(step, self.total, self.state.memory)

    def _accuracy(self, examples: int) -> float | None:
        """Return the accuracy on the examples of the epoch so far; None for a regression."""
        task, outputs = self.gradient.dataset.task, len(self.gradient.dataset.classes)
        decisions = examples * (outputs if task == "multilabel" else 1)
        return None if task == "regression" else self.state.correct / decisions

    def _record(self, due: bool) -> Record:
        """Validate the network; a record that is not due, but made by a stop, has no other effect."""
        gradient, network, state = self.gradient, self.gradient.network, self.state
        found = accuracy = None
        seconds, rate = perf_counter() - self.clock, self._rate(state.step - 1)
        examples = state.position or len(gradient.dataset)  # between epochs, the sums are of the one before
        loss = state.loss_sum / examples
        if not np.isfinite(network.flat_parameters).all():
            raise NotFinite("a parameter is not finite")
        current = network.flat_parameters.copy()
        if state.average is not None:
            network.flat_parameters = state.average
        try:
            network.calibrate(self.sample)
            if self.validation is not None:
                found = evaluate(network, self.validation, gradient.reported, gradient.communicator)
                accuracy = getattr(found, "accuracy", None)  # a regression has none
            if due:
                state.recorded = state.step
                self.schedule.observe(found.loss if found else loss, state.memory)
                if self.early_stopping and found:
                    self.early_stopping.observe(found.loss, accuracy, network.flat_parameters, state)
        finally:
            network.flat_parameters = current
        state.seconds += seconds
        return Record(
            step=state.step - 1,
            epoch=state.epoch + (state.position > 0),
            loss=loss,
            train_accuracy=self._accuracy(examples),
            validation_loss=found.loss if found else None,
            validation_accuracy=accuracy,
            learning_rate=rate,
            seconds=state.seconds,
            examples_per_second=self.used / seconds,
        )
