"""What is added up of a batch: over chunks, over threads, over ranks."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.training.distributed import Communication

DIGIT = 4096
"""Counts travel among floats as two digits, so that float32 adds them up exactly."""


class Sum:
    """Gradient (P,), mean loss and correctly classified examples of a batch, or of a part of it.

    Parameters
    ----------
    vector : (P,)
        The parameters, for their number and type.

    Attributes
    ----------
    gradient : (P,)
    loss : float
    correct : int
    wish : bool
        Whether one of the ranks wished for something.
    """

    def __init__(self, vector: NDArray[Any]) -> None:
        size = len(vector)
        # What else ranks must tell travels behind the gradient.
        self._numbers = np.zeros(size + 5, vector.dtype)
        self.gradient = self._numbers[:size]
        self.clear()

    def clear(self) -> None:
        """Begin with nothing."""
        self.gradient.fill(0)
        self.loss, self.correct, self.wish = 0.0, 0, False

    def over_ranks(self, communication: Communication, wish: bool, failed: bool) -> bool:
        """Add up what all ranks have, in one exchange; tells whether one of them failed."""
        rest = self._numbers[len(self.gradient) :]
        rest[:] = self.loss, self.correct // DIGIT, self.correct % DIGIT, wish, failed
        communication.sum(self._numbers)
        loss, high, low, wishes, failures = rest.tolist()
        self.loss, self.correct, self.wish = loss, int(high) * DIGIT + int(low), wishes > 0
        return failures > 0
