"""A classifier for scikit-learn."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_expit, log_softmax
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import type_of_target, unique_labels

from handgrad.errors import HandgradError
from handgrad.model.losses import BinaryCrossEntropy, CrossEntropy, Loss
from handgrad.sklearn.estimator import Estimator, complete
from handgrad.sklearn.targets import Targets, encode_labels
from handgrad.training.weights import check_weights


@complete
@dataclass(eq=False, repr=False, kw_only=True)
class HandgradClassifier(ClassifierMixin, Estimator):  # type: ignore[misc]  # scikit-learn has no types
    """Neural network classifier for scikit-learn.

    Parameters
    ----------
    {parameters}
    label_smoothing : float, default 0
        Fraction of the target probability that is spread over all classes, in [0, 1).
    class_weight : dict, "balanced" or None, default None
        Weights by class, multiplied by `sample_weight`; "balanced" gives all classes the same total weight.

    Attributes
    ----------
    {attributes}

    See Also
    --------
    HandgradRegressor : Neural network regressor.

    Notes
    -----
    X has the shape (N, I), dense or sparse, or is a DataFrame of numbers and text. Each category of a text column
    becomes an input; an unknown category is zero in all of them. Labels are numbers or strings (N,), or 0 and 1
    (N, L) for examples that have any number of L labels.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> import handgrad as hg
    >>> X, y = load_digits(return_X_y=True)
    >>> split = train_test_split(X, y, random_state=0)
    >>> X_train, X_test, y_train, y_test = split
    >>> classifier = hg.HandgradClassifier(hidden=(64,), random_state=0)
    >>> _ = classifier.fit(X_train, y_train)
    >>> print(f"{classifier.score(X_test, y_test):.0%}")
    98%
    """

    label_smoothing: float = 0.0
    class_weight: dict[Any, float] | str | None = None

    def partial_fit(
        self, X: Any, y: ArrayLike, classes: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Train for one epoch on more examples. Scaling is learned from all examples so far.

        Parameters
        ----------
        X : array-like, sparse matrix or DataFrame of shape (N, I)
            Training examples.
        y : array-like of shape (N,) or (N, L)
            Classes, or 0 and 1 for several labels.
        classes : array-like of shape (C,), optional
            All classes. Required in the first call, except after ``fit`` and for several labels.
        sample_weight : array-like of shape (N,), optional
            Weights of the examples, at least 0; default: 1. Unlike in ``fit`` their size matters, too.

        Returns
        -------
        self
            Classifier.

        Raises
        ------
        ValueError
            As for ``fit``, for an unknown class, and for early stopping, validation, schedules and averages, which
            need the whole training.
        """
        if self.class_weight == "balanced":
            raise ValueError("partial_fit cannot balance unknown frequencies; pass class_weight as a dict")
        known = self._targets if hasattr(self, "network_") else None
        if known is not None:
            if classes is not None and not np.array_equal(known.classes, unique_labels(classes)):
                raise ValueError(f"classes={classes!r} differ from those of the last call, {known.classes}")
        elif not type_of_target(y, input_name="y").startswith("multilabel"):
            if classes is None:
                raise ValueError("classes must be passed on the first call to partial_fit")
            known = Targets.of_classes(unique_labels(classes))
        return self._partial_fit(X, y, sample_weight, known)

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the class or the labels of each example.

        Parameters
        ----------
        X : array-like, sparse matrix or DataFrame of shape (N, I)
            Examples.

        Returns
        -------
        array of shape (N,) or (N, L)
            Most probable classes, or 1 for labels with a probability above 0.5 and else 0.
        """
        inputs = self._inputs(X)
        predictions = self.network_.predict(inputs)
        return predictions.astype(int) if self._targets.task == "multilabel" else self.classes_[predictions]

    def predict_proba(self, X: Any) -> NDArray[np.floating[Any]]:
        """Compute the probability of each class or label.

        Parameters
        ----------
        X : array-like, sparse matrix or DataFrame of shape (N, I)
            Examples.

        Returns
        -------
        array of shape (N, C) or (N, L)
            Probabilities in the order of `classes_`; those of classes sum to 1.
        """
        inputs = self._inputs(X)
        return self.network_.predict_proba(inputs)

    def predict_log_proba(self, X: Any) -> NDArray[np.floating[Any]]:
        """Compute the logarithm of the probability of each class or label.

        Parameters
        ----------
        X : array-like, sparse matrix or DataFrame of shape (N, I)
            Examples.

        Returns
        -------
        array of shape (N, C) or (N, L)
            Finite logarithms in the order of `classes_`.
        """
        inputs = self._inputs(X)
        outputs = self.network_.logits(inputs)
        if not np.isfinite(outputs).all():
            raise HandgradError("the inputs are too large: the scores of an example are not finite numbers")
        return log_expit(outputs) if self._targets.task == "multilabel" else log_softmax(outputs, axis=1)

    def score(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Compute the accuracy; for several labels the share of examples of which all are correct.

        Parameters
        ----------
        X : array-like, sparse matrix or DataFrame of shape (N, I)
            Examples.
        y : array-like of shape (N,) or (N, L)
            True classes, or 0 and 1 for several labels.
        sample_weight : array-like of shape (N,), optional
            Weights of the examples; default: 1.

        Returns
        -------
        float
            Accuracy, from 0 to 1.
        """
        accuracy: float = super().score(X, y, sample_weight)
        return accuracy

    @property
    def classes_(self) -> NDArray[Any]:
        """Classes (C,), or numbers of several labels (L,)."""
        return self._targets.classes

    def _encode(self, y: Any, known: Targets | None, least: int) -> tuple[Targets, NDArray[Any]]:
        return encode_labels(y, known)

    def _build_loss(self, targets: Targets) -> Loss:
        if targets.task == "classification":
            return CrossEntropy(self.label_smoothing)
        for name in ("label_smoothing", "class_weight"):
            if getattr(self, name):
                raise HandgradError(f"{name} needs one class per example; y has several labels per example")
        return BinaryCrossEntropy()

    def _weigh(self, targets: Targets, labels: NDArray[Any], weights: NDArray[Any] | None) -> Any:
        if self.class_weight is None or targets.task != "classification":
            return weights
        classes = targets.classes
        of_classes = compute_class_weight(self.class_weight, classes=classes, y=classes[labels])
        return check_weights(
            of_classes[labels] * (1 if weights is None else weights), len(labels), np.float64, "class_weight"
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
