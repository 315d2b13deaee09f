"""Training: what it is asked for is checked, what the data must give is taken, and the loop begins."""

from collections.abc import Callable, Iterator, Sequence
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.augment import Augmentation
from handgrad.data.dataset import Dataset, Splits
from handgrad.errors import HandgradError
from handgrad.model.losses import CrossEntropy, Loss
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling
from handgrad.training.adversarial import Adversarial
from handgrad.training.agreement import check_agreement
from handgrad.training.averaging import Averaging
from handgrad.training.distributed import ALONE, Communication
from handgrad.training.gradients import BatchGradient
from handgrad.training.loop import loop
from handgrad.training.metrics import check_fit
from handgrad.training.optimizers import SGD, Optimizer
from handgrad.training.plan import Plan
from handgrad.training.records import Record
from handgrad.training.schedules import Constant, Schedule
from handgrad.training.state import TrainingState
from handgrad.training.stopping import EarlyStopping


def train(
    network: Network,
    dataset: Splits | Dataset,
    *,
    optimizer: Optimizer | None = None,
    learning_rate: float = 0.1,
    schedule: Schedule | None = None,
    loss: Loss | None = None,
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
    state: TrainingState | None = None,
    stop: Callable[[], bool] = lambda: False,
    communication: Communication = ALONE,
) -> Iterator[Record]:
    """Train a network, in place.

    When the records end, or whoever takes them breaks off, the network holds the result: the best parameters with
    `early_stopping`, else the average with `averaging`, else the last ones.

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
    loss : Loss, optional
        `CrossEntropy` unless given.
    augmentation : Augmentation, optional
        Deforms the images of every batch anew.
    adversarial : Adversarial, optional
        Adds the worst neighbour of each example.
    averaging : Averaging, optional
        Averages the parameters on their way; the average is validated, and is the result.
    early_stopping : EarlyStopping, optional
        Keeps the best parameters, and stops when no better ones come; needs a validation split.
    batch_size : int or "all"
        Examples a step; "all" takes the whole training split, in its order.
    epochs, steps : int, optional
        How long: one of the two. 10 epochs where neither is given.
    record_every : int
        Epochs from one record to the next; the first and the last epoch always give one.
    sample_weights : (N,), optional
        What each example of the training split counts, from 0; 1 unless given.
    threads : int, optional
        All usable processors unless given. The same seed, data and threads give the same bits.
    state : TrainingState, optional
        Where to begin; it is kept up to date, and with network and optimizer it is all that resuming needs.
        ``TrainingState(rng)`` chooses the random generator of the data order.
    stop : callable
        Asked after every step; when it says True, training ends there, with a record. With ranks it is enough that
        one of them wishes it; all end with the step after.
    communication : Communication, optional
        From `handgrad.init_distributed`: the ranks that mpiexec started train together, each on its part of every
        batch, and all hold the same network. They must be given the same arguments, and take all records.

    Yields
    ------
    Record

    Raises
    ------
    HandgradError
        If an argument is out of range, the data do not fit the network, or ranks differ in what they are given.
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
    if early_stopping and not splits.validation:
        raise HandgradError("early stopping watches the validation split, and there is none; set one aside")
    if augmentation and len(splits.train.input_shape) != 3:
        raise HandgradError(
            f"augmentation deforms images (channels, height, width); the data are {splits.train.input_shape}"
        )
    communication.together(lambda: _adopt(network, splits.train))
    if state:
        state.belong_to(splits.train)
    optimizer = optimizer or SGD()
    optimizer.attach(network)
    loss = (loss or CrossEntropy()).fitted(splits.train.labels, len(splits.train.class_names))
    size = examples if batch_size == "all" else min(int(batch_size), examples)
    epoch_steps = -(-examples // size)
    plan = Plan(
        optimizer=optimizer,
        learning_rate=learning_rate,
        schedule=schedule or Constant(),
        loss=loss,
        averaging=averaging,
        early_stopping=early_stopping,
        batch_size=size,
        epoch_steps=epoch_steps,
        total=steps if steps is not None else (epochs or 10) * epoch_steps,
        record_every=record_every,
    )
    options: dict[str, Any] = {"loss": loss, "augmentation": augmentation, "adversarial": adversarial}
    batch_gradient = BatchGradient(
        network,
        splits.train,
        threads,
        **options,
        weights=_weights(sample_weights, examples, network.dtype),
        communication=communication,
    )
    state = state or communication.broadcast(TrainingState)
    if communication.several:
        check_agreement(network, splits, plan, batch_gradient, state)
    return loop(network, splits, plan, batch_gradient, state, stop)


def _adopt(network: Network, dataset: Dataset) -> None:
    """Make what a model must know of its data a part of the network."""
    check_fit(network, dataset)
    network.scaling = network.scaling or Scaling.learned(dataset.inputs)
    network.classes = dataset.class_names
    network.example_shape = dataset.input_shape
    network.framing = dataset.framing
    network.features = () if dataset.inputs.dtype == np.uint8 else tuple(dataset.features)


def _weights(
    weights: Sequence[float] | NDArray[Any] | None, examples: int, dtype: Any
) -> NDArray[Any] | None:
    if weights is None:
        return None
    array = np.asarray(weights, dtype)
    if array.shape != (examples,) or not (np.isfinite(array).all() and (array >= 0).all() and array.any()):
        raise HandgradError(
            f"sample_weights must be {examples} numbers from 0, one for each training example, not all 0"
        )
    return array


def _is_whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
