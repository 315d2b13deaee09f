"""Losses of classes and of labels: cross-entropy of the softmax and of the sigmoid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from handgrad.config import within
from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.types import Floats, Integers
from handgrad.model.losses.loss import Loss


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """Cross-entropy between the softmax of the logits and the classes, in nats.

    Parameters
    ----------
    label_smoothing : float
        Share s of the target that is spread over all classes, from 0 to below 1.
    class_weights : sequence of float, mapping from int to float or "balanced", optional
        Weight w of the examples of each class, from 0. Default: 1. ``"balanced"``: N / (C · N of the class).

    See Also
    --------
    BinaryCrossEntropy : Loss for examples with any number of labels.

    Notes
    -----
    ``loss = −w Σₖ qₖ log pₖ`` with ``p = softmax(logits)`` and ``qₖ = (1 − s) [k = class] + s / C``. The gradient
    with respect to the logits is ``w (p − q)``.

    References
    ----------
    Szegedy, Vanhoucke, Ioffe, Shlens and Wojna, "Rethinking the inception architecture for computer vision", CVPR
    2016, section 7 (label smoothing).

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> logits, label = np.array([[2.0, 1.0, 0.0]]), np.array([0])
    >>> loss, dlogits = hg.CrossEntropy()(logits, label)
    >>> round(loss, 4)
    0.4076
    >>> dlogits.round(4)
    array([[-0.3348,  0.2447,  0.09  ]])
    """

    label_smoothing: float = field(default=0.0, metadata=within(0, 1))
    class_weights: Sequence[float] | Mapping[int, float] | str = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        wanted: Any = self.class_weights
        if isinstance(wanted, str) and wanted == "balanced":
            return
        if isinstance(wanted, Mapping):
            wanted = [wanted.get(number) for number in range(len(wanted))]
        try:
            weights = np.asarray(wanted, np.float64)
        except (TypeError, ValueError):
            weights = np.array(np.nan)
        usable = weights.ndim == 1 and np.isfinite(weights).all() and (weights >= 0).all()
        if not usable or (weights.size and not weights.any()):
            need = "'balanced' or a number from 0 for each class, not all zero"
            raise HandgradError(f"CrossEntropy class_weights must be {need}; got {self.class_weights!r:.60}")
        object.__setattr__(self, "class_weights", tuple(weights.tolist()))

    def fitted(self, labels: Integers, classes: int) -> Self:
        """Return the loss with balanced class weights, if these are wanted.

        Parameters
        ----------
        labels : array of shape (N,)
            Labels of the training split.
        classes : int
            Number of classes C.

        Returns
        -------
        CrossEntropy
            The loss itself, or a copy with a weight for each class.

        Raises
        ------
        HandgradError
            If the number of class weights is not C.
        """
        if self.class_weights == "balanced":
            counts = np.bincount(labels, minlength=classes)
            balanced = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))
            return replace(self, class_weights=tuple(np.where(counts, balanced, 1.0)))
        if self.class_weights and len(self.class_weights) != classes:
            count = len(self.class_weights)
            raise HandgradError(f"CrossEntropy has {count} class_weights; the data have {classes} classes")
        return self

    def reported(self) -> "CrossEntropy":
        return CrossEntropy(class_weights=self.class_weights)

    def per_example(self, logits: Floats, targets: NDArray[Any]) -> tuple[Floats, Floats]:
        losses, dlogits = kernels.softmax_cross_entropy(logits, targets, self.label_smoothing)
        if self.class_weights:
            weights = np.asarray(self.class_weights, logits.dtype)[targets]
            losses *= weights
            dlogits *= weights[:, None]
        return losses, dlogits


@dataclass(frozen=True)
class BinaryCrossEntropy(Loss):
    """Cross-entropy between the sigmoid of each logit and its label, in nats.

    It is the loss for examples that may have any number of labels.

    See Also
    --------
    CrossEntropy : Loss for examples with one class of several.

    Notes
    -----
    ``loss = −Σₖ (yₖ log pₖ + (1 − yₖ) log(1 − pₖ)) / L`` with ``p = sigmoid(logits)`` and L labels y, 0 or 1. The
    gradient with respect to the logits is ``(p − y) / L``.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> logits, labels = np.array([[2.0, -1.0]]), np.array([[1, 0]])
    >>> loss, dlogits = hg.BinaryCrossEntropy()(logits, labels)
    >>> round(loss, 4)
    0.2201
    >>> dlogits.round(4)
    array([[-0.0596,  0.1345]])
    """

    task = "multilabel"

    def per_example(self, logits: Floats, targets: NDArray[Any]) -> tuple[Floats, Floats]:
        return kernels.binary_cross_entropy(logits, targets)
