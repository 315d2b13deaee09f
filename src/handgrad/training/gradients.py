"""Split the batch, add the gradients: chunks go to threads, runs of chunks to ranks, and the sum is one vector."""

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handgrad.data.arrays import is_mapped
from handgrad.data.augment import Augmentation
from handgrad.data.batches import Rows, chunks, length
from handgrad.data.dataset import Dataset
from handgrad.kernels.backend import kernels
from handgrad.kernels.sparse_rows import SparseRows
from handgrad.kernels.threads import Workers, choose_threads
from handgrad.model.losses import BinaryCrossEntropy, CrossEntropy, Huber, Loss, MeanSquaredError
from handgrad.model.network import Network
from handgrad.training.adversarial import Adversarial
from handgrad.training.distributed import SINGLE, Communicator
from handgrad.training.weights import check_weights

SCALED_ONCE = 2**26  # bytes of a table up to which a scaled copy is made, so that not every batch is scaled
BLOCK = 4096  # rows that are scaled at a time
HALF = 4096  # correct predictions are added on ranks as multiples of this and a rest: float32 is exact to 2^24 only
FUSED_LOSSES: dict[type[Loss], str] = {
    CrossEntropy: "softmax_cross_entropy",
    BinaryCrossEntropy: "binary_cross_entropy",
    MeanSquaredError: "squared_error",
    Huber: "huber",
}
"""The kernels of losses that `kernels.mlp_gradient` computes, too."""


