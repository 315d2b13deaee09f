"""What a training takes besides its data: tried before it begins, so that a bound of memory is kept, or refused."""

from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.dataset import Dataset
from handgrad.data.streams.dataset import StreamedDataset
from handgrad.data.streams.machine import peak_of
from handgrad.kernels.threads import one_blas_thread
from handgrad.model.network import CACHE, Network
from handgrad.training.gradients import BatchGradient
from handgrad.training.optimizers import Optimizer

CALIBRATION = 2_000
"""Training examples, evenly taken, on which layers measure what they need in inference."""
COPIES = 2
"""Arrays as large as a layer's output that are in memory while it is measured: what goes in, and what comes out."""


def take_sample(network: Network, dataset: Dataset) -> NDArray[Any]:
    """Take the examples on which layers measure what they need; of a stream no more than memory allows.

    They are measured between epochs, when there are no windows of data in memory.
    """
    count = CALIBRATION
    if isinstance(dataset, StreamedDataset):
        chunks = dataset.stream.memory.windows / (COPIES * CACHE * network.dtype.itemsize)
        count = max(1, min(count, int(chunks * network.chunk)))
    return dataset.sample(count)


def rehearse(
    network: Network,
    dataset: StreamedDataset,
    optimizer: Optimizer,
    threads: int | None,
    batch_size: int,
    **options: Any,
) -> None:
    """Make a step, in vain, before there are windows of data, and see whether there is room for these.

    Nothing is drawn that training draws from.

    Parameters
    ----------
    network : Network
    dataset : StreamedDataset
        The training split.
    optimizer : Optimizer
        A copy of it makes the step.
    threads, batch_size : int
    options
        What else `BatchGradient` is given.

    Raises
    ------
    HandgradError
        If the network needs more for itself than the bound leaves it.
    """
    raw = dataset.sample(CALIBRATION)
    labels = np.zeros(len(raw), dataset.labels.dtype)
    stand_in = Dataset(raw, labels, dataset.class_names, dataset.input_shape)
    trial = BatchGradient(network, stand_in, threads, **options)
    rows = np.resize(np.arange(len(raw)), min(batch_size, 2 * trial.workers.count * network.chunk))

    def work() -> None:
        with trial, one_blas_thread():
            found = trial(rows, 0)
            deepcopy(optimizer).step(network.flat_parameters.copy(), found.gradient, 1.0, trial.workers)
        network.logits(raw)

    taken = peak_of(work)
    if taken is not None:
        memory, size = dataset.stream.memory, network.flat_parameters.nbytes
        memory.check_training(taken, size, dataset.windows_bytes)
