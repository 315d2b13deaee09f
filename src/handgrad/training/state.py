"""Where a training stands: everything besides parameters and optimizer that going on exactly needs."""

from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.batches import is_order
from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.threads import Workers
from handgrad.model.network import Network

ARRAYS = ("order", "average", "best", "current")
COUNTS = ("step", "epoch", "position", "correct", "updates", "averaged", "waited")
SUMS = ("loss_sum", "seconds")


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
    order : (N,) integers, or None
        The shuffled order of the epoch in progress; None where a batch holds all.
    loss_sum, correct : float, int
        Of the epoch in progress: loss times examples, and correctly classified examples.
    seconds : float
        Time in training.
    fingerprint : int or None
        Of the data that the training was begun with; None before it begins.
    moments, updates : dict of (P,) arrays, int
        What the optimizer keeps from step to step, and its steps since these were zero.
    average, averaged : (P,) or None, int
        The parameters' average, and how many it holds.
    best, best_score, waited : (P,) or None, float or None, int
        The parameters of the best record, how good they are, and the records since.
    current : (P,) or None
        The parameters to go on with, where the network holds the result instead.
    memory : dict
        What the schedule has noted.
    """

    rng: np.random.Generator = field(default_factory=np.random.default_rng)
    step: int = 0
    epoch: int = 0
    position: int = 0
    order: NDArray[np.integer] | None = None
    loss_sum: float = 0.0
    correct: int = 0
    seconds: float = 0.0
    fingerprint: int | None = None
    moments: dict[str, NDArray[Any]] = field(default_factory=dict)
    updates: int = 0
    average: NDArray[Any] | None = None
    averaged: int = 0
    best: NDArray[Any] | None = None
    best_score: float | None = None
    waited: int = 0
    current: NDArray[Any] | None = None
    memory: dict[str, float] = field(default_factory=dict)

    def belong_to(self, dataset: Dataset) -> None:
        """Note the data that the training is begun with; HandgradError where it was begun with others."""
        found = dataset.fingerprint()
        if self.fingerprint not in (None, found):
            raise HandgradError(
                "these are not the data that the training was begun with; resume it with those"
            )
        self.fingerprint = found

    def include(self, vector: NDArray[Any], share: float, workers: Workers) -> None:
        """Move the average towards the parameters, on several threads: w̄ ← w̄ + share · (w − w̄)."""
        if self.average is None:
            self.average = vector.copy()
        else:
            average, move = self.average, kernels.move_average
            workers.map(lambda part: move(average[part], vector[part], share), workers.slices(len(vector)))
        self.averaged += 1

    def show_result(self, network: Network) -> None:
        """Let the network hold the best parameters, or the average, where there are any."""
        result = self.best if self.best is not None else self.average
        if result is not None:
            self.current, network.flat_parameters = network.flat_parameters.copy(), result

    def go_on(self, network: Network) -> None:
        """Take back what `show_result` has done."""
        if self.current is not None:
            network.flat_parameters, self.current = self.current, None

    def judge(self, vector: NDArray[Any], score: float) -> None:
        """Keep the parameters where they are better than any before."""
        if self.best_score is not None and not score > self.best_score:
            self.waited += 1
            return
        self.best, self.best_score, self.waited = vector.copy(), score, 0

    def numbers(self) -> dict[str, Any]:
        """Give everything but the arrays in a form that JSON can hold exactly."""
        numbers = {name: value for name, value in vars(self).items() if name not in (*ARRAYS, "moments")}
        return {**numbers, "rng": self.rng.bit_generator.state}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give the arrays that there are, by name."""
        arrays = {name: getattr(self, name) for name in ARRAYS}
        moments = {f"moments.{name}": array for name, array in self.moments.items()}
        return moments | {name: array for name, array in arrays.items() if array is not None}

    @classmethod
    def restore(cls, numbers: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> "TrainingState":
        """Rebuild what `numbers` and `arrays` gave; ValueError, TypeError or KeyError where it is damaged."""
        numbers = dict(numbers)
        rng = np.random.default_rng(0)
        rng.bit_generator.state = numbers.pop("rng")
        moments = {k.removeprefix("moments."): v for k, v in arrays.items() if k.startswith("moments.")}
        arrays = {name: array for name, array in arrays.items() if name in ARRAYS}
        state = cls(**{**numbers, **arrays, "moments": moments, "rng": rng})
        if not all(type(count) is int and count >= 0 for count in (getattr(state, name) for name in COUNTS)):
            raise ValueError("a count is wrong")
        sums = [getattr(state, name) for name in SUMS] + list(state.memory.values())
        if not all(isinstance(number, float | int) and isfinite(number) for number in sums):
            raise ValueError("a sum is wrong")
        order = state.order
        if order is not None and not is_order(order, state.position):
            raise ValueError("the order is no permutation, or the position is beyond it")
        if (state.best is None) != (state.best_score is None) or (state.average is None) != (
            state.averaged == 0
        ):
            raise ValueError("an average, or the best parameters, are missing")
        return state
