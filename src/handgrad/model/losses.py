"""Losses: what training minimises, and its derivative. A loss belongs to a task: classification, or another."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from handgrad.config import Configurable, within
from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.types import Floats, Integers


class Loss(Configurable, ABC):
    """Base of the losses. A custom loss is a frozen dataclass with a `per_example`.

    Attributes
    ----------
    task : {"classification", "multilabel", "regression"}
        What targets the loss takes. A custom loss inherits "classification" unless it sets another.
    """

    task: ClassVar[str] = "classification"

    @abstractmethod
    def per_example(self, logits: Floats, targets: NDArray[Any]) -> tuple[Floats, Floats]:
        """Compute the loss of every example (N,), and its gradient (N, C).

        Parameters
        ----------
        logits : (N, C)
        targets : (N,) integers from 0 to C − 1 for classification; (N, C) zeros and ones for several labels, (N, C)
            numbers for regression
        """

    def check_targets(self, logits: Floats, targets: NDArray[Any]) -> None:
        """Raise HandgradError unless the targets fit the logits and the task."""
        n, classes = logits.shape
        if self.task != "classification":
            if targets.shape != logits.shape:
                raise HandgradError(f"targets must be {logits.shape}, as the outputs; got {targets.shape}")
            return
        if targets.shape != (n,) or (n and not 0 <= targets.min() <= targets.max() < classes):
            raise HandgradError(f"labels must be {(n,)} classes from 0 to {classes - 1}")

    def count_correct(self, logits: Floats, targets: NDArray[Any]) -> int:
        """Return the number of correct predictions: of classes, or of single labels; 0 for regression."""
        if self.task == "classification":
            return kernels.count_correct(logits, targets)
        return int(((logits > 0) == targets).sum()) if self.task == "multilabel" else 0

    def fitted(self, labels: Integers, classes: int) -> Self:
        """Return the loss with what it takes from training data, e.g. class weights."""
        return self

    def reported(self) -> "Loss":
        """Return the loss that records and evaluations report: itself, or without what serves training only."""
        return self

    def __call__(
        self, logits: Floats, targets: NDArray[Any], weights: Floats | None = None, total: int | None = None
    ) -> tuple[float, Floats]:
        """Compute the mean loss, and its gradient with respect to the logits, (N, C).

        Parameters
        ----------
        logits, targets
            As for `per_example`; HandgradError where they do not fit together.
        weights : (N,), optional
            The weight of each example; default: 1.
        total : int, optional
            The divisor of the sum; default: N. For a chunk it is the size of the whole batch, so that losses and
            gradients of chunks add up.
        """
        self.check_targets(logits, targets)
        losses, dlogits = self.per_example(logits, targets)
        if weights is not None:
            losses, dlogits = losses * weights, dlogits * weights[:, None].astype(dlogits.dtype)
        total = len(logits) if total is None else total
        return float(losses.sum(dtype=np.float64)) / total, dlogits / total


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """Cross-entropy between the softmax of the logits and the labels, in nats.

    Parameters
    ----------
    label_smoothing : float
        Share of the target that is spread over all classes, from 0 to below 1.
    class_weights : sequence of float, mapping from class number to float, or "balanced", optional
        The weight of the examples of each class; default: 1. "balanced": N / (C · N of the class).
    """

    label_smoothing: float = field(default=0.0, metadata=within(0, 1))
    class_weights: Sequence[float] | Mapping[int, float] | str = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        wanted: Any = self.class_weights
        if isinstance(wanted, str) and wanted == "balanced":
            return
        if isinstance(wanted, Mapping):
            wanted = [wanted.get(number) for number in range(len(wanted))]
        try:
            weights = np.asarray(wanted, np.float64)
        except (TypeError, ValueError):
            weights = np.array(np.nan)
        usable = weights.ndim == 1 and np.isfinite(weights).all() and (weights >= 0).all()
        if not usable or (weights.size and not weights.any()):
            need = "'balanced' or a number from 0 for each class, not all zero"
            raise HandgradError(f"CrossEntropy class_weights must be {need}; got {self.class_weights!r:.60}")
        object.__setattr__(self, "class_weights", tuple(weights.tolist()))

    def fitted(self, labels: Integers, classes: int) -> Self:
        """Compute balanced class weights, or check that there is one for each class."""
        if self.class_weights == "balanced":
            counts = np.bincount(labels, minlength=classes)
            balanced = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))
            return replace(self, class_weights=tuple(np.where(counts, balanced, 1.0)))
        if self.class_weights and len(self.class_weights) != classes:
            count = len(self.class_weights)
            raise HandgradError(f"CrossEntropy has {count} class_weights; the data have {classes} classes")
        return self

    def reported(self) -> "CrossEntropy":
        return CrossEntropy(class_weights=self.class_weights)

    def per_example(self, logits: Floats, targets: NDArray[Any]) -> tuple[Floats, Floats]:
        losses, dlogits = kernels.softmax_cross_entropy(logits, targets, self.label_smoothing)
        if self.class_weights:
            weights = np.asarray(self.class_weights, logits.dtype)[targets]
            losses *= weights
            dlogits *= weights[:, None]
        return losses, dlogits


@dataclass(frozen=True)
class BinaryCrossEntropy(Loss):
    """Cross-entropy between the sigmoid of each logit and its label, 0 or 1, in nats; the mean over the labels.

    It is for examples that may have any number of labels.
    """

    task = "multilabel"

    def per_example(self, logits: Floats, targets: NDArray[Any]) -> tuple[Floats, Floats]:
        return kernels.binary_cross_entropy(logits, targets)


@dataclass(frozen=True)
class MeanSquaredError(Loss):
    """Squared distance of the outputs from the targets; the mean over the targets.

    Networks are trained on standardised targets, so that 1 is the loss of predicting the mean.
    """

    task = "regression"

    def per_example(self, logits: Floats, targets: NDArray[Any]) -> tuple[Floats, Floats]:
        return kernels.squared_error(logits, targets)


@dataclass(frozen=True)
class Huber(Loss):
    """Huber loss, squared for small distances from the target and linear for large ones; the mean over the targets.

    Parameters
    ----------
    delta : float
        The distance, in standard deviations of the target, from which the loss is linear; greater than 0.
    """

    delta: float = field(default=1.0, metadata=within(0, interval="()"))
    task = "regression"

    def per_example(self, logits: Floats, targets: NDArray[Any]) -> tuple[Floats, Floats]:
        return kernels.huber(logits, targets, self.delta)


def default_loss(task: str) -> Loss:
    """Return the loss that training minimises where none is given."""
    losses = {"multilabel": BinaryCrossEntropy, "regression": MeanSquaredError}
    return losses.get(task, CrossEntropy)()
