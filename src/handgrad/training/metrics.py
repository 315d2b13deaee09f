"""How good class predictions are: accuracy and calibration."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handgrad.config import check_integer
from handgrad.errors import HandgradError
from handgrad.kernels.types import as_array

Fractions: TypeAlias = NDArray[np.float64]


def accuracy(predictions: ArrayLike, labels: ArrayLike) -> float:
    """Compute the fraction of examples whose class is predicted correctly.

    Parameters
    ----------
    predictions : array-like of shape (N,) or (N, C)
        Classes, or scores or probabilities of the classes.
    labels : array-like of shape (N,)
        True classes.

    Returns
    -------
    float
        Fraction from 0 to 1.

    Raises
    ------
    HandgradError
        If there are no examples, or the arrays do not match.

    Examples
    --------
    >>> import handgrad as hg
    >>> hg.accuracy([2, 0, 1, 1], [2, 0, 1, 0])
    0.75
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


@dataclass(frozen=True, eq=False)
class Calibration:
    """Accuracy by confidence, in B bins of examples; `calibration` returns it.

    The bins are intervals of the probability of the predicted class. None is empty.

    Parameters
    ----------
    confidence : array of shape (B,)
        Mean probability of the predicted classes in each bin.
    accuracy : array of shape (B,)
        Fraction of correct predictions in each bin.
    counts : array of int and shape (B,)
        Number of examples in each bin.

    Examples
    --------
    >>> import handgrad as hg
    >>> result = hg.calibration([[0.9, 0.1], [0.6, 0.4]], [0, 1])
    >>> result.confidence, result.accuracy, result.counts
    (array([0.6, 0.9]), array([0., 1.]), array([1, 1]))
    """

    confidence: Fractions
    accuracy: Fractions
    counts: NDArray[np.int64]

    @property
    def error(self) -> float:
        """Expected calibration error: mean distance of accuracy and confidence, over all examples.

        It is ``Σ counts / N · |accuracy − confidence|``.

        Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015;
        Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", ICML 2017, equation 3.
        """
        return float(np.average(np.abs(self.accuracy - self.confidence), weights=self.counts))


def calibration(probabilities: ArrayLike, labels: ArrayLike, bins: int = 10) -> Calibration:
    """Compare the confidence of predictions with their accuracy.

    Parameters
    ----------
    probabilities : array-like of shape (N, C)
        Probabilities of the classes, e.g. from `Network.predict_proba`.
    labels : array-like of shape (N,)
        True classes, from 0 to C − 1.
    bins : int
        Number M of equal intervals ((m − 1)/M, m/M] of probability, from 1.

    Returns
    -------
    Calibration
        Accuracy by confidence, and the expected calibration error.

    Raises
    ------
    HandgradError
        If there are no examples, the arrays do not match, or values are not probabilities.

    See Also
    --------
    plots.plot_calibration : Plot the result.

    Notes
    -----
    The expected calibration error is ``Σ counts / N · |accuracy − confidence|``.

    References
    ----------
    Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", ICML 2017, equation 3.

    Examples
    --------
    >>> import handgrad as hg
    >>> probabilities = [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7]]
    >>> result = hg.calibration(probabilities, [0, 1, 1, 1], bins=2)
    >>> result.confidence, result.accuracy
    (array([0.75]), array([0.75]))
    >>> hg.calibration(probabilities, [0, 1, 1, 1], bins=10).error
    0.3
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
