"""How good the answers are."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.arrays import value_range
from handgrad.data.batches import share
from handgrad.data.columns import in_known_order
from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError
from handgrad.kernels.types import Floats, Integers
from handgrad.model.losses import CrossEntropy, Loss
from handgrad.model.network import Network
from handgrad.training.distributed import ALONE, Communication


def accuracy(predictions: Integers | Floats, labels: Integers) -> float:
    """Share of examples whose class is predicted right.

    Parameters
    ----------
    predictions : (N,) classes, or (N, C) scores or probabilities, of which the largest counts
    labels : (N,)

    Returns
    -------
    float
        From 0 to 1.
    """
    if len(predictions) != len(labels) or len(labels) == 0:
        raise HandgradError(f"there are {len(predictions)} predictions for {len(labels)} labels")
    classes = predictions.argmax(axis=1) if predictions.ndim == 2 else predictions
    return float((classes == labels).mean())


def confusion_matrix(predictions: Integers, labels: Integers, classes: int) -> NDArray[np.int64]:
    """Count how often each class was taken for each.

    Parameters
    ----------
    predictions, labels : (N,), whole numbers from 0 to classes − 1
    classes : int

    Returns
    -------
    (classes, classes) int64
        Rows are the true classes, columns the predicted ones, as in scikit-learn.
    """
    if len(predictions) != len(labels):
        raise HandgradError(f"there are {len(predictions)} predictions for {len(labels)} labels")
    for name, values in (("prediction", predictions), ("label", labels)):
        if len(values) and not (values.min() >= 0 and values.max() < classes):
            raise HandgradError(f"a {name} is out of range: there are {classes} classes")
    pairs = labels.astype(np.int64) * classes + predictions
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` finds: examples, mean loss, accuracy from 0 to 1, and the confusion matrix."""

    examples: int
    loss: float
    accuracy: float
    confusion: NDArray[Any]


def evaluate(
    network: Network, dataset: Dataset, loss: Loss | None = None, communication: Communication = ALONE
) -> Evaluation:
    """Measure a network on a data set.

    Parameters
    ----------
    network : Network
    dataset : Dataset
        With the network's number of inputs and classes.
    loss : Loss, optional
        `CrossEntropy` unless given.
    communication : Communication, optional
        With ranks, each of which measures a part; all get the whole.

    Returns
    -------
    Evaluation

    Raises
    ------
    HandgradError
        If the data do not fit the network.
    """
    if not (isinstance(dataset, Dataset) and len(dataset)):
        check_fit(network, dataset)  # which tells why
    examples, classes = len(dataset), len(network.classes)
    _, own = share(slice(0, examples), communication.rank, communication.size)
    assert isinstance(own, slice)

    def measure() -> NDArray[np.float64]:
        sums = np.zeros(1 + classes * classes)  # the mean loss, and the confusion matrix
        before = own.start
        for part in dataset.parts(own):
            known = as_known(network, part, before)
            before += len(part)
            logits = network.logits(known.inputs)
            sums[0] += (loss or CrossEntropy())(logits, known.labels, None, examples)[0]
            sums[1:] += confusion_matrix(logits.argmax(axis=1), known.labels, classes).ravel()
        return sums

    sums = communication.together(measure)
    communication.sum(sums)
    confusion = sums[1:].reshape(classes, classes).astype(np.int64)
    return Evaluation(examples, float(sums[0]), float(confusion.trace() / examples), confusion)


def as_known(network: Network, dataset: Dataset, before: int = 0) -> Dataset:
    """Give data, or a part with so many examples before it, with inputs and classes as a trained network knows them.

    Raises
    ------
    HandgradError
        Where they do not fit it: in columns, size, classes or scale.
    """
    if isinstance(dataset, Dataset):
        dataset = in_known_order(dataset, network.features, network.classes, before)
    check_fit(network, dataset)
    numbered = tuple(map(str, range(len(network.classes))))
    if dataset.class_names != network.classes and numbered not in (dataset.class_names, network.classes):
        raise HandgradError(
            f"the model knows the classes {', '.join(network.classes)}, the data {', '.join(dataset.class_names)}; "
            "choose data with the model's classes"
        )
    if (
        network.scaling
        and network.scaling.for_bytes
        and dataset.inputs.dtype != np.uint8
        and value_range(dataset.inputs)[1] <= 1
    ):
        raise HandgradError("the model takes bytes, 0 to 255; the data are scaled to 0 to 1 already")
    return dataset


def check_fit(network: Network, dataset: Dataset) -> None:
    """Raise HandgradError where data are empty, or do not have the network's number of inputs or classes."""
    if not isinstance(dataset, Dataset):
        raise HandgradError(
            f"a Dataset is needed, such as the test split of what load gives; got {dataset!r:.40}"
        )
    if len(dataset) == 0:
        raise HandgradError("the data hold no examples")
    inputs = network.inputs
    if dataset.inputs.shape[1] != inputs:
        raise HandgradError(
            f"the model takes {inputs} inputs, the data have {dataset.inputs.shape[1]}; "
            "choose the data that it was trained on, or train another"
        )
    if len(dataset.class_names) != len(network.classes):
        raise HandgradError(
            f"the model knows {len(network.classes)} classes, the data have {len(dataset.class_names)}; "
            "choose the data that it was trained on, or train another"
        )
