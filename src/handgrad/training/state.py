"""The state of a training: with the parameters, everything that an exact continuation needs."""

from collections.abc import Collection
from dataclasses import dataclass, field, fields
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.batches import is_order
from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError
from handgrad.model.network import Network

ARRAYS = ("order", "average", "best", "current")


def count_steps(
    examples: int, batch_size: int | str | None = None, epochs: int | None = None, steps: int | None = None
) -> int:
    """Return the number of steps of a whole training, for arguments of `handgrad.train`."""
    size = examples if batch_size == "all" else min(int(batch_size or 128), examples)
    return steps if steps is not None else (epochs or 10) * -(-examples // size)


@dataclass
class TrainingState:
    """Progress of a training, between two steps; P is the number of parameters, N of examples."""

    rng: np.random.Generator = field(default_factory=np.random.default_rng)
    """Draws the orders of examples, and the seed of each batch."""
    seed: int | None = None  # of the next batch, and its epoch has an order, if it was begun and abandoned
    step: int = 0  # steps taken
    recorded: int = 0  # those at the last record that was due
    epoch: int = 0  # epochs completed
    position: int = 0  # examples used in the current epoch; 0 between epochs
    order: NDArray[np.integer] | None = None  # (N,) of the current epoch; None where one batch holds all
    loss_sum: float = 0.0  # loss times examples, in the current epoch; between epochs, in the one before
    correct: int = 0  # correct predictions, likewise
    seconds: float = 0.0  # time in training
    fingerprint: int | None = None  # of the training data; None before training
    moments: dict[str, NDArray[Any]] = field(default_factory=dict)
    """What the optimizer keeps from step to step, (P,) arrays."""
    updates: int = 0  # steps since the moments were zero
    average: NDArray[Any] | None = None  # (P,)
    averaged: int = 0  # the number of parameter vectors in the average
    best: NDArray[Any] | None = None  # (P,) of the best record
    best_score: float | None = None
    waited: int = 0  # records since the best one
    current: NDArray[Any] | None = None
    """(P,) to resume with, while the network holds the best parameters or the average."""
    memory: dict[str, float] = field(default_factory=dict)
    """What the schedule keeps from record to record."""

    def is_finished(self, total: int, patience: int | None) -> bool:
        """Whether all steps were taken and recorded, or early stopping waited for too long."""
        waited = patience is not None and self.waited >= patience
        return waited or self.recorded == self.step >= total

    def check_data(self, dataset: Dataset) -> None:
        """Note the training data; raise HandgradError if they are not those of the steps before."""
        found = dataset.fingerprint()
        if self.fingerprint not in (None, found):
            raise HandgradError("these are not the data of the training so far; use those, or train again")
        self.fingerprint = found

    def check_network(self, network: Network, moments: Collection[str] | None = None) -> None:
        """Raise HandgradError if the state has a network of another size, or an optimizer of other moments."""
        size = network.parameter_count
        for vector in (*self.moments.values(), self.average, self.best, self.current):
            if vector is not None and vector.shape != (size,):
                raise HandgradError(f"the state has {vector.size:,} parameters, the network has {size:,}")
        if moments is not None and self.moments and set(self.moments) != set(moments):
            raise HandgradError(f"the state has the moments of another optimizer: {', '.join(self.moments)}")

    def draw_seed(self) -> int:
        """Return the seed of the next batch: a new one, unless the batch was begun before."""
        if self.seed is None:
            self.seed = int(self.rng.integers(2**63))
        return self.seed

    def count(self, loss: float, correct: int, examples: int) -> None:
        """Count a step, and add the loss and the correct predictions of its batch to those of the epoch."""
        if self.position == 0:
            self.loss_sum, self.correct = 0.0, 0
        self.seed = None
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
        rng = np.random.default_rng(0)
        rng.bit_generator.state = numbers["rng"]
        moments = {k.removeprefix("moments."): v for k, v in arrays.items() if k.startswith("moments.")}
        arrays = {name: array for name, array in arrays.items() if name in ARRAYS}
        state = cls(**numbers | arrays | {"moments": moments, "rng": rng})
        for name in (item.name for item in fields(cls) if type(item.default) is int):
            if not (type(count := getattr(state, name)) is int and count >= 0):
                raise ValueError(f"{name} is not a count")
        if not (state.seed is None or (type(state.seed) is int and state.seed >= 0)):
            raise ValueError("the seed is not a count")
        if not all(map(isfinite, [state.loss_sum, state.seconds, *dict(state.memory).values()])):
            raise ValueError("a sum is not finite")
        if state.order is not None and not is_order(state.order, state.position):
            raise ValueError("the order is not a permutation, or the position is beyond it")
        for array, of_it in ((state.best, state.best_score), (state.average, state.averaged or None)):
            if (array is None) != (of_it is None):
                raise ValueError("an average, or the best parameters, are missing")
        return state
