"""A classifier for scikit-learn."""

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import unique_labels
from sklearn.utils.validation import check_is_fitted

from handgrad.data.arrays import arrays_of
from handgrad.data.augment import Augmentation
from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.model.layers import Layer
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling
from handgrad.sklearn.inputs import check_inputs
from handgrad.sklearn.training import fit
from handgrad.training.averaging import Averaging
from handgrad.training.optimizers import Optimizer
from handgrad.training.schedules import Schedule


@dataclass(eq=False, repr=False)
class HandgradClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A neural network classifier for scikit-learn.

    Inputs are numbers (N, I), dense or sparse, or a DataFrame of numbers and text; labels are numbers or strings.
    Each category of a text column becomes an input; an unknown category is zero in all of them.

    Parameters
    ----------
    hidden : int, or sequence of int
        Widths of the hidden layers; ``()`` is softmax regression.
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
        "auto" divides bytes (uint8) by 255 if any is 128 or larger, and standardises all other numbers: each input to
        mean 0 and standard deviation 1 over the training data, or of a sparse matrix to mean square 1, so that zeros
        stay zeros. "standard" standardises bytes, too; None nothing.
    dtype : "float32", "float64" or None
        Of parameters and arithmetic. None chooses float32 for bytes and float32, else float64.
    optimizer : str or Optimizer
        ``"adam"``, ``"sgd"``, ``"momentum"``, ``"muon"`` …, or an optimizer, e.g. ``hg.Adam(beta1=0.8)``.
    learning_rate, weight_decay : float, optional
        Default: those of the optimizer.
    schedule : str or Schedule, optional
        Factor of the learning rate, e.g. ``"cosine"`` or ``"one_cycle"``. Default: constant.
    augmentation : Augmentation, optional
        Random deformation of the images of every batch.
    averaging : str or Averaging, optional
        Average of the parameters over the training; the average is the result.
    batch_size : int or "all"
        Examples per step.
    epochs : int
        Maximum number of passes over the training data per call of `fit`.
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
        Fraction of the training data, stratified, to validate on after each epoch, with or without early stopping.
    monitor : "validation_loss" or "validation_accuracy"
        The criterion of early stopping.
    warm_start : bool
        Whether `fit` continues where the last one ended. With the same data and parameters and without a schedule, k
        epochs and then m more are k + m epochs, bit for bit.
    random_state : int, RandomState or None
        For initial parameters, order of the data, dropout, and the data held out.
    threads : int, optional
        Default: all processors, or the share of a joblib worker. The same seed and threads give the same bits.
    callbacks : callable, or list of them, optional
        Each is called after each epoch with the classifier and the `Record`; training ends if one returns True.
    verbose : int
        1 prints a line for each epoch.
    label_smoothing : float
        Fraction of the target that is spread over all classes, from 0 to below 1.
    class_weight : dict, "balanced" or None
        Weight of the examples of each class; default: 1.

    Attributes
    ----------
    classes_ : (C,)
    network_ : Network
        The trained network; ``hg.save_model(classifier, "model.safetensors")`` writes it.
    n_features_in_, feature_names_in_
        Number of columns, and their names if X was a DataFrame.
    records_ : list of Record
        One for each epoch.
    """

    hidden: int | Sequence[int] = (128,)
    activation: Any = "relu"
    _: KW_ONLY
    dropout: float = 0.0
    layers: Sequence[Layer] | None = None
    input_shape: int | Sequence[int] | None = None
    framing: str = "digit"
    scaling: str | Scaling | None = "auto"
    dtype: str | None = None
    optimizer: str | Optimizer = "adam"
    learning_rate: float | None = None
    weight_decay: float | None = None
    schedule: str | Schedule | None = None
    augmentation: Augmentation | None = None
    averaging: str | Averaging | None = None
    batch_size: int | str = 64
    epochs: int = 200
    time_limit: float | None = None
    tol: float | None = 1e-4
    patience: int = 10
    early_stopping: bool = False
    validation_fraction: float | None = None
    monitor: Literal["validation_loss", "validation_accuracy"] = "validation_loss"
    warm_start: bool = False
    random_state: Any = None
    threads: int | None = None
    callbacks: Callable[..., Any] | Sequence[Callable[..., Any]] | None = None
    verbose: int = 0
    label_smoothing: float = 0.0
    class_weight: dict[Any, float] | str | None = None

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: Any = None,
        y_val: ArrayLike | None = None,
    ) -> Self:
        """Train on examples, and return the classifier.

        Raise ValueError or TypeError if scikit-learn refuses the data, or handgrad a parameter (HandgradError is a
        ValueError), and Diverged if the loss is no longer finite; parameters of at most ten steps before are kept.

        Parameters
        ----------
        X : (N, I) array, sparse matrix or DataFrame
        y : (N,)
        sample_weight : (N,), optional
            The weight of each example, from 0; default: 1.
        X_val, y_val : (M, I), (M,), optional
            Examples to validate on after each epoch, also for early stopping.
        """
        if (X_val is None) != (y_val is None):
            raise ValueError("X_val and y_val belong together; only one of them was given")
        if X_val is not None and self.validation_fraction is not None:
            raise HandgradError("X_val and validation_fraction both choose validation data; give one of them")
        fit(self, X, y, sample_weight, None if X_val is None else (X_val, y_val))
        return self

    def partial_fit(
        self, X: Any, y: ArrayLike, classes: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Train for one epoch on more examples, and return the classifier.

        Scaling is learned from all examples so far, as by ``StandardScaler.partial_fit``. Raise ValueError for early
        stopping, validation, schedules and averages, which need the whole training, and for an unknown class; other
        errors are those of `fit`.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.
        classes : (C,), optional
            All classes; required in the first call, unless `fit` came before.
        """
        for name in ("early_stopping", "validation_fraction", "schedule", "averaging"):
            if getattr(self, name):
                raise ValueError(f"partial_fit does not support {name}, which needs the whole training")
        if self.class_weight == "balanced":
            raise ValueError("partial_fit cannot balance unknown frequencies; give class_weight as a dict")
        if hasattr(self, "network_"):
            if classes is not None and not np.array_equal(self.classes_, unique_labels(classes)):
                raise ValueError(f"classes={classes!r} differ from those of the last call, {self.classes_}")
        elif classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit")
        else:
            self.classes_: NDArray[Any] = unique_labels(classes)
        fit(self, X, y, sample_weight, partial=True)
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each example, (N,)."""
        best = self._logits(X).argmax(axis=1)
        return self.classes_[best]

    def predict_proba(self, X: Any) -> NDArray[np.floating[Any]]:
        """Return the probability of each class, (N, C), in the order of ``classes_``."""
        return kernels.softmax(self._logits(X))

    def predict_log_proba(self, X: Any) -> NDArray[np.floating[Any]]:
        """Return the logarithm of the probability of each class, (N, C), which is always finite."""
        return log_softmax(self._logits(X), axis=1)

    def _network_after(self, steps: Sequence[Any]) -> Network:
        """Return the network with these fitted steps of a pipeline before it."""
        from handgrad.sklearn.pipelines import fold

        return fold(steps, self.network_)

    def _logits(self, X: Any) -> NDArray[np.floating[Any]]:
        check_is_fitted(self, "network_")
        inputs, scaling = check_inputs(self, X, self.network_.features)[0], self.network_.scaling
        floats = inputs.dtype != np.uint8 and scaling is not None and scaling.for_bytes
        numbers = arrays_of(inputs)[0]
        if floats and numbers.max(initial=0) <= 1 and (numbers % 1).any():
            raise HandgradError("the estimator was trained on bytes, 0 to 255; X is scaled to 0 to 1 already")
        return self.network_.logits(inputs)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    @property
    def n_iter_(self) -> int:
        """The number of epochs trained."""
        return len(self.records_)

    @property
    def loss_(self) -> float:
        """The training loss of the last epoch."""
        return self.loss_curve_[-1]

    @property
    def loss_curve_(self) -> list[float]:
        """The training loss of each epoch."""
        return [record.loss for record in self.records_]

    @property
    def validation_scores_(self) -> list[float] | None:
        """The accuracy on validation data after each epoch; None without validation data."""
        scores = [record.validation_accuracy for record in self.records_]
        return None if None in scores else scores

    @property
    def best_epoch_(self) -> int | None:
        """The epoch, from 1, whose parameters early stopping kept; None without early stopping."""
        return None if self._state.best is None else int(self.n_iter_ - self._state.waited)

    @property
    def best_validation_score_(self) -> float | None:
        """The validation accuracy of the parameters that early stopping kept; None without early stopping."""
        epoch, scores = self.best_epoch_, self.validation_scores_
        return scores[epoch - 1] if epoch and scores else None
