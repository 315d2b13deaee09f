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
    """A neural network classifier for scikit-learn.

    Inputs are numbers (N, I), dense or sparse, or a DataFrame of numbers and text. Labels are numbers or strings
    (N,), or 0 and 1 (N, L) for examples that may have any number of L labels.
    Each category of a text column becomes an input; an unknown category is zero in all of them.

    Parameters
    ----------
    {parameters}
    label_smoothing : float
        Fraction of the target that is spread over all classes, from 0 to below 1.
    class_weight : dict, "balanced" or None
        Weight of the examples of each class, by which `sample_weight` is multiplied; default: 1.

    Attributes
    ----------
    classes_ : (C,) or (L,)
        The classes; the numbers of several labels, from 0.
    {attributes}
    """

    label_smoothing: float = 0.0
    class_weight: dict[Any, float] | str | None = None

    def partial_fit(
        self, X: Any, y: ArrayLike, classes: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Train for one epoch on more examples, and return the classifier.

        Scaling is learned from all examples so far. Raise ValueError for early stopping, validation, schedules and
        averages, which need the whole training, and for an unknown class; other errors are those of `fit`.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`, but of weights not only the ratios count: 1 is an example without one.
        classes : (C,), optional
            All classes; required in the first call, unless `fit` came before or examples have several labels.
        """
        if self.class_weight == "balanced":
            raise ValueError("partial_fit cannot balance unknown frequencies; give class_weight as a dict")
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
        """Return the most probable class of each example, (N,), or 0 and 1 for several labels, (N, L)."""
        inputs = self._inputs(X)
        predictions = self.network_.predict(inputs)
        return predictions.astype(int) if self._targets.task == "multilabel" else self.classes_[predictions]

    def predict_proba(self, X: Any) -> NDArray[np.floating[Any]]:
        """Return the probability of each class or label, (N, C), in the order of ``classes_``."""
        inputs = self._inputs(X)
        return self.network_.predict_proba(inputs)

    def predict_log_proba(self, X: Any) -> NDArray[np.floating[Any]]:
        """Return the logarithm of the probability of each class or label, (N, C), which is always finite."""
        inputs = self._inputs(X)
        outputs = self.network_.logits(inputs)
        if not np.isfinite(outputs).all():
            raise HandgradError("the inputs are too large: the scores of an example are not finite numbers")
        return log_expit(outputs) if self._targets.task == "multilabel" else log_softmax(outputs, axis=1)

    @property
    def classes_(self) -> NDArray[Any]:
        """The classes, (C,); the numbers of several labels, (L,)."""
        return self._targets.classes

    def _encode(self, y: Any, known: Targets | None, least: int) -> tuple[Targets, NDArray[Any]]:
        return encode_labels(y, known)

    def _build_loss(self, targets: Targets) -> Loss:
        if targets.task == "classification":
            return CrossEntropy(self.label_smoothing)
        for name in ("label_smoothing", "class_weight"):
            if getattr(self, name):
                raise HandgradError(
                    f"{name} is for one class of each example; y has several labels of an example"
                )
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
