"""The training loop: forward, loss, backward, step. It yields records and prints nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isfinite
from time import perf_counter
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from handgrad.data.batches import length
from handgrad.data.dataset import Splits
from handgrad.errors import HandgradError
from handgrad.kernels.threads import one_blas_thread
from handgrad.model.network import Network
from handgrad.training.distributed import Communication
from handgrad.training.gradients import BatchGradient
from handgrad.training.metrics import Evaluation, evaluate
from handgrad.training.plan import Plan
from handgrad.training.records import Record
from handgrad.training.state import TrainingState

CALIBRATION = 2_000
"""Training examples, evenly spaced, from which layers take what they need in inference."""
KEPT_EVERY = 10
"""Steps after which the parameters are put aside, to be given back if the loss should become infinite."""


class Diverged(HandgradError):
    """The loss became infinite or NaN; the network holds parameters of at most ten steps before, or the best."""

    everywhere = True  # the loss is that of all ranks


def loop(
    network: Network,
    splits: Splits,
    plan: Plan,
    batch_gradient: BatchGradient,
    state: TrainingState,
    stop: Callable[[], bool],
) -> Iterator[Record]:
    """Train step by step, and yield a record where the plan wants one; see `handgrad.train`.

    Parameters
    ----------
    network : Network
        Trained in place. In the end, or where whoever takes the records breaks off, it holds the result.
    splits : Splits
    plan : Plan
    batch_gradient : BatchGradient
        Of the training split.
    state : TrainingState
        Where to begin; kept up to date.
    stop : callable
        Asked after every step.

    Raises
    ------
    Diverged
        If the loss is no longer finite.
    HandgradError
        If it is not before the first step, or the networks of ranks are no longer the same.
    """
    examples, augmentation = len(splits.train), batch_gradient.augmentation
    communication = batch_gradient.communication
    state.go_on(network)
    sample = splits.train.sample(CALIBRATION)
    good = network.flat_parameters.copy()
    recorded, clock, stopped, wish = 0, perf_counter(), False, False
    try:
        with batch_gradient:
            while not (plan.is_done(state) or stopped):
                if state.position == 0:
                    state.order = splits.train.draw_order(plan.batch_size, state.rng)
                    state.loss_sum, state.correct = 0.0, 0
                with one_blas_thread():  # the threads of the batch are the parallelism
                    for rows in splits.train.batches(state.order, plan.batch_size, state.position):
                        augmented = not (augmentation and augmentation.is_off(state.step, plan.total))
                        seed = int(state.rng.integers(2**63))
                        batch = batch_gradient(rows, seed, augmented=augmented, wish=wish)
                        if not isfinite(batch.loss):
                            _diverge(network, good, state, plan)
                        if not state.step % KEPT_EVERY:
                            good[:] = network.flat_parameters
                        rate = plan.step(network, batch.gradient, state, batch_gradient.workers)
                        state.position += length(rows)
                        state.loss_sum += batch.loss * length(rows)
                        state.correct += batch.correct
                        recorded += length(rows)
                        wish = stop()
                        stopped = batch.wish if communication.several else wish  # ranks stop together
                        if state.step == plan.total or stopped:
                            break
                seen = state.position
                ended = state.position == examples
                if ended:
                    state.epoch, state.position = state.epoch + 1, 0
                regular = state.step == plan.total or (ended and not (state.epoch - 1) % plan.record_every)
                if not (regular or stopped):
                    continue
                if not np.isfinite(network.flat_parameters).all():
                    _diverge(network, good, state, plan)
                if communication.several:  # of other processors, say, which round otherwise
                    communication.alike(parameters=crc32(network.flat_parameters.data))
                elapsed = perf_counter() - clock
                state.seconds += elapsed
                with _averaged(network, state):
                    network.calibrate(sample)
                    found = _validate(network, splits, plan, communication)
                    if regular:  # what a resumed training does again, it must not judge twice
                        plan.judge(state.loss_sum / seen, found, network, state)
                yield Record(
                    step=state.step - 1,
                    epoch=state.epoch + (not ended),
                    loss=state.loss_sum / seen,
                    train_accuracy=state.correct / seen,
                    validation_loss=found.loss if found else None,
                    validation_accuracy=found.accuracy if found else None,
                    learning_rate=rate,
                    seconds=state.seconds,
                    examples_per_second=recorded / elapsed,
                )
                recorded, clock = 0, perf_counter()
    finally:
        state.show_result(network)
        network.calibrate(sample)


def _validate(
    network: Network, splits: Splits, plan: Plan, communication: Communication
) -> Evaluation | None:
    return evaluate(network, splits.validation, plan.loss, communication) if splits.validation else None


@contextmanager
def _averaged(network: Network, state: TrainingState) -> Iterator[None]:
    """Let the network hold the average for a while, where there is one."""
    if state.average is None:
        yield
        return
    own = network.flat_parameters.copy()
    network.flat_parameters = state.average
    try:
        yield
    finally:
        network.flat_parameters = own


def _diverge(network: Network, good: NDArray[Any], state: TrainingState, plan: Plan) -> None:
    """Give back the last parameters that were put aside, and raise."""
    if state.step == 0:
        raise HandgradError(
            "the loss is not finite before the first step: the first parameters, or the data, are too large"
        )
    network.flat_parameters = good
    if state.average is not None and not np.isfinite(state.average).all():
        state.average = None
    raise Diverged(
        f"training diverged at step {state.step}: the loss is no longer finite; "
        f"good parameters, of at most {KEPT_EVERY} steps before, are kept. "
        f"Try a learning rate below {plan.optimizer.learning_rate:g}"
    )
