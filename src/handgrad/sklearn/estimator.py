"""What the estimators have in common: parameters, training, and the outputs of the network."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import wraps
from typing import Any, Literal, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from handgrad.data.arrays import arrays_of
from handgrad.data.augment import Augmentation
from handgrad.errors import HandgradError
from handgrad.model.layers import Layer
from handgrad.model.losses import Loss
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling
from handgrad.sklearn import results
from handgrad.sklearn.documentation import PARAMETERS
from handgrad.sklearn.equivalents import equivalent
from handgrad.sklearn.inputs import check_inputs
from handgrad.sklearn.targets import Targets
from handgrad.sklearn.training import fit
from handgrad.training.averaging import Averaging
from handgrad.training.optimizers import Optimizer
from handgrad.training.schedules import Schedule

Kind = TypeVar("Kind", bound=type[Any])


def complete(kind: Kind) -> Kind:
    """Complete the docstring of an estimator, and let its constructor explain parameters of scikit-learn's MLP."""
    text = inspect.cleandoc(kind.__doc__ or "")
    text = text.replace("{parameters}", PARAMETERS.strip()).replace(
        "{attributes}", results.DOCUMENTED.strip()
    )
    kind.__doc__, construct = f"{text}\n", kind.__init__

    @wraps(construct)
    def __init__(self: Any, *values: Any, **parameters: Any) -> None:
        if problem := equivalent(kind.__name__, parameters):
            raise TypeError(problem)
        construct(self, *values, **parameters)

    kind.__init__ = __init__
    return kind


@dataclass(eq=False, repr=False)
class Estimator(results.Results, BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn has no types
    """Base of the estimators."""

    hidden: int | Sequence[int] = (256,)
    activation: Any = "relu"
    _: KW_ONLY
    dropout: float = 0.0
    layers: Sequence[Layer] | None = None
    input_shape: int | Sequence[int] | None = None
    framing: str = "digit"
    scaling: str | Scaling | None = "auto"
    dtype: str | None = None
    optimizer: str | Optimizer = "auto"
    learning_rate: float | None = None
    weight_decay: float | None = None
    schedule: str | Schedule | None = "auto"
    augmentation: Augmentation | None = None
    averaging: str | Averaging | None = None
    batch_size: int | str = 64
    epochs: int = 50
    time_limit: float | None = None
    tol: float | None = None
    patience: int = 10
    early_stopping: bool = False
    validation_fraction: float | None = None
    monitor: Literal["validation_loss", "validation_accuracy"] = "validation_loss"
    warm_start: bool = False
    random_state: Any = None
    threads: int | None = None
    callbacks: Callable[..., Any] | Sequence[Callable[..., Any]] | None = None
    verbose: int = 0

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: Any = None,
        y_val: ArrayLike | None = None,
    ) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like, sparse matrix or DataFrame of shape (N, I)
            Training examples.
        y : array-like of shape (N,), (N, L) or (N, T)
            Classes, 0 and 1 for several labels, or targets.
        sample_weight : array-like of shape (N,), optional
            Weights of the examples, at least 0; default: 1. Only their ratios matter.
        X_val : array-like, sparse matrix or DataFrame of shape (M, I), optional
            Examples to validate on after each epoch, instead of a `validation_fraction`.
        y_val : array-like, optional
            Classes, labels or targets of `X_val`.

        Returns
        -------
        self
            Fitted estimator.

        Raises
        ------
        ValueError, TypeError
            If the data or a parameter are invalid. If the loss is no longer finite, parameters of at most ten steps
            before are kept.

        Warns
        -----
        ConvergenceWarning
            If training ends at `epochs` while the loss still falls at more than a third of its average pace, unless
            the schedule ends below a tenth of the learning rate.
        """
        if (X_val is None) != (y_val is None):
            raise ValueError("X_val and y_val belong together; only one of them was given")
        if X_val is not None and self.validation_fraction is not None:
            raise HandgradError("X_val and validation_fraction both choose validation data; pass one of them")
        fit(self, X, y, sample_weight, validation=None if X_val is None else (X_val, y_val))
        return self

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any, known: Targets | None) -> Self:
        for name in ("early_stopping", "validation_fraction", "schedule", "averaging"):
            value = getattr(self, name)
            if value and (name, value) != ("schedule", "auto"):
                given = f"{name}={value!r:.60}"
                raise ValueError(f"partial_fit does not support {given}, which needs the whole training")
        fit(self, X, y, sample_weight, known, partial=True)
        return self

    @abstractmethod
    def _encode(self, y: Any, known: Targets | None, least: int) -> tuple[Targets, NDArray[Any]]:
        """Return the outputs, and `y` as data sets have it, for which it must have `least` rows."""

    @abstractmethod
    def _build_loss(self, targets: Targets) -> Loss:
        """Return the loss that training minimizes."""

    def _weigh(self, targets: Targets, labels: NDArray[Any], weights: NDArray[Any] | None) -> Any:
        """Return the weights of examples, with those that the estimator itself gives them."""
        return weights

    def _inputs(self, X: Any) -> Any:
        """Return examples as the network takes them, (N, I)."""
        check_is_fitted(self, "network_")
        inputs: Any = check_inputs(self, X, self.network_.features)[0]
        scaling = self.network_.scaling
        floats = inputs.dtype != np.uint8 and scaling is not None and scaling.for_bytes
        numbers = arrays_of(inputs)[0]
        if floats and numbers.max(initial=0) <= 1 and (numbers % 1).any():
            raise HandgradError("the estimator was trained on bytes, 0 to 255; X is scaled to 0 to 1 already")
        return inputs

    def _network_after(self, steps: Sequence[Any]) -> Network:
        """Return the network with these fitted steps of a pipeline before it."""
        from handgrad.sklearn.pipelines import fold

        return fold(steps, self.network_)

    def set_params(self, **parameters: Any) -> Self:
        """Set parameters, as in scikit-learn.

        Parameters
        ----------
        **parameters : object
            Parameters by name; those of nested objects as ``OBJECT__NAME``.

        Returns
        -------
        self
            Estimator.

        Raises
        ------
        ValueError
            If a parameter is unknown.
        """
        if problem := equivalent(type(self).__name__, parameters):
            raise HandgradError(problem)
        super().set_params(**parameters)
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
