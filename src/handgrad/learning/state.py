"""Where a training stands: everything besides parameters and optimizer that going on exactly needs."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


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
    """

    rng: np.random.Generator = field(default_factory=np.random.default_rng)
    step: int = 0
    epoch: int = 0
    position: int = 0
    order: NDArray[np.int64] | None = None
    loss_sum: float = 0.0
    correct: int = 0
    seconds: float = 0.0

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
        }

    @classmethod
    def restore(cls, numbers: dict[str, Any], order: NDArray[np.int64] | None) -> "TrainingState":
        """Rebuild what `numbers` gave."""
        numbers = dict(numbers)
        rng = np.random.default_rng(0)
        rng.bit_generator.state = numbers.pop("rng")
        return cls(rng=rng, order=order, **numbers)
