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
    """State of a training between two steps: with the network, all that resuming needs.

    A caller creates it with `rng` only. `train` writes the other fields.

    Parameters
    ----------
    rng : numpy.random.Generator, optional
        Generator that draws the orders of the examples and the seed of each batch; default: unpredictable.
    seed : int or None
        Seed of the next batch if it was begun and abandoned.
    step, recorded : int
        Numbers of steps taken, and of steps at the last record that was due.
    epoch, position : int
        Numbers of complete epochs, and of examples used in the current one.
    order : array of shape (N,) or None
        Order of the examples in the current epoch; None if one batch holds all.
    loss_sum, correct : float, int
        Sum of the losses, and number of correct predictions, in the current epoch, or between epochs in the last one.
    seconds : float
        Time in training.
    fingerprint : int or None
        Checksum of the training data; None before training.
    moments : dict of str to array of shape (P,)
        Moments of the optimizer.
    updates : int
        Number of steps since the moments were zero.
    average, averaged : array of shape (P,) or None, int
        Average of parameters, and the number of vectors in it.
    best, best_score : array of shape (P,) or None, float or None
        Parameters of the best record, and its accuracy or the negative of its loss.
    waited : int
        Number of records since the best one.
    current : array of shape (P,) or None
        Parameters to resume with, while the network holds the best ones or the average.
    memory : dict of str to float
        Memory of the schedule.

    Examples
    --------
    Train for one epoch, and resume up to the third.

    >>> import numpy as np
    >>> import handgrad as hg
    >>> data = hg.Dataset([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    >>> network = hg.Network([hg.Dense(2)], input_shape=1, rng=0)
    >>> state = hg.TrainingState(np.random.default_rng(0))
    >>> for epochs in (1, 3):
    ...     records = hg.fit(network, data, epochs=epochs, state=state)
    ...     print([record.epoch for record in records])
    [1]
    [2, 3]
    """

    rng: np.random.Generator = field(default_factory=np.random.default_rng)
    seed: int | None = None
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
        """Return whether all steps were taken and recorded, or early stopping ended the training.

        Parameters
        ----------
        total : int
            Number of steps of the training.
        patience : int or None
            Patience of early stopping; None without early stopping.

        Returns
        -------
        bool
            Whether the training is finished.
        """
        waited = patience is not None and self.waited >= patience
        return waited or self.recorded == self.step >= total

    def check_data(self, dataset: Dataset) -> None:
        """Store the fingerprint of the training data, or compare it with that of the steps before.

        Parameters
        ----------
        dataset : Dataset
            Training data.

        Raises
        ------
        HandgradError
            If the data differ.
        """
        found = dataset.fingerprint()
        if self.fingerprint not in (None, found):
            raise HandgradError(
                "the data differ from those of the steps so far; use the same data, or train again"
            )
        self.fingerprint = found

    def check_network(self, network: Network, moments: Collection[str] | None = None) -> None:
        """Check that the state is of this network and optimizer.

        Parameters
        ----------
        network : Network
            Network to train.
        moments : collection of str, optional
            Names of the moments of the optimizer.

        Raises
        ------
        HandgradError
            If the number of parameters or the names of the moments differ.
        """
        size = network.parameter_count
        for vector in (*self.moments.values(), self.average, self.best, self.current):
            if vector is not None and vector.shape != (size,):
                raise HandgradError(f"the state has {vector.size:,} parameters, the network has {size:,}")
        if moments is not None and self.moments and set(self.moments) != set(moments):
            raise HandgradError(f"the state has the moments of another optimizer: {', '.join(self.moments)}")

    def draw_seed(self) -> int:
        """Draw the seed of the next batch, or return the one that was drawn if the batch was begun before.

        Returns
        -------
        int
            Seed.
        """
        if self.seed is None:
            self.seed = int(self.rng.integers(2**63))
        return self.seed

    def count(self, loss: float, correct: int, examples: int) -> None:
        """Count a step, and add the results of its batch to those of the epoch.

        Parameters
        ----------
        loss : float
            Mean loss of the batch.
        correct : int
            Number of correct predictions.
        examples : int
            Number of examples.
        """
        if self.position == 0:
            self.loss_sum, self.correct = 0.0, 0
        self.seed = None
        self.step, self.updates, self.position = self.step + 1, self.updates + 1, self.position + examples
        self.loss_sum, self.correct = self.loss_sum + loss * examples, self.correct + correct

    def use_result(self, network: Network) -> None:
        """Copy the best parameters, or else the average, if there are any, into the network.

        Parameters
        ----------
        network : Network
            Network that was trained; its last parameters are kept as `current`.
        """
        result = self.best if self.best is not None else self.average
        if result is not None:
            self.current, network.flat_parameters = network.flat_parameters.copy(), result

    def use_current(self, network: Network) -> None:
        """Copy the parameters of the last step back into the network, after `use_result`.

        Parameters
        ----------
        network : Network
            Network to train further.
        """
        if self.current is not None:
            network.flat_parameters, self.current = self.current, None

    def numbers(self) -> dict[str, Any]:
        """Return everything but the arrays, for JSON, which keeps it exactly.

        Returns
        -------
        dict
            Names and values of the fields.
        """
        numbers = {name: value for name, value in vars(self).items() if name not in (*ARRAYS, "moments")}
        return {**numbers, "rng": self.rng.bit_generator.state}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays of the state.

        Returns
        -------
        dict of str to array
            Arrays by name; moments as "moments.NAME".
        """
        arrays = {name: getattr(self, name) for name in ARRAYS if getattr(self, name) is not None}
        return arrays | {f"moments.{name}": array for name, array in self.moments.items()}

    @classmethod
    def restore(cls, numbers: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> "TrainingState":
        """Build a state from what `numbers` and `arrays` returned.

        Parameters
        ----------
        numbers : dict
            Values of the fields.
        arrays : dict of str to array
            Arrays by name.

        Returns
        -------
        TrainingState
            State.

        Raises
        ------
        ValueError, TypeError, KeyError
            If the values are damaged.
        """
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
