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
from handgrad.sklearn.equivalents import equivalent
from handgrad.sklearn.inputs import check_inputs
from handgrad.sklearn.targets import Targets
from handgrad.sklearn.training import fit
from handgrad.training.averaging import Averaging
from handgrad.training.optimizers import Optimizer
from handgrad.training.schedules import Schedule

Kind = TypeVar("Kind", bound=type[Any])

DOCUMENTED = """
hidden : int, or sequence of int
    Widths of the hidden layers; with ``()`` the model is linear.
activation : str, Layer or None
    Of the hidden layers: ``"relu"``, ``"leaky_relu"``, ``"tanh"``, ``"sigmoid"``, ``"gelu"``, or a layer.
dropout : float
    Fraction of a hidden layer's outputs that is dropped in training, from 0 to below 1.
layers : list of Layer, optional
    All layers but the output layer, instead of `hidden`, `activation` and `dropout`.
input_shape : int or tuple of int, optional
    Of one example; default: ``(I,)``. Convolution and augmentation need images, e.g. ``(1, 28, 28)``.
framing : "digit" or "plain"
    How the saved model turns an image file into an example of `input_shape`: framed as in MNIST, or only resized.
scaling : "auto", "standard", Scaling or None
    "auto" divides pixels by 255: bytes (uint8) with the `input_shape` of an image, of two or three numbers. It
    standardises all other numbers: each input to mean 0 and standard deviation 1 over the training data, or of a
    sparse matrix to mean square 1 where it is not zero. "standard" standardises pixels, too; None nothing.
dtype : "float32", "float64" or None
    Of parameters and arithmetic. None chooses float32, or for fewer than 100 examples in float64 that type.
optimizer : str or Optimizer
    ``"adam"``, ``"sgd"``, ``"momentum"``, ``"muon"`` …, or an optimizer, e.g. ``hg.Adam(beta1=0.8)``. "auto" is
    `AdamW`: with a schedule at a learning rate of 0.01 and with a weight decay of 20 I / N, at least 0.05 and at
    most 1; without one, with its defaults.
learning_rate, weight_decay : float, optional
    Default: those of the optimizer.
schedule : str, Schedule or None
    Factor of the learning rate, e.g. ``"cosine"`` or ``"one_cycle"``; None is constant. "auto" is "one_cycle" for the
    optimizer "auto" in `fit` without `warm_start`, and else None.
augmentation : Augmentation, optional
    Random deformation of the images of every batch.
averaging : str or Averaging, optional
    Average of the parameters over the training; the average is the result.
batch_size : int or "all"
    Examples per step.
epochs : int
    Maximum number of passes over the training data per call of `fit`. A ConvergenceWarning is given where training
    ends there and the loss still falls at more than a third of its average pace, unless the schedule ends below a
    tenth of the learning rate.
time_limit : float, optional
    Seconds after which a call of `fit` ends with the epoch.
tol : float, optional
    Without early stopping, training ends when the loss has not fallen by more than this for `patience` epochs.
patience : int
    Epochs without improvement after which training ends.
early_stopping : bool
    Whether to end training when validation no longer improves, and to restore the best parameters. Without
    ``X_val``, `validation_fraction` of the training data, by default 0.1, is held out.
validation_fraction : float, optional
    Fraction of the training data to validate on after each epoch, with or without early stopping; of one class for
    each example it is stratified.
monitor : "validation_loss" or "validation_accuracy"
    The criterion of early stopping; a regression has no accuracy.
warm_start : bool
    Whether `fit` continues where the last one ended. With the same data and parameters and without a schedule, k
    epochs and then m more are k + m epochs, bit for bit.
random_state : int, RandomState or None
    For initial parameters, order of the data, dropout, and the data held out.
threads : int, optional
    Default: all processors, or the share of a joblib worker. The same seed and threads give the same bits.
callbacks : callable, or list of them, optional
    Each is called after each epoch with the estimator and the `Record`; training ends if one returns True.
verbose : int
    1 prints a line for each epoch.
"""


def complete(kind: Kind) -> Kind:
    """Complete the docstring of an estimator, and let its constructor explain parameters of scikit-learn's MLP."""
    text = inspect.cleandoc(kind.__doc__ or "")
    text = text.replace("{parameters}", DOCUMENTED.strip()).replace(
        "{attributes}", results.DOCUMENTED.strip()
    )
    kind.__doc__, construct = text, kind.__init__

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
        """Train on examples, and return the estimator.

        Raise ValueError or TypeError if scikit-learn refuses the data, or handgrad a parameter (HandgradError is a
        ValueError), and Diverged if the loss is no longer finite; parameters of at most ten steps before are kept.

        Parameters
        ----------
        X : (N, I) array, sparse matrix or DataFrame
        y : (N,), or (N, L) of several labels, or (N, T) of several targets
        sample_weight : (N,), optional
            The weight of each example in training, from 0; default: 1. Only their ratios count.
        X_val, y_val : (M, I), (M,) or as y, optional
            Examples to validate on after each epoch, also for early stopping.
        """
        if (X_val is None) != (y_val is None):
            raise ValueError("X_val and y_val belong together; only one of them was given")
        if X_val is not None and self.validation_fraction is not None:
            raise HandgradError("X_val and validation_fraction both choose validation data; give one of them")
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
        """Set parameters, also those of nested objects, as scikit-learn does; ValueError where one is unknown."""
        if problem := equivalent(type(self).__name__, parameters):
            raise HandgradError(problem)
        super().set_params(**parameters)
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
