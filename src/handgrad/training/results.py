"""Results of `evaluate`: the metrics of each task."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats64: TypeAlias = NDArray[np.float64]
Counts: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True)
class _Counted(ABC):
    """Base of evaluations that count predictions.

    Attributes
    ----------
    examples : int
    loss : float
        The mean over the examples.
    accuracy : float
        From 0 to 1, the fraction of correct classes, or of several labels the fraction of correct decisions.
    """

    examples: int
    loss: float
    accuracy: float

    @abstractmethod
    def _counts(self) -> tuple[Counts, Counts, Counts]:
        """Return by class or label the examples that are correctly predicted, predicted, and there, (C,) each."""

    @property
    def precision(self) -> Floats64:
        """The correct fraction of the predictions of each class or label, (C,); 0 where there are none."""
        correct, predicted, _ = self._counts()
        return correct / np.maximum(predicted, 1)

    @property
    def recall(self) -> Floats64:
        """The fraction of the examples of each class or label that are predicted, (C,); 0 where there are none."""
        correct, _, there = self._counts()
        return correct / np.maximum(there, 1)

    @property
    def f1(self) -> Floats64:
        """The harmonic mean of precision and recall of each class or label, (C,)."""
        correct, predicted, there = self._counts()
        return 2 * correct / np.maximum(predicted + there, 1)

    def metrics(self) -> dict[str, float]:
        """Return the metrics that are one number, by name."""
        return {"accuracy": self.accuracy, "macro_f1": float(self.f1.mean())}


@dataclass(frozen=True)
class Evaluation(_Counted):
    """The result of `evaluate` for classes.

    Attributes
    ----------
    confusion : (C, C)
        Rows are the true classes, columns the predicted ones, as in scikit-learn. Its 8·C² bytes take memory only
        where a pair of classes occurs; on several ranks all do.
    """

    confusion: Counts

    def _counts(self) -> tuple[Counts, Counts, Counts]:
        return self.confusion.diagonal(), self.confusion.sum(axis=0), self.confusion.sum(axis=1)


@dataclass(frozen=True)
class MultilabelEvaluation(_Counted):
    """The result of `evaluate` for examples with several labels.

    Attributes
    ----------
    exact_match : float
        The fraction of examples all labels of which are correct; scikit-learn calls it accuracy.
    confusion : (L, 2, 2)
        For each label a matrix of its absence and presence, true in rows and predicted in columns.
    """

    exact_match: float
    confusion: Counts

    def _counts(self) -> tuple[Counts, Counts, Counts]:
        there = self.confusion[:, 1, 1]
        return there, self.confusion[:, :, 1].sum(axis=1), self.confusion[:, 1].sum(axis=1)

    def metrics(self) -> dict[str, float]:
        """Return the metrics that are one number, by name."""
        return super().metrics() | {"exact_match": self.exact_match}


@dataclass(frozen=True)
class RegressionEvaluation:
    """The result of `evaluate` for a regression.

    Attributes
    ----------
    examples : int
    loss : float
        The mean over the examples, of scaled targets.
    r2 : (T,)
        For each target the share of its variance that is predicted, 1 − Σ (y − ŷ)² / Σ (y − mean y)²; at most 1.
    mae, rmse : (T,)
        Mean absolute error and root of the mean squared error, in units of the target.
    """

    examples: int
    loss: float
    r2: Floats64
    mae: Floats64
    rmse: Floats64

    def metrics(self) -> dict[str, float]:
        """Return the means over the targets, by name."""
        return {name: float(getattr(self, name).mean()) for name in ("r2", "mae", "rmse")}


AnyEvaluation: TypeAlias = Evaluation | MultilabelEvaluation | RegressionEvaluation
