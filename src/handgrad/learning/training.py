"""The training loop: forward, loss, backward, step. It yields records and prints nothing."""

from collections.abc import Callable, Iterator
from math import isfinite
from time import perf_counter

import numpy as np

from handgrad.data.batches import batches, epoch_order, length
from handgrad.data.dataset import Dataset, Splits
from handgrad.errors import HandgradError
from handgrad.learning.batch_gradient import BatchGradient
from handgrad.learning.metrics import check_fit, evaluate
from handgrad.learning.optimizers import SGD, Optimizer
from handgrad.learning.records import Record
from handgrad.learning.schedules import Constant, Schedule
from handgrad.learning.state import TrainingState
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling


class Diverged(HandgradError):
    """The loss became infinite or NaN; the network is back at the last parameters with a finite loss."""


def train(
    network: Network,
    dataset: Splits | Dataset,
    *,
    optimizer: Optimizer | None = None,
    learning_rate: float = 0.1,
    schedule: Schedule | None = None,
    batch_size: int | str = 128,
    epochs: int | None = None,
    steps: int | None = None,
    record_every: int = 1,
    threads: int | None = None,
    state: TrainingState | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Record]:
    """Train a network, in place.

    Parameters
    ----------
    network : Network
        Where it has no scaling yet, one is learned from the training split.
    dataset : Splits or Dataset
        Of `Splits`, train is learned from and validation measured; test is never opened.
    optimizer : Optimizer, optional
        `SGD` unless given.
    learning_rate : float
        Positive.
    schedule : Schedule, optional
        What the learning rate is multiplied by at each step; `Constant` unless given.
    batch_size : int or "all"
        Examples a step; "all" takes the whole training split, in its order.
    epochs, steps : int, optional
        How long: one of the two. 10 epochs where neither is given.
    record_every : int
        Epochs from one record to the next; the first and the last epoch always give one.
    threads : int, optional
        All usable processors unless given. The same seed, data and threads give the same bits.
    state : TrainingState, optional
        Where to begin; it is kept up to date, and with network and optimizer it is all that resuming needs.
        ``TrainingState(rng)`` chooses the random generator of the data order.
    stop : callable
        Asked after every step; when it says True, training ends there, with a record.

    Yields
    ------
    Record

    Raises
    ------
    HandgradError
        If an argument is out of range, or the data do not fit the network.
    Diverged
        If the loss is no longer finite.
    """
    if not isinstance(dataset, Splits | Dataset):
        raise HandgradError(f"train needs Splits, as load gives them, or a Dataset; got {dataset!r:.40}")
    splits = dataset if isinstance(dataset, Splits) else Splits(dataset)
    examples = len(splits.train)
    if batch_size != "all" and not (_is_whole(batch_size) and int(batch_size) >= 1):
        raise HandgradError(f"batch_size must be a whole number from 1, or 'all'; got {batch_size!r}")
    if not (isfinite(learning_rate) and learning_rate > 0):
        raise HandgradError(f"learning_rate must be a positive number; got {learning_rate}")
    if epochs is not None and steps is not None:
        raise HandgradError("epochs and steps both say how long to train; give one of them")
    for name, value in (("epochs", epochs), ("steps", steps), ("record_every", record_every)):
        if value is not None and not (_is_whole(value) and value >= 1):
            raise HandgradError(f"{name} must be a whole number from 1; got {value!r}")
    size = examples if batch_size == "all" else min(int(batch_size), examples)
    total = steps if steps is not None else (epochs or 10) * -(-examples // size)
    _adopt(network, splits.train)
    state = state or TrainingState()
    state.belong_to(splits.train)
    return _loop(
        network,
        splits,
        optimizer or SGD(),
        learning_rate,
        schedule or Constant(),
        size,
        total,
        record_every,
        BatchGradient(network, splits.train, threads),
        state,
        stop,
    )


def _adopt(network: Network, dataset: Dataset) -> None:
    """Make what a model must know of its data a part of the network."""
    check_fit(network, dataset)
    network.scaling = network.scaling or Scaling.learned(dataset.inputs)
    network.classes = dataset.class_names
    network.example_shape = dataset.input_shape
    network.framing = dataset.framing


def _is_whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _loop(
    network: Network,
    splits: Splits,
    optimizer: Optimizer,
    learning_rate: float,
    schedule: Schedule,
    size: int,
    total: int,
    record_every: int,
    batch_gradient: BatchGradient,
    state: TrainingState,
    stop: Callable[[], bool],
) -> Iterator[Record]:
    examples = len(splits.train)
    good = network.vector.copy()
    recorded, clock, stopped = 0, perf_counter(), False
    with batch_gradient:
        while state.step < total and not stopped:
            if state.position == 0:
                state.order = epoch_order(examples, size, state.rng)
                state.loss_sum, state.correct = 0.0, 0
            for rows in batches(state.order, examples, size, state.position):
                batch = batch_gradient(rows, int(state.rng.integers(2**63)))
                if not isfinite(batch.loss):
                    if state.step == 0:
                        raise HandgradError(
                            "the loss is not finite before the first step: the first parameters, or the data, are "
                            "too large"
                        )
                    network.vector[:] = good
                    raise _diverged(state.step, learning_rate)
                good[:] = network.vector
                rate = learning_rate * schedule(state.step, total)
                optimizer.step(network.vector, batch.gradient, rate)
                state.step += 1
                state.position += length(rows)
                state.loss_sum += batch.loss * length(rows)
                state.correct += batch.correct
                recorded += length(rows)
                stopped = stop()
                if state.step == total or stopped:
                    break
            seen = state.position
            ended = state.position == examples
            if ended:
                state.epoch, state.position = state.epoch + 1, 0
            if ended and state.step < total and not stopped and (state.epoch - 1) % record_every:
                continue
            if not np.isfinite(network.vector).all():
                network.vector[:] = good
                raise _diverged(state.step, learning_rate)
            elapsed = perf_counter() - clock
            state.seconds += elapsed
            validation = evaluate(network, splits.validation) if splits.validation else None
            yield Record(
                step=state.step - 1,
                epoch=state.epoch + (not ended),
                loss=state.loss_sum / seen,
                train_accuracy=state.correct / seen,
                validation_loss=validation.loss if validation else None,
                validation_accuracy=validation.accuracy if validation else None,
                learning_rate=rate,
                seconds=state.seconds,
                examples_per_second=recorded / elapsed,
            )
            recorded, clock = 0, perf_counter()


def _diverged(step: int, learning_rate: float) -> Diverged:
    return Diverged(
        f"training diverged at step {step}: the loss is no longer finite; "
        f"the last good parameters are kept. Try a learning rate below {learning_rate:g}"
    )
