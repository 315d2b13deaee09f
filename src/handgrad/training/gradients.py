"""Split the batch, add the gradients: parts go to ranks, their chunks to threads, and the sums are one vector."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.augment import Augmentation
from handgrad.data.batches import GRAIN, Rows, chunks, length, share
from handgrad.data.dataset import Dataset
from handgrad.kernels.backend import kernels
from handgrad.kernels.threads import Workers, choose_threads
from handgrad.model.losses import CrossEntropy, Loss
from handgrad.model.network import Network
from handgrad.training.adversarial import Adversarial
from handgrad.training.distributed import ALONE, Communication
from handgrad.training.draws import Draws, augment
from handgrad.training.sums import Sum


class BatchGradient:
    """The gradient of the mean loss over a batch, computed on several threads, and perhaps ranks.

    Chunk k of a batch, or of a rank's part of it, always goes to thread k modulo `threads`, and the threads' sums are
    added in their order, so that the same batch on the same numbers of ranks and threads gives the same bits. Who
    calls keeps BLAS to one thread meanwhile: the threads here are the parallelism.

    Parameters
    ----------
    network : Network
    dataset : Dataset
    threads : int, optional
        At least 1; default: the number of usable processors.
    loss : Loss, optional
        Default: `CrossEntropy`.
    augmentation : Augmentation, optional
        Deforms the images of each chunk.
    adversarial : Adversarial, optional
        Adds the worst neighbour of each example.
    weights : (N,), optional
        What each example of the data set counts.
    communication : Communication, optional
        With ranks, each of which computes a part of every batch; all get the sum. What an example draws at random
        does then not depend on how batches are cut, and chunks whose statistics a layer takes are of 32 examples.
    """

    def __init__(
        self,
        network: Network,
        dataset: Dataset,
        threads: int | None = None,
        *,
        loss: Loss | None = None,
        augmentation: Augmentation | None = None,
        adversarial: Adversarial | None = None,
        weights: NDArray[Any] | None = None,
        communication: Communication = ALONE,
    ) -> None:
        self.communication = communication
        self.network = network
        self.dataset = dataset
        self.workers = Workers(choose_threads(threads))
        self.loss = loss or CrossEntropy()
        self.augmentation = augmentation
        self.adversarial = adversarial
        self.weights = weights
        self._sums = [Sum(network.flat_parameters) for _ in range(self.workers.count)]
        self._functions = [network.gradient_function(self.loss, total.gradient) for total in self._sums]

    def __enter__(self) -> "BatchGradient":
        self.workers.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.workers.__exit__()

    def __call__(
        self, rows: Rows, seed: int, *, loss_only: bool = False, augmented: bool = True, wish: bool = False
    ) -> Sum:
        """Compute gradient, mean loss and correct answers over a batch.

        Parameters
        ----------
        rows : Rows
            Examples of the data set.
        seed : int
            For augmentation and layers that draw at random: chunk k draws from a generator of (seed, k), or, with
            ranks, as `Draws` tells.
        loss_only : bool
            Whether the gradient is not wanted.
        augmented : bool
            Whether images are deformed, where there is an augmentation.
        wish : bool
            Something to tell the other ranks; what comes back says whether one of them had it.

        Returns
        -------
        Sum
            Its gradient is overwritten by the next call.
        """
        examples, ranks = length(rows), self.communication
        if not ranks.several:
            size = self.network.chunk_size(examples, self.workers.count)
            parts = list(enumerate(chunks(rows, size)))
            return self._on_threads(parts, examples, seed, loss_only, augmented)
        try:
            total = self._on_threads(self._own_parts(rows), examples, seed, loss_only, augmented)
            failure = None
        except Exception as error:  # the others wait for a sum; they must hear of it
            total, failure = Sum(self.network.flat_parameters), error
        if total.over_ranks(ranks, wish, failure is not None):
            ranks.raise_first(failure)
        return total

    def _share(self, rows: Rows) -> tuple[int, Rows]:
        ranks = self.communication
        return share(rows, ranks.rank, ranks.size, cut=not self.network.has_running_statistics)

    def _own_parts(self, rows: Rows) -> list[tuple[int, Rows]]:
        """Cut the part of this rank into chunks, each with its place in the batch."""
        start, own = self._share(rows)
        size = self.network.chunk_size(length(own), self.workers.count)
        if self.network.has_running_statistics:
            size = min(GRAIN, self.network.chunk)
        return [(start + size * number, part) for number, part in enumerate(chunks(own, size))]

    def _on_threads(
        self, parts: list[tuple[int, Rows]], examples: int, seed: int, loss_only: bool, augmented: bool
    ) -> Sum:
        threads = max(1, min(self.workers.count, len(parts)))
        shares = [parts[thread::threads] for thread in range(threads)]
        augmentation = self.augmentation if augmented else None
        total, *others = self.workers.map(
            lambda own: self._add_up(*own, examples, seed, loss_only, augmentation),
            list(zip(self._sums, self._functions, shares, strict=False)),
        )
        for other in others:
            self.workers.map(
                partial(_add, total.gradient, other.gradient), self.workers.slices(len(total.gradient))
            )
            total.loss += other.loss
            total.correct += other.correct
        return total

    def _add_up(
        self,
        total: Sum,
        add_gradient: Callable[..., tuple[float, int]],
        parts: list[tuple[int, Rows]],
        examples: int,
        seed: int,
        loss_only: bool,
        augmentation: Augmentation | None,
    ) -> Sum:
        network, dataset, adversarial = self.network, self.dataset, self.adversarial
        total.clear()
        # What overflows shows in the loss, which stops training; NumPy need not warn, too.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for place, rows in parts:
                rng = self._rng(seed, place, length(rows), examples)
                raw, labels = dataset.inputs[rows], dataset.labels[rows]
                weights = self.weights[rows] if self.weights is not None else None
                if augmentation:
                    images = raw.reshape(-1, *dataset.input_shape)
                    raw = augment(augmentation, images, rng).reshape(raw.shape)
                x = network.prepare(raw)
                if not (adversarial or loss_only):
                    loss, correct = add_gradient(x, labels, weights, examples, rng)
                    total.loss, total.correct = total.loss + loss, total.correct + correct
                    continue
                logits, backward = network.forward(x, rng)
                total.correct += kernels.count_correct(logits, labels)
                loss, dlogits = self.loss(logits, labels, weights, examples)
                if adversarial:
                    total.loss += (1 - adversarial.share) * loss
                    dx = backward((1 - adversarial.share) * dlogits, total.gradient)
                    logits, backward = network.forward(adversarial.perturb(network.scale(raw), dx), rng)
                    loss, dlogits = self.loss(logits, labels, weights, examples)
                    loss, dlogits = adversarial.share * loss, adversarial.share * dlogits
                total.loss += loss
                if not loss_only:
                    backward(dlogits, total.gradient, input_gradient=False)
        return total

    def _rng(self, seed: int, place: int, count: int, examples: int) -> Any:
        """Return the generator of a chunk: the chunk's own, or, with ranks, one for every 32 examples."""
        if self.communication.several:
            return Draws(seed, place, count, examples)
        return LazyGenerator(seed, place)


class LazyGenerator:
    """A `numpy.random.Generator` that is made when it is first used, since most networks draw nothing."""

    def __init__(self, *seed: int) -> None:
        self._seed = seed

    def __getattr__(self, name: str) -> Any:
        generator = np.random.default_rng(self._seed)
        self.__dict__.update({name: getattr(generator, name) for name in dir(generator) if name[0] != "_"})
        return getattr(generator, name)


def _add(total: NDArray[Any], other: NDArray[Any], part: slice) -> None:
    total[part] += other[part]