class BatchSum(NamedTuple):
    """The results of a batch."""

    gradient: NDArray[Any]  # (P,) of the mean loss; overwritten by the next batch
    loss: float  # the mean of `Loss.reported`
    correct: int  # the number of correct predictions
    stopped: bool  # whether a rank asked to stop; then the batch is abandoned, and its sums are meaningless


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
        augmentation: Augmentation | None = None,
        adversarial: Adversarial | None = None,
        sample_weights: ArrayLike | None = None,
        threads: int | None = None,
        communicator: Communicator = SINGLE,
    ) -> None:
        self.network, self.dataset, self.loss, self.reported = network, dataset, loss, loss.reported()
        self.augmentation, self.adversarial, self.communicator = augmentation, adversarial, communicator
        self.sample_weights = check_weights(sample_weights, len(dataset), network.dtype)
        self.workers = Workers(communicator.broadcast(lambda: choose_threads(threads)))
        size = network.parameter_count
        # behind the gradient: loss, correct predictions in two parts, stop flag
        self._vectors = [np.zeros(size + 4, network.dtype) for _ in range(self.workers.count)]
        self._gradients = [vector[:size] for vector in self._vectors]
        self._fused = [self._fused_function(gradient) for gradient in self._gradients]
        self._fused_weights = self._weights_of_examples() if self._fused[0] else None

    def __enter__(self) -> "BatchGradient":
        self.workers.__enter__()
        inputs: Any = self.dataset.inputs
        self._scaled: Any = None
        self.targets = self.network.scale_targets(self.dataset.labels)
        dense = bool(self.augmentation or self.adversarial)
        self._entries = None if dense else self.network.entries(inputs)
        usual = isinstance(inputs, np.ndarray) and not is_mapped(inputs)
        small = usual and inputs.dtype != np.uint8 and inputs.nbytes <= SCALED_ONCE
        with np.errstate(over="ignore", invalid="ignore"):
            if self._entries is not None:
                self._scaled = self.network.scale(inputs)
            elif small and not self.augmentation:
                self._scaled = np.empty(inputs.shape, self.network.dtype)
                for rows in chunks(slice(0, len(inputs)), BLOCK):
                    self._scaled[rows] = self.network.scale(inputs[rows])
        return self

    def __exit__(self, *_: object) -> None:
        self._scaled, self._stopped = None, True  # after an exception, threads end before their next chunk
        self.workers.__exit__()

    def __call__(
        self, rows: Rows, seed: int, *, augmented: bool = True, stop: Callable[[], bool] = lambda: False
    ) -> BatchSum:
        """Compute the gradient of one batch; `seed` determines its random numbers.

        `stop` is called before the batch and between its chunks. If it returns True on a rank, all abandon the batch.
        """
        examples, communicator = length(rows), self.communicator
        self._stopped = bool(stop())
        size = self.network.chunk_size(examples, self.workers.count * communicator.size, self._entries)
        parts = list(enumerate(chunks(rows, size)))
        parts = parts[communicator.share(len(parts))]
        threads = max(1, min(self.workers.count, len(parts)))
        add_up = partial(self._add_up, examples=examples, seed=seed, augmented=augmented, stop=stop)
        sums = self.workers.map(add_up, [(thread, parts[thread::threads]) for thread in range(threads)])
        gradient, *others = self._gradients[:threads]

        def add(part: slice) -> None:
            for other in others:
                gradient[part] += other[part]

        if others:
            self.workers.map(add, self.workers.slices(len(gradient)))
        loss, correct = sum(loss for loss, _ in sums), sum(correct for _, correct in sums)
        stopped: float = self._stopped
        if communicator.size > 1:
            vector = self._vectors[0]
            vector[-4:] = loss, *divmod(correct, HALF), stopped
            communicator.sum(vector)
            loss, high, low, stopped = vector[-4:].tolist()
            correct = int(high) * HALF + int(low)
        return BatchSum(gradient, loss, int(correct), stopped > 0)

    def _add_up(
        self,
        work: tuple[int, list[tuple[int, Rows]]],
        examples: int,
        seed: int,
        augmented: bool,
        stop: Callable[[], bool],
    ) -> tuple[float, int]:
        """Compute the gradients of one thread's chunks, the sum of their losses, and their correct predictions."""
        thread, parts = work
        self._gradients[thread].fill(0)
        loss, correct = 0.0, 0
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # the loss shows an overflow
            for number, rows in parts:
                if thread == 0 and number != parts[0][0]:  # only the thread of the caller asks
                    self._stopped = self._stopped or bool(stop())
                if self._stopped:
                    break
                rng = _LazyGenerator(seed, number)
                x, labels = self._read(rows, rng, augmented), self.targets[rows]
                found = self._add_fused(thread, x, labels, rows, examples)
                found = found or self._add_chunk(thread, x, labels, rows, examples, rng)
                loss, correct = loss + found[0], correct + found[1]
        return loss, correct

    def _read(self, rows: Rows, rng: Any, augmented: bool) -> Any:
        """Return examples, augmented and scaled, which layers may change."""
        if self._entries is not None:
            return self._scaled[rows]  # sparse
        if self._scaled is not None:
            return self._scaled[rows].copy() if isinstance(rows, slice) else self._scaled.take(rows, 0)
        inputs = self.dataset.inputs
        # `take` copies rows faster than an index, but first all rows where they are not contiguous
        usual = type(inputs) is np.ndarray and inputs.flags.c_contiguous and not isinstance(rows, slice)
        raw = inputs.take(rows, 0) if usual else inputs[rows]
        if isinstance(raw, SparseRows):
            raw = raw.toarray()
        if self.augmentation and augmented:
            images = raw.reshape(-1, *self.dataset.input_shape)
            raw = self.augmentation(images, rng).reshape(raw.shape)
        return self.network.scale(raw)

    def _add_fused(self, thread: int, x: Any, labels: Any, rows: Rows, examples: int) -> Any:
        """Do all of `_add_chunk` in one call of C; None where that is not possible."""
        weights = None if self._fused_weights is None else self._fused_weights[rows]
        return self._fused[thread] and self._fused[thread](x, labels, weights, examples)

    def _add_chunk(
        self, thread: int, x: Any, labels: Any, rows: Rows, examples: int, rng: Any
    ) -> tuple[float, int]:
        """Add the gradient of a chunk, and that of its worst neighbours; return loss and correct predictions."""
        gradient, adversarial = self._gradients[thread], self.adversarial
        weights = None if self.sample_weights is None else self.sample_weights[rows]
        logits, backward = self.network.forward(x, rng)
        mean, dlogits = self.reported(logits, labels, weights, examples)
        correct = self.reported.count_correct(logits, labels)
        if self.reported != self.loss:
            _, dlogits = self.loss(logits, labels, weights, examples)
        if adversarial:
            dx = backward((1 - adversarial.share) * dlogits, gradient)
            logits, backward = self.network.forward(adversarial.perturb(x, dx), rng)
            dlogits = adversarial.share * self.loss(logits, labels, weights, examples)[1]
        backward(dlogits, gradient, input_gradient=False)
        return mean, correct

    def _fused_function(self, gradient: NDArray[Any]) -> Any:
        """Return the kernel that adds to the gradient of a chunk in one call, where there is one."""
        network, loss = self.network, FUSED_LOSSES.get(type(self.loss))
        usual = self.loss == self.reported and not self.adversarial  # no label smoothing
        if not (usual and loss and network.is_mlp and kernels.mlp_gradient):
            return None
        self._fused_loss = loss, getattr(self.loss, "delta", 0.0)
        views = network.views(gradient)
        return kernels.mlp_gradient(*network.parameters[::2], *views[::2], *self._fused_loss)

    def _weights_of_examples(self) -> NDArray[Any] | None:
        """Return the weights of the examples times those of their classes."""
        weights, by_class = self.sample_weights, getattr(self.loss, "class_weights", ())
        if by_class:
            of_labels = np.asarray(by_class, self.network.dtype)[self.dataset.labels]
            weights = of_labels if weights is None else weights * of_labels
        return weights

    def steps_kernel(self, batch_size: int) -> Any:
        """Return the kernel that takes several steps in one call, where there is one; within the ``with`` block."""
        network, inputs = self.network, self.dataset.inputs if self._scaled is None else self._scaled
        as_bytes = type(inputs) is np.ndarray and network.scale(inputs[:0]).dtype == np.uint8
        one_chunk = network.chunk_size(batch_size, self.workers.count) >= batch_size
        usable = self._fused[0] and one_chunk and (as_bytes or self._scaled is not None)
        if not usable or self.augmentation or self.communicator.size > 1:
            return None
        vectors, units = (network.flat_parameters, self._gradients[0]), len(network.parameters[0].biases)
        return kernels.mlp_steps(
            *vectors, units, inputs, self.targets, self._fused_weights, batch_size, *self._fused_loss
        )


class _LazyGenerator:
    """A `numpy.random.Generator` that is created when it is first used, since most networks draw nothing."""

    def __init__(self, *seed: int) -> None:
        self._seed = seed

    @cached_property
    def _generator(self) -> np.random.Generator:
        return np.random.default_rng(self._seed)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._generator, name)
