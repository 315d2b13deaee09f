"""The contract of all losses: the loss of each example and its gradient. A loss belongs to a task."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from handgrad.config import Configurable
from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.types import Floats, Integers


class Loss(Configurable, ABC):
    """Base class of the losses: what training minimizes, and its gradient.

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
    ...         error = logits - targets
    ...         return abs(error).mean(axis=1), np.sign(error) / error.shape[1]
    >>> layers = [hg.Dense(2)]
    >>> network = hg.Network(layers, 3, dtype=np.float64, task="regression")
    >>> checks = hg.check_gradients(network, loss=AbsoluteError())
    >>> all(check.passed for check in checks)
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
