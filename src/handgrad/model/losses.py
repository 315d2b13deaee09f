"""Losses: what training minimises, and its derivative. A loss belongs to a task: classification, or another."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from handgrad.config import Configurable, within
from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.types import Floats, Integers


class Loss(Configurable, ABC):
    """Base class of the losses: what training minimises, and its gradient.

    A custom loss inherits from it, is a frozen dataclass, and defines `per_example`.

    Attributes
    ----------
    task : {"classification", "multilabel", "regression"}
        The task whose targets the loss takes. Default: ``"classification"``.

    Examples
    --------
    A custom loss, the mean absolute error, and the check of its gradient:

    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> import handgrad as hg
    >>> @dataclass(frozen=True)
    ... class AbsoluteError(hg.Loss):
    ...     task = "regression"
    ...     def per_example(self, logits, targets):
    ...         difference = logits - targets
    ...         return np.abs(difference).mean(axis=1), np.sign(difference) / logits.shape[1]
    >>> network = hg.Network([hg.Dense(1)], input_shape=2, dtype=np.float64, task="regression")
    >>> all(check.passed for check in hg.check_gradients(network, loss=AbsoluteError()))
    True
    """

    task: ClassVar[str] = "classification"

    @abstractmethod
    def per_example(self, logits: Floats, targets: NDArray[Any]) -> tuple[Floats, Floats]:
        """Compute the loss of every example, and its gradient.

        Parameters
        ----------
        logits : array of shape (N, C)
            Outputs of the network.
        targets : array of shape (N,) or (N, C)
            Classes (N,) from 0 to C − 1; for several labels zeros and ones (N, C); for regression numbers (N, C).

        Returns
        -------
        losses : array of shape (N,)
            Loss of each example.
        dlogits : array of shape (N, C)
            Gradient of each loss with respect to its logits.
        """

    def check_targets(self, logits: Floats, targets: NDArray[Any]) -> None:
        """Check that targets fit the logits and the task.

        Parameters
        ----------
        logits : array of shape (N, C)
            Outputs of the network.
        targets : array
            As `per_example` takes them.

        Raises
        ------
        HandgradError
            If they do not fit.
        """
        n, classes = logits.shape
        if self.task != "classification":
            if targets.shape != logits.shape:
                raise HandgradError(f"targets must be {logits.shape}, as the outputs; got {targets.shape}")
            return
        if targets.shape != (n,) or (n and not 0 <= targets.min() <= targets.max() < classes):
            raise HandgradError(f"labels must be {(n,)} classes from 0 to {classes - 1}")

    def count_correct(self, logits: Floats, targets: NDArray[Any]) -> int:
        """Count correct predictions.

        Parameters
        ----------
        logits : array of shape (N, C)
            Outputs of the network.
        targets : array
            As `per_example` takes them.

        Returns
        -------
        int
            Number of correct classes, or of correct single labels; 0 for regression.
        """
        if self.task == "classification":
            return kernels.count_correct(logits, targets)
        return int(((logits > 0) == targets).sum()) if self.task == "multilabel" else 0

    def fitted(self, labels: Integers, classes: int) -> Self:
        """Return the loss with what it takes from training data, e.g. balanced class weights.

        Parameters
        ----------
        labels : array of shape (N,)
            Labels of the training split.
        classes : int
            Number of classes C.

        Returns
        -------
        Loss
            The loss itself, or a copy.
        """
        return self

    def reported(self) -> "Loss":
        """Return the loss that records and evaluations report, without what serves training only.

        Returns
        -------
        Loss
            The loss itself, or e.g. a `CrossEntropy` without label smoothing.
        """
        return self

    def __call__(
        self, logits: Floats, targets: NDArray[Any], weights: Floats | None = None, total: int | None = None
    ) -> tuple[float, Floats]:
        """Compute the mean loss, and its gradient.

        Parameters
        ----------
        logits : array of shape (N, C)
            Outputs of the network.
        targets : array
            As `per_example` takes them.
        weights : array of shape (N,), optional
            Weight of each example. Default: 1.
        total : int, optional
            Divisor of the sum. Default: N. For a chunk it is the size of the whole batch, so that losses and
            gradients of chunks add up.

        Returns
        -------
        loss : float
            Mean loss.
        dlogits : array of shape (N, C)
            Gradient of the mean loss with respect to the logits.

        Raises
        ------
        HandgradError
            If the targets do not fit the logits.
        """
        self.check_targets(logits, targets)
        losses, dlogits = self.per_example(logits, targets)
        if weights is not None:
            losses, dlogits = losses * weights, dlogits * weights[:, None].astype(dlogits.dtype)
        total = len(logits) if total is None else total
        return float(losses.sum(dtype=np.float64)) / total, dlogits / total


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
    >>> loss, dlogits = hg.CrossEntropy()(np.array([[2.0, 1.0, 0.0]]), np.array([0]))
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
    >>> loss, dlogits = hg.BinaryCrossEntropy()(np.array([[2.0, -1.0]]), np.array([[1, 0]]))
    >>> round(loss, 4)
    0.2201
    >>> dlogits.round(4)
    array([[-0.0596,  0.1345]])
    """

    task = "multilabel"

    def per_example(self, logits: Floats, targets: NDArray[Any]) -> tuple[Floats, Floats]:
        return kernels.binary_cross_entropy(logits, targets)


@dataclass(frozen=True)
class MeanSquaredError(Loss):
    """Squared difference of outputs and targets, the mean over the targets.

    See Also
    --------
    Huber : Loss that outliers influence less.

    Notes
    -----
    ``loss = Σₖ (ŷₖ − yₖ)² / T`` with outputs ŷ and T targets y. The gradient is ``2 (ŷ − y) / T``. Training
    standardises targets, so that 1 is the loss of predicting the mean.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> hg.MeanSquaredError()(np.array([[1.0, 2.0]]), np.array([[1.0, 5.0]]))
    (4.5, array([[ 0., -3.]]))
    """

    task = "regression"

    def per_example(self, logits: Floats, targets: NDArray[Any]) -> tuple[Floats, Floats]:
        return kernels.squared_error(logits, targets)


@dataclass(frozen=True)
class Huber(Loss):
    """Huber loss: squared for small differences of output and target, linear for large ones.

    Parameters
    ----------
    delta : float
        Difference δ from which the loss is linear, in standard deviations of the target, above 0.

    See Also
    --------
    MeanSquaredError : Squared loss.

    Notes
    -----
    The loss is the mean over the targets of ``r² / 2`` where ``|r| ≤ δ``, else ``δ (|r| − δ / 2)``, with the
    difference r of output and target.

    References
    ----------
    Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35, 1964.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> hg.Huber(delta=1.0)(np.array([[1.5, 2.0]]), np.array([[1.0, 5.0]]))
    (1.3125, array([[ 0.25, -0.5 ]]))
    """

    delta: float = field(default=1.0, metadata=within(0, interval="()"))
    task = "regression"

    def per_example(self, logits: Floats, targets: NDArray[Any]) -> tuple[Floats, Floats]:
        return kernels.huber(logits, targets, self.delta)


def default_loss(task: str) -> Loss:
    """Return the loss that training minimises where none is given."""
    losses = {"multilabel": BinaryCrossEntropy, "regression": MeanSquaredError}
    return losses.get(task, CrossEntropy)()
