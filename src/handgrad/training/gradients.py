"""Split the batch, add the gradients: chunks go to threads, runs of chunks to ranks, and the sum is one vector."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handgrad.data.arrays import is_mapped
from handgrad.data.augment import Augmentation
from handgrad.data.batches import Rows, chunks, length
from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.threads import Workers, choose_threads
from handgrad.model.losses import Loss
from handgrad.model.network import Network
from handgrad.training.adversarial import Adversarial
from handgrad.training.distributed import SINGLE, Communicator

AddGradient = Callable[..., tuple[float, int]]
"""``add(x, labels, weights, total, rng) -> loss, correct``, as from `Network.gradient_function`."""

SCALED_ONCE, BLOCK = 2**26, 4096
"""Bytes of a table up to which a scaled copy is made, so that not every batch is scaled again; rows at a time."""


class BatchSum(NamedTuple):
    """The results of a batch."""

    gradient: NDArray[Any]  # (P,) of the mean loss; overwritten by the next batch
    loss: float  # the mean of `Loss.reported`
    correct: int  # the number of correct predictions
    stop: bool  # whether a rank asked to stop


class BatchGradient:
    """The gradient of the mean loss over a batch; the arguments are those of `handgrad.train`.

    A batch is cut into chunks, and chunk k draws its random numbers from a generator of (seed, k). Each rank takes a
    run of chunks, and each of its threads every n-th chunk of that run. Their gradients are added in the order of
    threads and ranks, so that the same batch on the same numbers of ranks and threads gives the same bits. The caller
    limits BLAS to one thread.
    """

    def __init__(
        self,
        network: Network,
        dataset: Dataset,
        loss: Loss,
        *,
        augmentation: Augmentation | None = None,
        adversarial: Adversarial | None = None,
        sample_weights: ArrayLike | None = None,
        threads: int | None = None,
        communicator: Communicator = SINGLE,
    ) -> None:
        self.network, self.dataset, self.loss = network, dataset, loss
        self.augmentation, self.adversarial, self.communicator = augmentation, adversarial, communicator
        self.sample_weights = None
        if sample_weights is not None:
            self.sample_weights = check_weights(sample_weights, len(dataset), network.dtype)
        self._scaled: NDArray[Any] | None = None
        self.workers = Workers(communicator.broadcast(lambda: choose_threads(threads)))
        size = network.parameter_count
        # behind the gradient: loss, correct predictions, stop flag
        self._vectors = [np.zeros(size + 3, network.dtype) for _ in range(self.workers.count)]
        self._gradients = [vector[:size] for vector in self._vectors]
        self._functions = [
            gradient_function(network, loss, adversarial, gradient) for gradient in self._gradients
        ]

    def __enter__(self) -> "BatchGradient":
        self.workers.__enter__()
        inputs, self._scaled = self.dataset.inputs, None
        small = not is_mapped(inputs) and inputs.dtype != np.uint8 and inputs.nbytes <= SCALED_ONCE
        if small and not self.augmentation:
            self._scaled = np.empty(inputs.shape, self.network.dtype)
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                for rows in chunks(slice(0, len(inputs)), BLOCK):
                    self._scaled[rows] = self.network.prepare(inputs[rows])
        return self

    def __exit__(self, *_: object) -> None:
        self._scaled = None
        self.workers.__exit__()

    def __call__(self, rows: Rows, seed: int, *, augmented: bool = True, stop: bool = False) -> BatchSum:
        """Compute the gradient of one batch; `seed` determines its random numbers, `stop` asks all ranks to stop."""
        examples, communicator = length(rows), self.communicator
        size = self.network.chunk_size(examples, self.workers.count * communicator.size)
        parts = list(enumerate(chunks(rows, size)))
        if communicator.size > 1:
            parts = parts[communicator.share(len(parts))]
        threads = max(1, min(self.workers.count, len(parts)))
        add_up = partial(self._add_up, examples=examples, seed=seed, augmented=augmented)
        sums = self.workers.map(add_up, [(thread, parts[thread::threads]) for thread in range(threads)])
        gradient = self._gradients[0]
        for other in self._gradients[1:threads]:
            self.workers.map(partial(_add, gradient, other), self.workers.slices(len(gradient)))
        loss, correct = sum(loss for loss, _ in sums), sum(correct for _, correct in sums)
        if communicator.size > 1:
            vector = self._vectors[0]
            vector[-3:] = loss, correct, stop
            communicator.sum(vector)
            loss, correct, stop = vector[-3:].tolist()
        return BatchSum(gradient, loss, int(correct), stop > 0)

    def _add_up(
        self, work: tuple[int, list[tuple[int, Rows]]], examples: int, seed: int, augmented: bool
    ) -> tuple[float, int]:
        """Compute the gradients of one thread's chunks."""
        thread, parts = work
        dataset, add_gradient = self.dataset, self._functions[thread]
        self._gradients[thread].fill(0)
        loss, correct = 0.0, 0
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # the loss shows an overflow
            for number, rows in parts:
                rng = LazyGenerator(seed, number)
                x = self._read(rows, rng, augmented)
                weights = self.sample_weights[rows] if self.sample_weights is not None else None
                part = add_gradient(x, dataset.labels[rows], weights, examples, rng)
                loss, correct = loss + part[0], correct + part[1]
        return loss, correct

    def _read(self, rows: Rows, rng: Any, augmented: bool) -> NDArray[Any]:
        """Return examples, augmented and scaled, which layers may change."""
        if self._scaled is not None:
            return self._scaled[rows].copy() if isinstance(rows, slice) else self._scaled[rows]
        raw = self.dataset.inputs[rows]
        if self.augmentation and augmented:
            images = raw.reshape(-1, *self.dataset.input_shape)
            raw = self.augmentation(images, rng).reshape(raw.shape)
        return self.network.prepare(raw)


