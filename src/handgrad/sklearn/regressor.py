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
    """A neural network for regression with scikit-learn.

    Inputs are numbers (N, I), dense or sparse, or a DataFrame of numbers and text; targets are numbers (N,), or
    several of each example, (N, T). Targets are standardised in training, and predictions have their units.
    Each category of a text column becomes an input; an unknown category is zero in all of them.

    Parameters
    ----------
    {parameters}
    loss : "squared_error", "huber" or Loss
        Of the standardised targets, the mean over several: their squared error, of which 1 is the loss of predicting
        the mean, or the Huber loss, on which outliers have less influence, e.g. ``hg.Huber(delta=0.5)``.

    Attributes
    ----------
    {attributes}
    """

    loss: str | Loss = "squared_error"

    def partial_fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train for one epoch on more examples, and return the regressor.

        Scaling, also of targets, is learned from all examples so far. Raise ValueError for early stopping,
        validation, schedules and averages, which need the whole training; other errors are those of `fit`.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`, but of weights not only the ratios count: 1 is an example without one.
        """
        return self._partial_fit(X, y, sample_weight, self._targets if hasattr(self, "network_") else None)

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return the prediction for each example, (N,), or (N, T) where the training had such targets."""
        inputs = self._inputs(X)
        predictions = self.network_.predict(inputs)
        return predictions[:, 0] if self._targets.flat else predictions

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
