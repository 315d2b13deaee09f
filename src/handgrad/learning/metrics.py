"""How good the answers are."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError
from handgrad.kernels.types import Floats, Integers
from handgrad.model.network import Network


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
    pairs = labels.astype(np.int64) * classes + predictions
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` finds: examples, mean loss in nats, accuracy from 0 to 1, and the confusion matrix."""

    examples: int
    loss: float
    accuracy: float
    confusion: NDArray[Any]


def evaluate(network: Network, dataset: Dataset) -> Evaluation:
    """Measure a network on a data set.

    Parameters
    ----------
    network : Network
    dataset : Dataset
        With the network's number of inputs and classes.

    Returns
    -------
    Evaluation

    Raises
    ------
    HandgradError
        If the data do not fit the network.
    """
    check_fit(network, dataset)
    probabilities = network.predict_proba(dataset.inputs)
    labels = dataset.labels
    right = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    loss = -float(np.log(right.clip(min=np.finfo(network.dtype).tiny)).mean())
    predictions = probabilities.argmax(axis=1)
    confusion = confusion_matrix(predictions, labels, len(network.classes))
    return Evaluation(len(labels), loss, accuracy(predictions, labels), confusion)


def check_fit(network: Network, dataset: Dataset) -> None:
    """Raise HandgradError where data do not have the network's number of inputs or its classes."""
    inputs = int(np.prod(network.input_shape))
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
