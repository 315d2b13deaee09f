"""How good the predictions are."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handgrad.data.arrays import value_range
from handgrad.data.batches import chunks
from handgrad.data.columns import in_known_order
from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError
from handgrad.kernels.types import as_array
from handgrad.model.losses import CrossEntropy, Loss
from handgrad.model.network import Network
from handgrad.training.distributed import SINGLE, Communicator

CHUNK = 10_000
"""Examples that are evaluated at a time."""


def accuracy(predictions: ArrayLike, labels: ArrayLike) -> float:
    """Compute the fraction of examples whose class is predicted correctly.

    Parameters
    ----------
    predictions : (N,) classes, or (N, C) scores or probabilities, of which the largest counts
    labels : (N,)

    Returns
    -------
    float
        From 0 to 1.
    """
    predictions, labels = _pair(predictions, labels)
    if not len(labels):
        raise HandgradError("there are no predictions")
    classes = predictions.argmax(axis=1) if predictions.ndim == 2 else predictions
    return float((classes == labels).mean())


def confusion_matrix(predictions: ArrayLike, labels: ArrayLike, classes: int) -> NDArray[np.int64]:
    """Count the examples of each true class that are predicted as each class.

    Parameters
    ----------
    predictions, labels : (N,), integers from 0 to classes − 1
    classes : int

    Returns
    -------
    (classes, classes) int64
        Rows are the true classes, columns the predicted ones, as in scikit-learn.
    """
    predictions, labels = _pair(predictions, labels)
    for name, values in (("prediction", predictions), ("label", labels)):
        if len(values) and not (values.dtype.kind in "iu" and values.min() >= 0 and values.max() < classes):
            raise HandgradError(f"a {name} is not an integer from 0 to {classes - 1}")
    pairs = labels.astype(np.int64) * classes + predictions.astype(np.int64)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def _pair(predictions: ArrayLike, labels: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    predictions, labels = as_array(predictions, "predictions"), as_array(labels, "labels")
    if predictions.ndim not in (1, 2) or labels.shape != predictions.shape[:1]:
        raise HandgradError(f"predictions {predictions.shape} do not match labels {labels.shape}")
    return predictions, labels


class NotFinite(HandgradError):
    """A loss, or a parameter, is infinite or NaN."""


@dataclass(frozen=True)
class Evaluation:
    """The result of `evaluate`: examples, mean loss, accuracy from 0 to 1, and the confusion matrix."""

    examples: int
    loss: float
    accuracy: float
    confusion: NDArray[Any]


def evaluate(
    network: Network, dataset: Dataset, loss: Loss | None = None, communicator: Communicator = SINGLE
) -> Evaluation:
    """Measure a network on a data set.

    Parameters
    ----------
    network : Network
    dataset : Dataset
        With the network's number of inputs and classes.
    loss : Loss, optional
        Default: `CrossEntropy`.
    communicator : Communicator, optional
        Each rank measures a part; all return the whole.

    Returns
    -------
    Evaluation

    Raises
    ------
    HandgradError
        If the data do not fit the network, or the loss is not finite.
    """
    dataset = as_known(network, dataset)
    examples, classes, loss = len(dataset), len(network.classes), loss or CrossEntropy()
    sums = np.zeros(1 + classes * classes)  # the mean loss, and the confusion matrix
    for rows in chunks(communicator.share(examples), CHUNK):
        logits, labels = network.logits(dataset.inputs[rows]), dataset.labels[rows]
        sums[0] += loss(logits, labels, None, examples)[0]
        sums[1:] += confusion_matrix(logits.argmax(axis=1), labels, classes).ravel()
    communicator.sum(sums)
    if not np.isfinite(sums[0]):
        raise NotFinite(
            f"the loss on {examples:,} examples is not finite: inputs or parameters are too large"
        )
    confusion = sums[1:].reshape(classes, classes).astype(np.int64)
    return Evaluation(examples, float(sums[0]), float(confusion.trace() / examples), confusion)


def as_known(network: Network, dataset: Dataset) -> Dataset:
    """Return data with inputs and classes in the order of a trained network; HandgradError if they do not fit it."""
    if isinstance(dataset, Dataset):
        dataset = in_known_order(dataset, network.features, network.classes)
    check_fit(network, dataset)
    numbered = tuple(map(str, range(len(network.classes))))
    if dataset.class_names != network.classes and numbered not in (dataset.class_names, network.classes):
        ours, theirs = (f"{', '.join(names):.60}" for names in (network.classes, dataset.class_names))
        raise HandgradError(
            f"the model has the classes {ours}, the data {theirs}; choose data with its classes"
        )
    scaling, inputs = network.scaling, dataset.inputs
    if scaling and scaling.for_bytes and inputs.dtype != np.uint8 and value_range(inputs)[1] <= 1:
        raise HandgradError("the model takes bytes, 0 to 255; the data are scaled to 0 to 1 already")
    return dataset


def check_fit(network: Network, dataset: Dataset) -> None:
    """Raise HandgradError if data are empty, or do not have the network's number of inputs or classes."""
    if not isinstance(dataset, Dataset):
        raise HandgradError(f"the data must be a Dataset, such as a test split; got {dataset!r:.40}")
    if len(dataset) == 0:
        raise HandgradError("the data hold no examples")
    ours, theirs = (network.inputs, len(network.classes)), (dataset.inputs.shape[1], len(dataset.class_names))
    for what, here, there in zip(("inputs", "classes"), ours, theirs, strict=True):
        if here != there:
            raise HandgradError(
                f"the model has {here} {what}, the data have {there}; choose data of its form"
            )
