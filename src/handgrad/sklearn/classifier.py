"""A classifier for scikit-learn."""

from dataclasses import KW_ONLY, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_softmax
from sklearn.base import ClassifierMixin
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets, unique_labels

from handgrad.kernels.backend import kernels
from handgrad.model.losses import CrossEntropy
from handgrad.sklearn.estimator import NetworkEstimator


@dataclass(eq=False, repr=False)
class HandgradClassifier(ClassifierMixin, NetworkEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A neural network classifier for scikit-learn.

    Inputs are numbers (N, I), dense or sparse, or a DataFrame of numbers and text; labels are numbers or strings.
    Each category of a text column becomes an input; an unknown category is zero in all of them.

    Parameters
    ----------
    hidden : int, or sequence of int
        Widths of the hidden layers; ``()`` is softmax regression.
    activation : str, Layer or None, or a sequence of them, one per hidden layer
        ``"relu"``, ``"leaky_relu"``, ``"tanh"``, ``"sigmoid"``, ``"gelu"``, or a layer, e.g. ``hg.LeakyReLU(0.1)``.
    dropout : float, or a sequence of them, one per hidden layer
        Fraction of a hidden layer's outputs that is dropped in training, from 0 to below 1.
    layers : list of Layer, optional
        All layers but the output layer, instead of `hidden`, `activation` and `dropout`.
    input_shape : int or tuple of int, optional
        Of one example, e.g. ``(1, 28, 28)`` for grey images, which convolution and augmentation need. Default:
        ``(I,)``.
    framing : "digit" or "plain"
        How the saved model turns an image file into an example of `input_shape`: framed as in MNIST, or only resized.
    scaling : "auto", "standard", Scaling or None
        "auto" divides bytes (uint8) by 255 if any is 128 or larger, and standardises all other numbers: each input to
        mean 0 and standard deviation 1 over the training data. "standard" standardises bytes, too; None does not
        change inputs. Scaling is part of the network.
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
        Seconds after which a call of `fit` ends, even within an epoch.
    tol : float, optional
        Without early stopping, training ends when the loss has not fallen by more than this for `patience` epochs;
        None never ends it early.
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
        Whether `fit` continues where the last one ended. With the same data and seed and without a schedule, k epochs
        and then m more are k + m epochs, bit for bit; with other data, network and optimizer are continued.
    random_state : int, RandomState or None
        For initial parameters, order of the data, dropout, and the data held out.
    threads : int, optional
        Default: all processors, or the share of a joblib worker. The same seed and threads give the same bits.
    callbacks : callable, or sequence of them, optional
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

    _: KW_ONLY
    label_smoothing: float = 0.0
    class_weight: dict[Any, float] | str | None = None

    def partial_fit(
        self,
        X: Any,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch on more examples.

        Scaling is learned from the first ones. Early stopping, validation, schedules and averages are refused.

        Parameters
        ----------
        X : (N, I) array, sparse matrix or DataFrame
        y : (N,)
        classes : (C,), optional
            All classes; required in the first call, unless `fit` came before.
        sample_weight : (N,), optional
            The weight of each example, from 0; default: 1.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a class is unknown, or a parameter needs the whole training; else as `fit`.
        """
        if self.class_weight == "balanced":
            raise ValueError("partial_fit cannot balance unknown frequencies; give class_weight as a dict")
        if hasattr(self, "network_"):
            if classes is not None and not np.array_equal(self.classes_, unique_labels(classes)):
                raise ValueError(f"classes={classes!r} differ from those of the last call, {self.classes_}")
        elif classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit")
        else:
            self.classes_: NDArray[Any] = unique_labels(classes)
        return self._fit(X, y, sample_weight, partial=True)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each example, (N,)."""
        best = self._outputs(X).argmax(axis=1)
        return self.classes_[best]

    def predict_proba(self, X: Any) -> NDArray[np.floating[Any]]:
        """Return the probability of each class, (N, C), in the order of ``classes_``."""
        return kernels.softmax(self._outputs(X))

    def predict_log_proba(self, X: Any) -> NDArray[np.floating[Any]]:
        """Return the logarithm of the probability of each class, (N, C), which is always finite."""
        return log_softmax(self._outputs(X), axis=1)

    @property
    def validation_scores_(self) -> list[float] | None:
        """The accuracy on validation data after each epoch; None without validation data."""
        return self._curve("validation_accuracy")

    @property
    def best_validation_score_(self) -> float | None:
        """The validation accuracy of the parameters that early stopping kept; None without early stopping."""
        epoch = self.best_epoch_
        return None if epoch is None else self.records_[epoch - 1].validation_accuracy

    def _encode(self, y: Any, *, reset: bool) -> NDArray[np.int64]:
        y = column_or_1d(y, warn=True)
        assert_all_finite(y, input_name="y")
        check_classification_targets(y)
        encoder = LabelEncoder()
        if reset:
            self.classes_ = encoder.fit(y).classes_
        encoder.classes_ = self.classes_
        return encoder.transform(y).astype(np.int64)

    def _output_names(self) -> tuple[str, ...]:
        return tuple(map(str, self.classes_))

    def _build_loss(self, targets: NDArray[np.int64]) -> CrossEntropy:
        weights: Any = ()
        if self.class_weight is not None:
            labels = self.classes_[targets]
            weights = tuple(compute_class_weight(self.class_weight, classes=self.classes_, y=labels))
        return CrossEntropy(self.label_smoothing, weights)
