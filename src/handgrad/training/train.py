"""Training: what it is asked for is checked, what the data must give is taken, and the loop begins."""

from collections.abc import Callable, Iterator, Sequence
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
    optimizer : Optimizer or str, optional
        Such as ``hg.Adam(0.01)``, or ``"adam"`` for its defaults. Default: `SGD`.
    schedule : Schedule or str, optional
        The factor of the learning rate at each step, such as ``"cosine"``. Default: `Constant`.
    loss : Loss or str, optional
        Default: `CrossEntropy`.
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
    seed : int, optional
        Seeds the order of the data and all other random numbers of the training. Default: unpredictable.
    state : TrainingState, optional
        Where to begin, instead of `seed`; it is kept up to date, and with the network it is all that resuming needs.
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
    if seed is not None and state is not None:
        raise HandgradError("seed and state both choose the random numbers; give one of them")
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
    optimizer = Optimizer.resolve(optimizer or SGD, "optimizer")
    schedule = Schedule.resolve(schedule or Constant, "schedule")
    loss = Loss.resolve(loss or CrossEntropy, "loss")
    loss = loss.fitted(splits.train.labels, len(splits.train.class_names))
    size = examples if batch_size == "all" else min(int(batch_size), examples)
    epoch_steps = -(-examples // size)
    plan = Plan(
        optimizer=optimizer,
        schedule=schedule,
        loss=loss,
        averaging=averaging,
        early_stopping=early_stopping,
        batch_size=size,
        epoch_steps=epoch_steps,
        total=count_steps(examples, batch_size, epochs, steps),
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
    state = state or communication.broadcast(lambda: TrainingState(np.random.default_rng(seed)))
    if communication.several:
        check_agreement(network, splits, plan, batch_gradient, state)
    return loop(network, splits, plan, batch_gradient, state, stop)


def fit(
    network: Network, dataset: Splits | Dataset, *, progress: bool | str = "auto", **arguments: Any
) -> list[Record]:
    """Train a network, in place, to the end.

    Parameters
    ----------
    network : Network
    dataset : Splits or Dataset
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
    if not progress:
        return list(train(network, dataset, **arguments))
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    shown = progress is True or console.is_terminal or console.is_jupyter
    splits = dataset if isinstance(dataset, Splits) else Splits(dataset)
    records, lengths = [], {name: arguments.get(name) for name in ("batch_size", "epochs", "steps")}
    with Progress(console=console, disable=not shown) as bar:
        task = bar.add_task("training", total=None)
        for record in train(network, dataset, **arguments):
            records.append(record)
            figures = [f"epoch {record.epoch}", f"loss {record.loss:.4f}"]
            if record.validation_accuracy is not None:
                figures.append(f"validation accuracy {record.validation_accuracy:.1%}")
            total = count_steps(len(splits.train), **lengths)
            bar.update(task, total=total, completed=record.step + 1, description=", ".join(figures))
    return records


def count_steps(
    examples: int, batch_size: int | str | None = None, epochs: int | None = None, steps: int | None = None
) -> int:
    """Return the number of steps of a whole training, for arguments of `train`."""
    if steps is not None:
        return steps
    size = examples if batch_size == "all" else min(int(batch_size or 128), examples)
    return (epochs or 10) * -(-examples // size)


def _adopt(network: Network, dataset: Dataset) -> None:
    """Make what a model must know of its data a part of the network."""
    check_fit(network, dataset)
    network.scaling = network.scaling or Scaling.learned(dataset.inputs)
    features = () if dataset.inputs.dtype == np.uint8 else dataset.features
    network.adopt(dataset.class_names, dataset.input_shape, dataset.framing, features)


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
