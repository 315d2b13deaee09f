"""Calibration: whether predicted probabilities agree with the accuracy."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handgrad.config import is_integer
from handgrad.errors import HandgradError

Fractions: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Calibration:
    """Accuracy by confidence: B bins of examples, by the probability of the predicted class; no bin is empty.

    `confidence` (B,) is the mean probability of the predicted classes in the bin, `accuracy` (B,) is from 0 to 1, and
    `counts` (B,) is the number of examples.
    """

    confidence: Fractions
    accuracy: Fractions
    counts: NDArray[np.int64]

    @property
    def error(self) -> float:
        """Expected calibration error: mean distance of accuracy and confidence, Σ counts/N · |acc − conf|.

        References
        ----------
        Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015;
        Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", ICML 2017, equation 3.
        """
        return float(np.average(np.abs(self.accuracy - self.confidence), weights=self.counts))


def calibration(probabilities: ArrayLike, labels: ArrayLike, bins: int = 10) -> Calibration:
    """Compare the confidence of predictions with their accuracy.

    Parameters
    ----------
    probabilities : (N, C), from 0 to 1
        From `Network.predict_proba`.
    labels : (N,), integers from 0 to C − 1
    bins : int
        Number M of equal intervals ((m − 1)/M, m/M] of probability, from 1.

    Returns
    -------
    Calibration

    Raises
    ------
    HandgradError
        If there are no examples, the arrays do not match, or values are not probabilities.
    """
    probabilities, labels = np.asarray(probabilities), np.asarray(labels)
    if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1] or not probabilities.size:
        raise HandgradError(
            f"probabilities must be (N, C) for N labels, from 1; got {probabilities.shape} and {labels.shape}"
        )
    if not (probabilities.min() >= 0 and probabilities.max() <= 1 + 1e-6):
        raise HandgradError("probabilities must be from 0 to 1; use predict_proba, not logits")
    if not is_integer(bins, 1):
        raise HandgradError(f"bins must be an integer from 1; got {bins!r:.60}")
    confidence = probabilities.max(axis=1).astype(np.float64).clip(max=1)
    correct = probabilities.argmax(axis=1) == labels
    bin_of = np.ceil(confidence * bins).astype(np.int64).clip(1) - 1
    counts = np.bincount(bin_of, minlength=bins)
    filled = counts > 0
    sums = (np.bincount(bin_of, values, bins)[filled] for values in (confidence, correct))
    mean_confidence, accuracy = (values / counts[filled] for values in sums)
    return Calibration(mean_confidence, accuracy, counts[filled])


def wilson_interval(share: Fractions, counts: NDArray[np.int64]) -> tuple[Fractions, Fractions]:
    """Compute the 95 % confidence interval (low, high) of shares (B,) that were measured on few examples.

    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    """
    z = 1.96  # standard deviations to either side
    correction = z * z / counts
    middle = (share + correction / 2) / (1 + correction)
    half = z / (1 + correction) * np.sqrt(share * (1 - share) / counts + correction / (4 * counts))
    return (middle - half).clip(0, 1), (middle + half).clip(0, 1)
