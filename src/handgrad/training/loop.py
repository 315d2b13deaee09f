"""The training loop: forward, loss, backward, step, and a record after every epoch."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isfinite
from time import perf_counter

import numpy as np

from handgrad.data.batches import length
from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError
from handgrad.kernels.threads import one_blas_thread
from handgrad.training.averaging import Averaging
from handgrad.training.evaluation import NotFinite, evaluate
from handgrad.training.gradients import BatchGradient
from handgrad.training.optimizers import Optimizer
from handgrad.training.records import Record, training_measures
from handgrad.training.schedules import Schedule
from handgrad.training.several_steps import several_steps
from handgrad.training.state import TrainingState
from handgrad.training.stopping import EarlyStopping

CALIBRATION = 2_000  # training examples, evenly spaced, on which BatchNorm measures its statistics
KEPT_EVERY = 10  # steps between copies of the parameters, to which a training that diverges returns


class Diverged(HandgradError):
    """The loss became infinite or NaN; the network holds parameters of at most ten steps earlier, or the best."""


@dataclass
class Training:
    """The arguments of `handgrad.train`, checked, and the loop."""

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
                f"training diverged at step {state.step}: {error}; parameters of at most {KEPT_EVERY} steps "
                f"earlier are kept. Try a learning rate below {self.optimizer.learning_rate:g}"
            ) from None
        finally:
            state.use_result(network)
            network.calibrate(self.sample)

    def _train_epoch(self) -> bool:
        """Take the steps that an epoch lacks, maybe none after an interruption; return whether it is complete."""
        state, data = self.state, self.gradient.dataset
        if state.position == 0 and state.seed is None:
            state.order = data.draw_order(self.batch_size, state.rng)
        self._take_several_steps()
        if state.position < len(data) and not self.stopped:
            with one_blas_thread():  # the threads of the batch are the parallelism
                self._take_single_steps()
        return state.position == len(data)

    def _take_single_steps(self) -> None:
        gradient, optimizer, state = self.gradient, self.optimizer, self.state
        network, data, augmentation = gradient.network, gradient.dataset, gradient.augmentation
        for rows in data.batches(state.order, self.batch_size, state.position):
            if state.step >= self.total:
                break
            augmented = augmentation is not None and not augmentation.is_off(state.step, self.total)
            seed, (rate,) = state.draw_seed(), self._rates(1)
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
            before = network.flat_parameters.copy() if state.step % KEPT_EVERY == 0 else self.kept
            taken = self.several(state, self._rates(count))
            self.used += min(rest, taken * size)
            if taken:
                self.kept = before
            if taken < count:
                return

    def _rates(self, count: int, first: int | None = None) -> list[float]:
        """Return the learning rates of some steps, by default the next ones."""
        first = self.state.step if first is None else first
        rate, schedule, memory = self.optimizer.learning_rate, self.schedule, self.state.memory
        return [rate * schedule(step, self.total, memory) for step in range(first, first + count)]

    def _record(self, due: bool) -> Record:
        """Validate the network; a record that is not due, but made by a stop, has no other effect."""
        gradient, network, state = self.gradient, self.gradient.network, self.state
        found = accuracy = None
        seconds, (rate,) = perf_counter() - self.clock, self._rates(1, state.step - 1)
        measured = training_measures(state, gradient.dataset)
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
                self.schedule.observe(found.loss if found else measured["loss"], state.memory)
                if self.early_stopping and found:
                    self.early_stopping.observe(found.loss, accuracy, network.flat_parameters, state)
        finally:
            network.flat_parameters = current
        state.seconds += seconds
        return Record(
            **measured,
            validation_loss=found.loss if found else None,
            validation_accuracy=accuracy,
            learning_rate=rate,
            seconds=state.seconds,
            examples_per_second=self.used / seconds,
        )
