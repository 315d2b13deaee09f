"""Where a training stands: everything besides parameters and optimizer that going on exactly needs."""

from dataclasses import dataclass, field
from math import isfinite
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError


@dataclass
class TrainingState:
    """Progress of a training, between two steps.

    Attributes
    ----------
    rng : numpy.random.Generator
        Draws data orders and the seeds of random layers.
    step : int
        Steps taken.
    epoch : int
        Whole epochs done.
    position : int
        Examples used of the epoch in progress; 0 between epochs.
    order : (N,) int64 or None
        The shuffled order of the epoch in progress; None where a batch holds all.
    loss_sum, correct : float, int
        Of the epoch in progress: loss times examples, and correctly classified examples.
    seconds : float
        Time in training.
    fingerprint : int or None
        Of the data that the training was begun with; None before it begins.
    """

    rng: np.random.Generator = field(default_factory=np.random.default_rng)
    step: int = 0
    epoch: int = 0
    position: int = 0
    order: NDArray[np.int64] | None = None
    loss_sum: float = 0.0
    correct: int = 0
    seconds: float = 0.0
    fingerprint: int | None = None

    def belong_to(self, dataset: Dataset) -> None:
        """Note the data that the training is begun with; HandgradError where it was begun with others."""
        found = crc32(dataset.labels.tobytes(), crc32(dataset.inputs.data))
        if self.fingerprint not in (None, found):
            raise HandgradError(
                "these are not the data that the training was begun with; resume it with those"
            )
        self.fingerprint = found

    def numbers(self) -> dict[str, Any]:
        """Give everything but `order` in a form that JSON can hold exactly."""
        return {
            "rng": self.rng.bit_generator.state,
            "step": self.step,
            "epoch": self.epoch,
            "position": self.position,
            "loss_sum": self.loss_sum,
            "correct": self.correct,
            "seconds": self.seconds,
            "fingerprint": self.fingerprint,
        }

    @classmethod
    def restore(cls, numbers: dict[str, Any], order: NDArray[np.int64] | None) -> "TrainingState":
        """Rebuild what `numbers` gave; ValueError, TypeError or KeyError where it is damaged."""
        numbers = dict(numbers)
        rng = np.random.default_rng(0)
        rng.bit_generator.state = numbers.pop("rng")
        state = cls(rng=rng, order=order, **numbers)
        counts = (state.step, state.epoch, state.position, state.correct)
        if not all(type(count) is int and count >= 0 for count in counts):
            raise ValueError("a count is wrong")
        if not all(
            isinstance(number, float) and isfinite(number) for number in (state.loss_sum, state.seconds)
        ):
            raise ValueError("a sum is wrong")
        if order is not None and not np.array_equal(np.sort(order), np.arange(len(order))):
            raise ValueError("the order is no permutation")
        if state.position and order is not None and state.position >= len(order):
            raise ValueError("the position is beyond the data")
        return state
