"""Whether a network is as often right as it is sure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import HandgradError
from handgrad.kernels.types import Floats, Integers


@dataclass(frozen=True, eq=False)
class Calibration:
    """How often a network is right where it is how sure: B bins of examples, by the probability of the answer.

    Bins without examples are left out.

    Attributes
    ----------
    confidence : (B,), from 0 to 1
        Mean probability of the answers in the bin.
    accuracy : (B,), from 0 to 1
        Share of them that are right.
    counts : (B,)
        How many they are.
    """

    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
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


def calibration(probabilities: Floats, labels: Integers, bins: int = 10) -> Calibration:
    """Compare how sure the answers are with how often they are right.

    Parameters
    ----------
    probabilities : (N, C), from 0 to 1
        As `Network.predict_proba` gives them; the largest of a row is the answer's.
    labels : (N,), whole numbers from 0 to C − 1
    bins : int
        Number M of equal intervals ((m − 1)/M, m/M] of probability, from 1.

    Returns
    -------
    Calibration

    Raises
    ------
    HandgradError
        If there are no examples, or others than labels, or values that are no probabilities.
    """
    probabilities, labels = np.asarray(probabilities), np.asarray(labels)
    if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1] or not probabilities.size:
        raise HandgradError(
            f"probabilities must be (N, C) for N labels, from 1; got {probabilities.shape} and {labels.shape}"
        )
    if not (probabilities.min() >= 0 and probabilities.max() <= 1 + 1e-6):
        raise HandgradError("probabilities must be from 0 to 1; give what predict_proba gives, not logits")
    if type(bins) is not int or bins < 1:
        raise HandgradError(f"bins must be a whole number from 1; got {bins!r}")
    confidence = probabilities.max(axis=1).astype(np.float64).clip(max=1)
    right = probabilities.argmax(axis=1) == labels
    bin_of = np.ceil(confidence * bins).astype(np.int64).clip(1) - 1
    counts = np.bincount(bin_of, minlength=bins)
    filled = counts > 0
    counts = counts[filled]
    sums = (np.bincount(bin_of, weights, bins)[filled] for weights in (confidence, right))
    mean_confidence, accuracies = (values / counts for values in sums)
    return Calibration(mean_confidence, accuracies, counts)


def wilson_interval(
    share: NDArray[np.float64], counts: NDArray[np.int64], z: float = 1.96
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Say between what a true share may lie where one was measured on few examples.

    Parameters
    ----------
    share : (B,), from 0 to 1
        Measured, each on as many examples as `counts` says.
    counts : (B,), from 1
    z : float
        Standard deviations to either side; 1.96 for 95 %.

    Returns
    -------
    low, high : (B,), from 0 to 1

    References
    ----------
    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    """
    grown = z * z / counts
    middle = (share + grown / 2) / (1 + grown)
    half = z / (1 + grown) * np.sqrt(share * (1 - share) / counts + grown / (4 * counts))
    return (middle - half).clip(0, 1), (middle + half).clip(0, 1)