def gradient_function(
    network: Network, loss: Loss, adversarial: Adversarial | None, gradient: NDArray[Any]
) -> AddGradient:
    """Return a function as `Network.gradient_function` does, which also trains on worst neighbours."""
    reported, share = loss.reported(), adversarial.share if adversarial else 0.0
    if not adversarial and reported == loss:
        return network.gradient_function(loss, gradient)

    def add(x: Any, labels: Any, weights: Any, total: int, rng: Any) -> tuple[float, int]:
        logits, backward = network.forward(x, rng)
        mean, dlogits = reported(logits, labels, weights, total)
        correct = kernels.count_correct(logits, labels)
        if reported != loss:
            _, dlogits = loss(logits, labels, weights, total)
        if adversarial:
            dx = backward((1 - share) * dlogits, gradient)
            logits, backward = network.forward(adversarial.perturb(x, dx), rng)
            dlogits = share * loss(logits, labels, weights, total)[1]
        backward(dlogits, gradient, input_gradient=False)
        return mean, correct

    return add


class LazyGenerator:
    """A `numpy.random.Generator` that is created when it is first used, since most networks draw nothing."""

    def __init__(self, *seed: int) -> None:
        self._seed = seed

    def __getattr__(self, name: str) -> Any:
        generator = np.random.default_rng(self._seed)
        self.__dict__.update({name: getattr(generator, name) for name in dir(generator) if name[0] != "_"})
        return getattr(generator, name)


def _add(total: NDArray[Any], other: NDArray[Any], part: slice) -> None:
    total[part] += other[part]


def check_weights(weights: ArrayLike, examples: int, dtype: Any) -> NDArray[Any]:
    """Return sample weights as an array, or raise HandgradError."""
    try:
        array = np.asarray(weights, dtype)
    except (ValueError, TypeError):
        array = np.empty(0)
    if array.shape != (examples,) or not (np.isfinite(array).all() and array.min() >= 0 and array.any()):
        raise HandgradError(f"sample_weights must be {examples} numbers from 0, one per example, not all 0")
    return array
