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
    """Base of evaluations that count predictions."""

    examples: int
    loss: float
    accuracy: float

    @abstractmethod
    def _counts(self) -> tuple[Counts, Counts, Counts]:
        """Return by class or label the examples that are correctly predicted, predicted, and there, (C,) each."""

    @property
    def precision(self) -> Floats64:
        """Fraction of the predictions of each class or label that are correct, (C,); 0 where there are none."""
        correct, predicted, _ = self._counts()
        return correct / np.maximum(predicted, 1)

    @property
    def recall(self) -> Floats64:
        """Fraction of the examples of each class or label that are found, (C,); 0 where there are none."""
        correct, _, there = self._counts()
        return correct / np.maximum(there, 1)

    @property
    def f1(self) -> Floats64:
        """Harmonic mean of precision and recall of each class or label, (C,)."""
        correct, predicted, there = self._counts()
        return 2 * correct / np.maximum(predicted + there, 1)

    def metrics(self) -> dict[str, float]:
        """Return the metrics that are one number.

        Returns
        -------
        dict
            Numbers by name.
        """
        return {"accuracy": self.accuracy, "macro_f1": float(self.f1.mean())}


@dataclass(frozen=True)
class Evaluation(_Counted):
    """Result of `evaluate` for classes.

    Parameters
    ----------
    examples : int
        Number of examples N.
    loss : float
        Mean loss of the examples.
    accuracy : float
        Fraction of correct predictions, from 0 to 1.
    confusion : array of int and shape (C, C)
        Number of examples by true class (rows) and predicted class (columns), as in scikit-learn.

    See Also
    --------
    plots.plot_confusion_matrix : Plot the confusion matrix.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> confusion = np.array([[3, 1], [0, 4]])
    >>> evaluation = hg.Evaluation(8, 0.4, 7 / 8, confusion)
    >>> evaluation.precision, evaluation.recall
    (array([1. , 0.8]), array([0.75, 1.  ]))
    """

    confusion: Counts

    def _counts(self) -> tuple[Counts, Counts, Counts]:
        return self.confusion.diagonal(), self.confusion.sum(axis=0), self.confusion.sum(axis=1)


@dataclass(frozen=True)
class MultilabelEvaluation(_Counted):
    """Result of `evaluate` for examples with any number of labels.

    Parameters
    ----------
    examples : int
        Number of examples N.
    loss : float
        Mean loss of the examples.
    accuracy : float
        Fraction of single labels that are correct, from 0 to 1.
    exact_match : float
        Fraction of examples all of whose labels are correct, from 0 to 1. scikit-learn calls it accuracy.
    confusion : array of int and shape (L, 2, 2)
        Number of examples of each label, by true (rows) and predicted (columns) absence and presence.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> confusion = np.array([[[3, 1], [0, 4]], [[5, 0], [1, 2]]])
    >>> evaluation = hg.MultilabelEvaluation(8, 0.3, 14 / 16, 6 / 8, confusion)
    >>> evaluation.precision, evaluation.recall
    (array([0.8, 1. ]), array([1.        , 0.66666667]))
    """

    exact_match: float
    confusion: Counts

    def _counts(self) -> tuple[Counts, Counts, Counts]:
        there = self.confusion[:, 1, 1]
        return there, self.confusion[:, :, 1].sum(axis=1), self.confusion[:, 1].sum(axis=1)

    def metrics(self) -> dict[str, float]:
        """Return the metrics that are one number.

        Returns
        -------
        dict
            Numbers by name.
        """
        return super().metrics() | {"exact_match": self.exact_match}


@dataclass(frozen=True)
class RegressionEvaluation:
    """Result of `evaluate` for a regression.

    Parameters
    ----------
    examples : int
        Number of examples N.
    loss : float
        Mean loss of the examples, of scaled targets.
    r2 : array of shape (T,)
        Coefficient of determination of each target, at most 1.
    mae : array of shape (T,)
        Mean absolute error of each target, in its units.
    rmse : array of shape (T,)
        Root of the mean squared error of each target, in its units.

    Notes
    -----
    ``r2 = 1 − Σ (y − ŷ)² / Σ (y − mean y)²`` for targets y and predictions ŷ; 0 for a constant target.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> x = np.linspace(-1, 1, 50)[:, np.newaxis]
    >>> data = hg.Dataset(x, x + 0.5 * np.sin(9 * x), task="regression")
    >>> network = hg.Network([hg.Dense(1)], input_shape=1, rng=0)
    >>> records = hg.fit(network, data, epochs=100, batch_size=10, seed=0)
    >>> hg.evaluate(network, data).r2.round(3)
    array([0.796])
    """

    examples: int
    loss: float
    r2: Floats64
    mae: Floats64
    rmse: Floats64

    def metrics(self) -> dict[str, float]:
        """Return the means over the targets.

        Returns
        -------
        dict
            Numbers by name.
        """
        return {name: float(getattr(self, name).mean()) for name in ("r2", "mae", "rmse")}


AnyEvaluation: TypeAlias = Evaluation | MultilabelEvaluation | RegressionEvaluation
