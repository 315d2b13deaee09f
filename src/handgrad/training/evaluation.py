"""Evaluation of a network on a data set: its loss, and the metrics of its task."""

import mmap
from collections.abc import Sequence
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.config import TASKS, count_outputs
from handgrad.data.arrays import value_range
from handgrad.data.batches import chunks
from handgrad.data.columns import in_known_order, means_of
from handgrad.data.dataset import Dataset
from handgrad.data.form import Form
from handgrad.errors import HandgradError
from handgrad.model.losses import Loss, default_loss
from handgrad.model.network import Network
from handgrad.training.distributed import SINGLE, Communicator
from handgrad.training.results import Evaluation, MultilabelEvaluation, RegressionEvaluation

CHUNK = 10_000  # examples that are evaluated at a time
SCORES = 2**22  # of one chunk: with many outputs it has fewer examples


class NotFinite(HandgradError):
    """A loss, or a parameter, is infinite or NaN."""


def evaluate(
    network: Network, dataset: Dataset, loss: Loss | None = None, communicator: Communicator | None = None
) -> Any:
    """Measure the loss and the metrics of a network on a data set.

    Parameters
    ----------
    network : Network
        The network. One that is not trained takes the task of the data.
    dataset : Dataset
        Examples, e.g. the test split.
    loss : Loss, optional
        Loss to report. Default: that of the task, e.g. `CrossEntropy`.
    communicator : Communicator, optional
        The processes. Each measures a part of the data, and all return the whole. Default: a single process.

    Returns
    -------
    Evaluation, MultilabelEvaluation or RegressionEvaluation
        The loss and the metrics of the task.

    Raises
    ------
    HandgradError
        If the data do not fit the network, or the loss is not finite.

    Examples
    --------
    >>> import handgrad as hg
    >>> data = hg.load_data("strokes:600")
    >>> network = hg.Network([hg.Dense(10)], input_shape=784, rng=0)
    >>> hg.evaluate(network, data.test).accuracy
    0.1
    >>> records = hg.fit(network, data, epochs=20, seed=0)
    >>> hg.evaluate(network, data.test).accuracy
    0.66
    """
    dataset, communicator = as_known(network, dataset), communicator or SINGLE
    if network.task is None:
        network = copy(network)
        network.task = dataset.task
    examples, outputs, loss = len(dataset), len(network.classes), loss or default_loss(dataset.task)
    total = np.zeros(1)
    sums, observe, result = _MEASURES[dataset.task](network, dataset)
    for rows in chunks(communicator.share(examples), max(1, min(CHUNK, SCORES // outputs))):
        logits, labels = network.logits(dataset.inputs[rows]), dataset.labels[rows]
        total += loss(logits, network.scale_targets(labels), None, examples)[0]
        observe(logits, labels)
    communicator.sum(total)
    communicator.sum(sums)
    if not np.isfinite(total[0]):
        raise NotFinite(f"the loss of {examples:,} examples is not finite: inputs or weights are too large")
    return result(examples, float(total[0]))


def _of_classes(network: Network, dataset: Dataset) -> Any:
    classes = len(network.classes)
    confusion = _sparse_zeros(classes)

    def observe(logits: Any, labels: NDArray[Any]) -> None:
        np.add.at(confusion, (labels, logits.argmax(axis=1)), 1)

    def result(examples: int, loss: float) -> Evaluation:
        return Evaluation(examples, loss, float(confusion.trace() / examples), confusion)

    return confusion, observe, result


def _of_labels(network: Network, dataset: Dataset) -> Any:
    labels = len(network.classes)
    sums = np.zeros(4 * labels + 1, np.int64)  # at the end, the examples that are entirely correct
    confusion = sums[:-1].reshape(labels, 2, 2)

    def observe(logits: Any, true: NDArray[Any]) -> None:
        predicted = network.decide(logits)
        np.add.at(confusion, (np.arange(labels), true, predicted), 1)
        sums[-1] += (predicted == true).all(axis=1).sum()

    def result(examples: int, loss: float) -> MultilabelEvaluation:
        correct = confusion[:, 0, 0] + confusion[:, 1, 1]
        accuracy, exact = correct.mean() / examples, sums[-1] / examples
        return MultilabelEvaluation(examples, loss, float(accuracy), float(exact), confusion)

    return sums, observe, result


def _of_targets(network: Network, dataset: Dataset) -> Any:
    origin = dataset.labels[0]  # y is measured from one of its values on, so that little is rounded
    sums = np.zeros((4, len(origin)))  # of y, y², (y − ŷ)² and |y − ŷ|

    def observe(logits: Any, true: NDArray[Any]) -> None:
        y, error = true - origin, true - network.decide(logits)
        sums[...] += [y.sum(axis=0), (y**2).sum(axis=0), (error**2).sum(axis=0), abs(error).sum(axis=0)]

    def result(examples: int, loss: float) -> RegressionEvaluation:
        total, squares, squared_error, absolute_error = sums
        variance = squares - total**2 / examples
        constant = variance <= 1e-12 * squares
        r2 = np.where(constant, 0, 1 - squared_error / np.where(constant, 1, variance))
        return RegressionEvaluation(
            examples, loss, r2, absolute_error / examples, np.sqrt(squared_error / examples)
        )

    return sums, observe, result


_MEASURES = {"classification": _of_classes, "multilabel": _of_labels, "regression": _of_targets}
"""For each task a function that returns arrays of sums, one that adds a chunk to them, and one of the result."""


def _sparse_zeros(classes: int) -> NDArray[np.int64]:
    """Return zeros (C, C) that take memory only where they are changed; in Linux, NumPy takes pages of 2 MB."""
    if not hasattr(mmap, "MADV_NOHUGEPAGE"):
        return np.zeros((classes, classes), np.int64)
    try:
        memory = mmap.mmap(-1, 8 * classes * classes, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as error:
        raise MemoryError(f"no memory for the confusion matrix of {classes:,} classes") from error
    memory.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(memory, np.int64).reshape(classes, classes)


def as_known(network: Network, dataset: Dataset) -> Dataset:
    """Return data with inputs and classes in the order of a trained network; HandgradError if they do not fit it."""
    if not isinstance(dataset, Dataset):
        raise HandgradError(f"the data must be a Dataset, such as a test split; got {type(dataset).__name__}")
    dataset = in_known_order(dataset, network.features, network.classes, _means(network))
    check_fit(network, dataset)
    scaling, inputs = network.scaling, dataset.inputs
    if scaling and scaling.for_bytes and inputs.dtype != np.uint8 and value_range(inputs)[1] <= 1:
        raise HandgradError("the model takes bytes, 0 to 255; the data are scaled to 0 to 1 already")
    return dataset


def form_of(network: Network, targets: Sequence[str] = ()) -> Form:
    """Return how tables should be read for a trained network: with its columns, if it has names of them."""
    task = network.task or "classification"
    outputs = None if task == "classification" else network.classes  # a table may have some of the classes
    if not network.features:
        return Form(targets, task, outputs)
    return Form(targets, task, outputs, network.features, network.inputs, np.float32, _means(network))


def _means(network: Network) -> dict[str, float]:
    return means_of(network.features, network.scaling.shift) if network.scaling else {}


def check_fit(network: Network, dataset: Dataset) -> None:
    """Raise HandgradError if data are empty, or do not have the network's number of inputs, or its classes."""
    if len(dataset) == 0:
        raise HandgradError("the data hold no examples")
    task = network.task or dataset.task
    ours = f"{network.inputs} inputs and {count_outputs(task, len(network.classes))}"
    theirs = f"{dataset.inputs.shape[1]} inputs and {count_outputs(dataset.task, len(dataset.classes))}"
    if ours != theirs:
        raise HandgradError(f"the model has {ours}, the data have {theirs}; choose data of its form")
    numbered = tuple(map(str, range(len(network.classes))))
    if dataset.classes != network.classes and numbered not in (dataset.classes, network.classes):
        ours, theirs = (f"{', '.join(names):.60}" for names in (network.classes, dataset.classes))
        need = "they must be the same, in the same order"
        raise HandgradError(f"the model has the {TASKS[task]} {ours}, the data {theirs}; {need}")
