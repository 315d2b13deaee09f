"""How good the predictions are: accuracy, evaluation with a confusion matrix, and calibration."""

import mmap
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handgrad.config import check_integer
from handgrad.data.arrays import value_range
from handgrad.data.batches import chunks
from handgrad.data.columns import in_known_order
from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError
from handgrad.kernels.types import as_array
from handgrad.model.losses import CrossEntropy, Loss
from handgrad.model.network import Network
from handgrad.training.distributed import SINGLE, Communicator

Fractions: TypeAlias = NDArray[np.float64]
CHUNK = 10_000  # examples that are evaluated at a time
SCORES = 2**22  # of one chunk: with many classes it has fewer examples


def accuracy(predictions: ArrayLike, labels: ArrayLike) -> float:
    """Compute the fraction of examples whose class is predicted correctly, from 0 to 1.

    Parameters
    ----------
    predictions : (N,) classes, or (N, C) scores or probabilities, of which the largest counts
    labels : (N,)
    """
    predictions, labels = _pair(predictions, labels)
    if not len(labels):
        raise HandgradError("there are no predictions")
    classes = predictions.argmax(axis=1) if predictions.ndim == 2 else predictions
    return float((classes == labels).mean())


def _pair(predictions: ArrayLike, labels: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    predictions, labels = as_array(predictions, "predictions"), as_array(labels, "labels")
    if predictions.ndim not in (1, 2) or labels.shape != predictions.shape[:1]:
        raise HandgradError(f"predictions {predictions.shape} do not match labels {labels.shape}")
    return predictions, labels


class NotFinite(HandgradError):
    """A loss, or a parameter, is infinite or NaN."""


@dataclass(frozen=True)
class Evaluation:
    """The result of `evaluate`: examples, mean loss, accuracy from 0 to 1, and the confusion matrix.

    Rows of the matrix, (C, C), are the true classes, columns the predicted ones, as in scikit-learn.
    Its 8·C² bytes take memory only where a pair of classes occurs; on several ranks all do.
    """

    examples: int
    loss: float
    accuracy: float
    confusion: NDArray[np.int64]


def evaluate(
    network: Network, dataset: Dataset, loss: Loss | None = None, communicator: Communicator = SINGLE
) -> Evaluation:
    """Measure a network on a data set with its number of inputs and classes.

    `loss` is `CrossEntropy` if none is given. Of several ranks each measures a part, and all return the whole. Raise
    HandgradError if the data do not fit the network, or the loss is not finite.
    """
    dataset = as_known(network, dataset)
    examples, classes, loss = len(dataset), len(network.classes), loss or CrossEntropy()
    mean_loss, confusion = np.zeros(1), _sparse_zeros(classes)
    for rows in chunks(communicator.share(examples), max(1, min(CHUNK, SCORES // classes))):
        logits, labels = network.logits(dataset.inputs[rows]), dataset.labels[rows]
        mean_loss += loss(logits, labels, None, examples)[0]
        np.add.at(confusion, (labels, logits.argmax(axis=1)), 1)
    communicator.sum(mean_loss)
    communicator.sum(confusion)
    if not np.isfinite(mean_loss[0]):
        raise NotFinite(f"the loss of {examples:,} examples is not finite: inputs or weights are too large")
    return Evaluation(examples, float(mean_loss[0]), float(confusion.trace() / examples), confusion)


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
    dataset = in_known_order(dataset, network.features, network.classes)
    check_fit(network, dataset)
    scaling, inputs = network.scaling, dataset.inputs
    if scaling and scaling.for_bytes and inputs.dtype != np.uint8 and value_range(inputs)[1] <= 1:
        raise HandgradError("the model takes bytes, 0 to 255; the data are scaled to 0 to 1 already")
    return dataset


def check_fit(network: Network, dataset: Dataset) -> None:
    """Raise HandgradError if data are empty, or do not have the network's number of inputs, or its classes."""
    if len(dataset) == 0:
        raise HandgradError("the data hold no examples")
    ours = f"{network.inputs} inputs and {len(network.classes)} classes"
    theirs = f"{dataset.inputs.shape[1]} inputs and {len(dataset.classes)} classes"
    if ours != theirs:
        raise HandgradError(f"the model has {ours}, the data have {theirs}; choose data of its form")
    numbered = tuple(map(str, range(len(network.classes))))
    if dataset.classes != network.classes and numbered not in (dataset.classes, network.classes):
        ours, theirs = (f"{', '.join(names):.60}" for names in (network.classes, dataset.classes))
        need = "they must be the same, in the same order"
        raise HandgradError(f"the model has the classes {ours}, the data {theirs}; {need}")


@dataclass(frozen=True, eq=False)
class Calibration:
    """Accuracy by confidence, in B bins of examples by the probability of the predicted class; no bin is empty."""

    confidence: Fractions  # (B,) the mean probability of the predicted classes in the bin
    accuracy: Fractions  # (B,) from 0 to 1
    counts: NDArray[np.int64]  # (B,) examples

    @property
    def error(self) -> float:
        """Expected calibration error: mean distance of accuracy and confidence, Σ counts/N · |acc − conf|.

        Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015;
        Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", ICML 2017, equation 3.
        """
        return float(np.average(np.abs(self.accuracy - self.confidence), weights=self.counts))


def calibration(probabilities: ArrayLike, labels: ArrayLike, bins: int = 10) -> Calibration:
    """Compare the confidence of predictions with their accuracy.

    Raise HandgradError if there are no examples, the arrays do not match, or values are not probabilities.

    Parameters
    ----------
    probabilities : (N, C), from 0 to 1
        From `Network.predict_proba`.
    labels : (N,), integers from 0 to C − 1
    bins : int
        Number M of equal intervals ((m − 1)/M, m/M] of probability, from 1.
    """
    probabilities, labels = _pair(probabilities, labels)
    if probabilities.ndim != 2 or not probabilities.size:
        raise HandgradError(f"probabilities must be (N, C), from 1; got {probabilities.shape}")
    if not (probabilities.min() >= 0 and probabilities.max() <= 1 + 1e-6):
        raise HandgradError("probabilities must be from 0 to 1; use predict_proba, not logits")
    check_integer("bins", bins, 1)
    confidence = probabilities.max(axis=1).astype(np.float64).clip(max=1)
    correct = probabilities.argmax(axis=1) == labels
    bin_of = np.ceil(confidence * bins).astype(np.int64).clip(1) - 1
    counts = np.bincount(bin_of, minlength=bins)
    filled = counts > 0
    sums = [np.bincount(bin_of, values, bins)[filled] for values in (confidence, correct)]
    return Calibration(sums[0] / counts[filled], sums[1] / counts[filled], counts[filled])


def wilson_interval(share: Fractions, counts: NDArray[np.int64]) -> tuple[Fractions, Fractions]:
    """Compute the 95 % confidence interval (low, high) of shares (B,) that were measured on few examples.

    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    """
    z = 1.96  # standard deviations to either side
    correction = z * z / counts
    middle = (share + correction / 2) / (1 + correction)
    half = z / (1 + correction) * np.sqrt(share * (1 - share) / counts + correction / (4 * counts))
    return (middle - half).clip(0, 1), (middle + half).clip(0, 1)
