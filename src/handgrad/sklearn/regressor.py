"""A regressor for scikit-learn."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin

from handgrad.model.losses import Loss, MeanSquaredError
from handgrad.sklearn.estimator import Estimator, complete
from handgrad.sklearn.targets import Targets, encode_numbers
from handgrad.training.records import Record


@complete
@dataclass(eq=False, repr=False, kw_only=True)
class HandgradRegressor(RegressorMixin, Estimator):  # type: ignore[misc]  # scikit-learn has no types
    """Neural network regressor for scikit-learn.

    Parameters
    ----------
    {parameters}
    loss : {"squared_error", "huber"} or Loss, default "squared_error"
        Loss of the standardized targets, the mean over several, e.g. ``hg.Huber(delta=0.5)``. Predicting the mean has
        a squared error of 1. Outliers have less influence on the Huber loss.

    Attributes
    ----------
    {attributes}

    See Also
    --------
    HandgradClassifier : Neural network classifier.

    Notes
    -----
    X has the shape (N, I), dense or sparse, or is a DataFrame of numbers and text. Each category of a text column
    becomes an input; an unknown category is zero in all of them. Targets are numbers (N,), or several of each example
    (N, T). They are standardized in training, and predictions have their units.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from sklearn.model_selection import train_test_split
    >>> import handgrad as hg
    >>> X, y = make_friedman1(1000, random_state=0)
    >>> split = train_test_split(X, y, random_state=0)
    >>> X_train, X_test, y_train, y_test = split
    >>> regressor = hg.HandgradRegressor(hidden=(64,), random_state=0)
    >>> _ = regressor.fit(X_train, y_train)
    >>> print(f"R² {regressor.score(X_test, y_test):.2f}")
    R² 0.95
    """

    loss: str | Loss = "squared_error"

    def partial_fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train for one epoch on more examples. Scaling is learned from all examples so far.

        Parameters
        ----------
        X : array-like, sparse matrix or DataFrame of shape (N, I)
            Training examples.
        y : array-like of shape (N,) or (N, T)
            Targets.
        sample_weight : array-like of shape (N,), optional
            Weights of the examples, at least 0; default: 1. Unlike in ``fit`` their size matters, too.

        Returns
        -------
        self
            Regressor.

        Raises
        ------
        ValueError
            As for ``fit``, and for early stopping, validation, schedules and averages, which need the whole training.
        """
        return self._partial_fit(X, y, sample_weight, self._targets if hasattr(self, "network_") else None)

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Predict the targets of each example.

        Parameters
        ----------
        X : array-like, sparse matrix or DataFrame of shape (N, I)
            Examples.

        Returns
        -------
        array of shape (N,) or (N, T)
            Targets in the units of the training data, float64.
        """
        inputs = self._inputs(X)
        predictions = self.network_.predict(inputs)
        return predictions[:, 0] if self._targets.flat else predictions

    def score(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Compute the coefficient of determination R²; for several targets their mean.

        Parameters
        ----------
        X : array-like, sparse matrix or DataFrame of shape (N, I)
            Examples.
        y : array-like of shape (N,) or (N, T)
            True targets.
        sample_weight : array-like of shape (N,), optional
            Weights of the examples; default: 1.

        Returns
        -------
        float
            R², at most 1. A model that always predicts the mean has 0.
        """
        r2: float = super().score(X, y, sample_weight)
        return r2

    def _encode(self, y: Any, known: Targets | None, least: int) -> tuple[Targets, NDArray[Any]]:
        return encode_numbers(y, known, least)

    def _build_loss(self, targets: Targets) -> Loss:
        loss = (
            "mean_squared_error" if isinstance(self.loss, str) and self.loss == "squared_error" else self.loss
        )
        return Loss.resolve(loss, "loss")

    def _validation_score(self, record: Record) -> float | None:
        if record.validation_loss is None or type(self._build_loss(self._targets)) is not MeanSquaredError:
            return None
        variance = self._validation_variance
        return 1 - record.validation_loss / variance if variance else 0.0

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
