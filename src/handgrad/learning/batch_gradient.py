"""Split the batch, add the gradients: parts go to ranks, their chunks to threads, and the sums are one vector."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.augment import Augmentation
from handgrad.data.batches import GRAIN, Rows, chunks, length, share
from handgrad.data.dataset import Dataset
from handgrad.kernels.choice import chosen
from handgrad.kernels.memory import keep_freed
from handgrad.kernels.threads import Workers, choose_threads
from handgrad.kernels.types import Floats
from handgrad.learning.adversarial import Adversarial
from handgrad.learning.communication import ALONE, Communication
from handgrad.learning.draws import Draws, augment
from handgrad.learning.sums import Sum
from handgrad.learning.whole_step import whole_step
from handgrad.model.losses import CrossEntropy, Loss
from handgrad.model.network import Network


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
        At least 1; the number of usable processors unless given.
    loss : Loss, optional
        `CrossEntropy` unless given.
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
        alike = augmentation is None and adversarial is None and weights is None
        self.whole_step = whole_step(network, dataset.inputs, self.loss) if alike else None

    def __enter__(self) -> "BatchGradient":
        keep_freed()
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
            total, failure = Sum(self.network.vector), error
        if total.over_ranks(ranks, wish, failure is not None):
            ranks.raise_first(failure)
        return total

    def _own_parts(self, rows: Rows) -> list[tuple[int, Rows]]:
        """Cut the part of this rank into chunks, each with its place in the batch."""
        ranks = self.communication
        start, own = share(rows, ranks.rank, ranks.size, cut=not self.network.measures)
        size = self.network.chunk_size(length(own), self.workers.count)
        if self.network.measures:
            size = min(GRAIN, self.network.chunk)
        return [(start + size * number, part) for number, part in enumerate(chunks(own, size))]

    def _on_threads(
        self, parts: list[tuple[int, Rows]], examples: int, seed: int, loss_only: bool, augmented: bool
    ) -> Sum:
        threads = max(1, min(self.workers.count, len(parts)))
        shares = [parts[thread::threads] for thread in range(threads)]
        augmentation = self.augmentation if augmented else None
        total, *others = self.workers.map(
            lambda share: self._add_up(share, examples, seed, loss_only, augmentation), shares
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
        parts: list[tuple[int, Rows]],
        examples: int,
        seed: int,
        loss_only: bool,
        augmentation: Augmentation | None,
    ) -> Sum:
        network, dataset, adversarial = self.network, self.dataset, self.adversarial
        total = Sum(network.vector)
        if self.whole_step and not loss_only:
            for _, rows in parts:
                loss, correct = self.whole_step(
                    dataset.inputs[rows], dataset.labels[rows], total.gradient, examples
                )
                total.loss, total.correct = total.loss + loss, total.correct + correct
            return total
        count_correct = chosen("logits").count_correct
        # What overflows shows in the loss, which stops training; NumPy need not warn, too.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for place, rows in parts:
                rng = self._rng(seed, place, length(rows), examples)
                raw = dataset.inputs[rows]
                if augmentation:
                    images = raw.reshape(-1, *dataset.input_shape)
                    raw = augment(augmentation, images, rng).reshape(raw.shape)
                x = network.lazily_scaled(raw)
                logits, backward = network.forward(x, rng)
                total.correct += count_correct(logits, dataset.labels[rows])
                loss, dlogits = self._mean_loss(logits, rows, examples)
                if adversarial:
                    total.loss += (1 - adversarial.share) * loss
                    dx = backward((1 - adversarial.share) * dlogits, total.gradient)
                    logits, backward = network.forward(adversarial.perturb(np.asarray(x), dx), rng)
                    loss, dlogits = self._mean_loss(logits, rows, examples)
                    loss, dlogits = adversarial.share * loss, adversarial.share * dlogits
                total.loss += loss
                if not loss_only:
                    backward(dlogits, total.gradient, input_gradient=False)
        return total

    def _rng(self, seed: int, place: int, count: int, examples: int) -> np.random.Generator:
        """Make the generator of a chunk: the chunk's own, or, with ranks, one for every 32 examples."""
        if self.communication.several:
            return Draws(seed, place, count, examples)
        return np.random.default_rng([seed, place])

    def _mean_loss(self, logits: Floats, rows: Rows, examples: int) -> tuple[float, Floats]:
        weights = self.weights[rows] if self.weights is not None else None
        return self.loss(logits, self.dataset.labels[rows], weights, examples)


def _add(total: NDArray[Any], other: NDArray[Any], part: slice) -> None:
    total[part] += other[part]
