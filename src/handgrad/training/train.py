"""`train`: its arguments are checked here; the loop is in `loop.py`."""

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from handgrad.config import check_integer
from handgrad.data.augment import Augmentation
from handgrad.data.dataset import Dataset, naming
from handgrad.data.splits import Splits
from handgrad.errors import HandgradError, quoted
from handgrad.model.losses import Loss, default_loss
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling, begin_statistics
from handgrad.training.adversarial import Adversarial
from handgrad.training.averaging import Averaging
from handgrad.training.distributed import SINGLE, Communicator
from handgrad.training.evaluation import as_known, check_fit
from handgrad.training.gradients import BatchGradient
from handgrad.training.loop import Training
from handgrad.training.optimizers import SGD, Optimizer
from handgrad.training.records import Record
from handgrad.training.schedules import Constant, Schedule
from handgrad.training.state import TrainingState, count_steps
from handgrad.training.stopping import EarlyStopping


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
    stop: Callable[[], bool] | None = None,
    communicator: Communicator | None = None,
) -> Iterator[Record]:
    """Train a network, in place, epoch by epoch, as an iterator over records.

    Parameters
    ----------
    network : Network
        Network to train. Without a scaling it adopts one that suits the training data, and for a regression one of
        the targets.
    data : Splits or Dataset
        Data. The training split is used for training and the validation split for validation; the test split is
        never opened.
    optimizer : Optimizer or str, optional
        Optimizer, e.g. ``hg.Adam(0.01)``, or its name for default values, e.g. ``"adam"``; default: `SGD`.
    schedule : Schedule or str, optional
        Factor of the learning rate over the training; default: `Constant`.
    loss : Loss or str, optional
        Loss to minimize; default: `CrossEntropy`, `BinaryCrossEntropy` or `MeanSquaredError`, depending on the task.
    augmentation : Augmentation, optional
        Random deformation of the images of every batch.
    adversarial : Adversarial, optional
        Adversarial training.
    averaging : Averaging, optional
        Average of the parameters; it is validated, and is the result.
    early_stopping : EarlyStopping, optional
        Criterion to stop and to choose the best parameters; needs a validation split.
    batch_size : int or "all", default 128
        Number of examples per step. "all" takes the whole training split, in its order.
    epochs : int, optional
        Number of passes over the training split; default: 10.
    steps : int, optional
        Number of steps, instead of `epochs`.
    record_every : int, default 1
        Number of epochs from one record to the next. The first and the last epoch always have one.
    sample_weights : array-like of shape (N,), optional
        Weights of the training examples, at least 0; default: 1.
    threads : int, optional
        Number of threads; default: the number of usable processors.
    seed : int, optional
        Seed of the order of the examples and of all other random numbers; default: unpredictable.
    state : TrainingState, optional
        State to resume from, instead of `seed`. It changes in place.
    stop : callable, optional
        Function without arguments that returns True to end the training. It is called before every step and between
        the chunks of a large batch, for a small network only every ten steps. A last record is yielded if there was a
        step since the last one.
    communicator : Communicator, optional
        From `init_distributed`: all ranks compute a part of every batch, and hold the same network. They must pass
        the same arguments and take all records. One rank that stops is enough; all end after the same step. Default:
        a single process.

    Returns
    -------
    iterator of Record
        Measurements of each epoch. The network is trained while it is iterated over; arguments are checked before.

    Raises
    ------
    HandgradError
        If an argument is out of range, the data do not fit the network, or ranks have different arguments. If the
        loss is no longer finite, its subclass ``Diverged`` is raised, and parameters of at most ten steps before, or
        the best ones, are kept.

    See Also
    --------
    fit : Train to the end with a progress bar.

    Notes
    -----
    When the iterator ends or is closed, the network holds the result: the best parameters with `early_stopping`, or
    else the average with `averaging`, or else the last parameters.

    The same seed, data and number of threads give the same bits. N epochs equal k epochs and a training that resumes
    from their `state`.

    Examples
    --------
    >>> import handgrad as hg
    >>> data = hg.Dataset([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    >>> network = hg.Network([hg.Dense(2)], input_shape=1, rng=0)
    >>> sgd = hg.SGD(1.0)
    >>> for record in hg.train(network, data, optimizer=sgd, epochs=3):
    ...     print(f"{record.loss:.2f} {record.train_accuracy:.0%}")
    0.87 0%
    0.44 100%
    0.31 100%
    """
    if not isinstance(data, Splits | Dataset):
        raise HandgradError(
            f"data must be Splits, e.g. from load_data, or a Dataset; got {type(data).__name__}"
        )
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
    communicator = communicator or SINGLE
    check_fit(network, dataset)
    trained = copy(network)  # which replaces the network when nothing is refused
    trained.scaling = network.scaling or _scaling_of_inputs(dataset)
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
        raise HandgradError(
            "a regression has no accuracy; set the monitor of early stopping to validation_loss"
        )
    if early_stopping and validation is None:
        raise HandgradError("early stopping needs a validation split; create one with split_validation")
    state = state or communicator.broadcast(lambda: TrainingState(np.random.default_rng(seed)))
    fitted = loss.fitted(dataset.labels, len(network.classes))
    examples = as_known(trained, dataset) if dataset.means else dataset  # those of the model replace them
    gradient = BatchGradient(
        network, examples, fitted, augmentation, adversarial, sample_weights, threads, communicator
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
    return Training(gradient, known, *choices, size, total, record_every, state, stop or _never).records()


def _scaling_of_inputs(dataset: Dataset) -> Scaling:
    """Learn the scaling of the inputs; its shift is what stands for missing numbers."""
    with naming("inputs"):
        scaling = Scaling.learned(dataset.inputs)
    if not dataset.means:
        return scaling
    shift = [
        dataset.means.get(name, mean)
        for name, mean in zip(dataset.features, scaling.shift.tolist(), strict=True)
    ]
    return Scaling(np.array(shift), scaling.divisor)


def _scaling_of_targets(dataset: Dataset) -> Scaling:
    """Learn the scaling of the targets; HandgradError where one is constant but for rounding."""
    statistics = begin_statistics(dataset.labels).add(dataset.labels)
    constant = np.flatnonzero(statistics.constant)
    if constant.size:
        name = quoted(dataset.classes[constant[0]])
        raise HandgradError(f"the target {name} is the same in all examples; there is nothing to learn")
    with naming("targets"):
        return statistics.scaling()


def _never() -> bool:
    return False


def _optional(family: Any, value: Any, name: str) -> Any:
    return None if value is None else family.resolve(value, name)
