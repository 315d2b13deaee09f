"""What training makes small: for each example a loss, and its derivative."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from handgrad.config import Configurable
from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.types import Floats, Integers


class Loss(Configurable, ABC):
    """Base of the losses; a loss of one's own is a frozen dataclass with an `examples`."""

    @abstractmethod
    def examples(self, logits: Floats, labels: Integers) -> tuple[Floats, Floats]:
        """Compute the loss of every example, and its derivative.

        Parameters
        ----------
        logits : (N, C)
        labels : (N,), whole numbers from 0 to C − 1

        Returns
        -------
        losses : (N,)
        dlogits : (N, C)
            The gradient of each example's own loss.
        """

    def fitted(self, labels: Integers, classes: int) -> Self:
        """Give the loss for data with these labels; itself unless a loss has something to count there.

        Raises
        ------
        HandgradError
            If the loss does not suit the number of classes.
        """
        return self

    def __call__(
        self,
        logits: Floats,
        labels: Integers,
        weights: NDArray[np.floating[Any]] | None = None,
        total: int | None = None,
    ) -> tuple[float, Floats]:
        """Compute the mean loss, and its gradient.

        Parameters
        ----------
        logits : (N, C)
        labels : (N,), whole numbers from 0 to C − 1
        weights : (N,), optional
            What each example counts; 1 unless given.
        total : int, optional
            What the sum is divided by: N unless these are one chunk of a larger batch, whose size is then given,
            so that the losses and gradients of the chunks add up to those of the batch.

        Returns
        -------
        loss : float
        dlogits : (N, C)

        Raises
        ------
        HandgradError
            If the labels do not fit the logits.
        """
        if labels.shape != logits.shape[:1] or not (labels.min() >= 0 and labels.max() < logits.shape[1]):
            raise HandgradError(f"labels must be {logits.shape[:1]} classes from 0 to {logits.shape[1] - 1}")
        losses, dlogits = self.examples(logits, labels)
        if weights is not None:
            losses, dlogits = losses * weights, dlogits * weights[:, None].astype(dlogits.dtype)
        total = len(labels) if total is None else total
        return float(losses.sum(dtype=np.float64)) / total, dlogits / total


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """Cross-entropy between the softmax of the logits and the labels, in nats.

    Parameters
    ----------
    label_smoothing : float
        Share of the target that is spread over all classes, from 0 to below 1.
    class_weights : sequence of float, or "balanced", optional
        What an example of each class counts; all 1 unless given. "balanced" counts every class alike:
        N / (C · N of the class).
    """

    label_smoothing: float = 0.0
    class_weights: Sequence[float] | str = ()

    def __post_init__(self) -> None:
        if not 0 <= self.label_smoothing < 1:
            raise HandgradError(
                f"CrossEntropy label_smoothing must be from 0 to below 1; got {self.label_smoothing}"
            )
        weights = self.class_weights
        if weights == "balanced":
            return
        if (
            isinstance(weights, str)
            or not all(isfinite(weight) and weight >= 0 for weight in weights)
            or (weights and not any(weights))
        ):
            raise HandgradError(
                f"CrossEntropy class_weights must be 'balanced' or numbers from 0, not all 0; got {weights!r:.60}"
            )
        object.__setattr__(self, "class_weights", tuple(map(float, weights)))

    def fitted(self, labels: Integers, classes: int) -> Self:
        """Count the classes, where they are to be balanced; see `Loss.fitted`."""
        if self.class_weights == "balanced":
            counts = np.bincount(labels, minlength=classes)
            present = np.maximum(counts, 1)
            weights = np.where(counts, len(labels) / (np.count_nonzero(counts) * present), 1.0)
            return replace(self, class_weights=tuple(weights.tolist()))
        if self.class_weights and len(self.class_weights) != classes:
            raise HandgradError(
                f"CrossEntropy has {len(self.class_weights)} class_weights; the data have {classes} classes"
            )
        return self

    def examples(self, logits: Floats, labels: Integers) -> tuple[Floats, Floats]:
        """Compute the formula; see `Loss.examples`."""
        losses, dlogits = kernels.softmax_cross_entropy(logits, labels, self.label_smoothing)
        if self.class_weights:
            weights = np.asarray(self.class_weights, logits.dtype)[labels]
            losses *= weights
            dlogits *= weights[:, None]
        return losses, dlogits


def cross_entropy(
    logits: Floats, labels: Integers, label_smoothing: float = 0.0, weights: Floats | None = None
) -> tuple[float, Floats]:
    """Compute the mean cross-entropy in nats, and its gradient; see `Loss.__call__` and `CrossEntropy`."""
    return CrossEntropy(label_smoothing)(logits, labels, weights)
