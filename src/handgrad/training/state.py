"""The state of a training: with the parameters, everything that an exact continuation needs."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.batches import is_order
from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError
from handgrad.model.network import Network

ARRAYS = ("order", "average", "best", "current")
COUNTS = ("step", "recorded", "epoch", "position", "correct", "updates", "averaged", "waited")


def count_steps(
    examples: int, batch_size: int | str | None = None, epochs: int | None = None, steps: int | None = None
) -> int:
    """Return the number of steps of a whole training, for arguments of `handgrad.train`."""
    size = examples if batch_size == "all" else min(int(batch_size or 128), examples)
    return steps if steps is not None else (epochs or 10) * -(-examples // size)


@dataclass
class TrainingState:
    """Progress of a training, between two steps.

    Attributes
    ----------
    rng : numpy.random.Generator
        Draws the orders of examples, and the seed of each batch.
    step, recorded, epoch, position : int
        Steps taken, those at the last record, epochs completed, and examples used in the current epoch; 0 between
        epochs.
    order : (N,) integers, or None
        The shuffled order of the current epoch; None where one batch holds all examples.
    loss_sum, correct : float, int
        Of the current epoch: loss times examples, and correctly classified examples.
    seconds : float
        Time in training.
    fingerprint : int or None
        Of the training data; None before training.
    moments, updates : dict of (P,) arrays, int
        What the optimizer keeps from step to step, and its steps since these were zero.
    average, averaged : (P,) or None, int
        The average of the parameters, and the number of parameters in it.
    best, best_score, waited : (P,) or None, float or None, int
        The parameters of the best record, their score, and the number of records since.
    current : (P,) or None
        The parameters to resume with, while the network holds the best ones or the average.
    memory : dict
        What the schedule keeps from record to record.
    """

    rng: np.random.Generator = field(default_factory=np.random.default_rng)
    step: int = 0
    recorded: int = 0
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

    def is_finished(self, total: int, patience: int | None) -> bool:
        """Whether all steps were taken, or early stopping waited for too long."""
        return self.step >= total or (patience is not None and self.waited >= patience)

    def check_data(self, dataset: Dataset) -> None:
        """Note the training data; raise HandgradError if they are not those of the steps before."""
        found = dataset.fingerprint()
        if self.fingerprint not in (None, found):
            raise HandgradError(
                "these are not the data of the training so far; resume it with those, or train again"
            )
        self.fingerprint = found

    def check_network(self, network: Network, moments: Collection[str] | None = None) -> None:
        """Raise HandgradError if the state has a network of another size, or an optimizer of other moments."""
        shape = network.flat_parameters.shape
        for vector in (*self.moments.values(), self.average, self.best, self.current):
            if vector is not None and vector.shape != shape:
                raise HandgradError(f"the state has {vector.size:,} parameters, the network has {shape[0]:,}")
        if moments is not None and self.moments and set(self.moments) != set(moments):
            raise HandgradError(f"the state has the moments of another optimizer: {', '.join(self.moments)}")

    def count(self, loss: float, correct: int, examples: int) -> None:
        """Count a step, and add the loss and the correct predictions of its batch to those of the epoch."""
        self.step, self.updates, self.position = self.step + 1, self.updates + 1, self.position + examples
        self.loss_sum, self.correct = self.loss_sum + loss * examples, self.correct + correct

    def use_result(self, network: Network) -> None:
        """Put the best parameters, or else the average, into the network, where there are any."""
        result = self.best if self.best is not None else self.average
        if result is not None:
            self.current, network.flat_parameters = network.flat_parameters.copy(), result

    def use_current(self, network: Network) -> None:
        """Put the parameters of the last step back into the network, after `use_result`."""
        if self.current is not None:
            network.flat_parameters, self.current = self.current, None

    @contextmanager
    def use_average(self, network: Network) -> Iterator[None]:
        """Put the average, where there is one, into the network within a block."""
        if self.average is None:
            yield
            return
        current = network.flat_parameters.copy()
        network.flat_parameters = self.average
        try:
            yield
        finally:
            network.flat_parameters = current

    def numbers(self) -> dict[str, Any]:
        """Return everything but the arrays in a form that JSON holds exactly."""
        numbers = {name: value for name, value in vars(self).items() if name not in (*ARRAYS, "moments")}
        return {**numbers, "rng": self.rng.bit_generator.state}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays, by name."""
        arrays = {name: getattr(self, name) for name in ARRAYS if getattr(self, name) is not None}
        return arrays | {f"moments.{name}": array for name, array in self.moments.items()}

    @classmethod
    def restore(cls, numbers: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> "TrainingState":
        """Build a state from `numbers` and `arrays`; ValueError, TypeError or KeyError where they are damaged."""
        numbers, rng = dict(numbers), np.random.default_rng(0)
        rng.bit_generator.state = numbers.pop("rng")
        moments = {k.removeprefix("moments."): v for k, v in arrays.items() if k.startswith("moments.")}
        arrays = {name: array for name, array in arrays.items() if name in ARRAYS}
        state = cls(**{**numbers, **arrays, "moments": moments, "rng": rng})
        if not all(type(count) is int and count >= 0 for count in (getattr(state, name) for name in COUNTS)):
            raise ValueError("a count is wrong")
        sums = [state.loss_sum, state.seconds, *dict(state.memory).values()]
        if not all(isinstance(number, float | int) and isfinite(number) for number in sums):
            raise ValueError("a sum is wrong")
        if state.order is not None and not is_order(state.order, state.position):
            raise ValueError("the order is not a permutation, or the position is beyond it")
        for one, other in ((state.best, state.best_score), (state.average, state.averaged or None)):
            if (one is None) != (other is None):
                raise ValueError("an average, or the best parameters, are missing")
        return state
