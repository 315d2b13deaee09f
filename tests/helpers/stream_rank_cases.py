"""Trainings on streams that are to come out alike in one process and on any number of ranks.

    mpiexec -n RANKS python stream_rank_cases.py

prints, as JSON, what came out of each case on every rank.
"""

import json
from typing import Any
from zlib import crc32

import numpy as np

import handgrad as hg
from handgrad.data.dataset import Dataset
from handgrad.data.streams.dataset import StreamedDataset
from handgrad.data.streams.memory import PROGRAM, Memory
from handgrad.data.streams.store import Store
from handgrad.errors import HandgradError
from handgrad.training import rehearsal
from handgrad.training.distributed import Communication

rehearsal.peak_of = lambda work: work()  # type: ignore[attr-defined]  # bounds here are for windows
DIGITS = hg.load_data("strokes:6000:7").train
BLOCK = 10
"""Examples in a block."""


class Blocks(Store):
    """Digits in memory, as a store that counts what is read, and fails at one block."""

    independent, place, features, fingerprint = False, "memory", (), 1
    block, dtype, input_shape = BLOCK, np.dtype(np.uint8), (1, 28, 28)

    def __init__(self, dataset: Dataset, failing: int = -1) -> None:
        self.dataset, self.failing = dataset, failing
        self.examples, self.labels = len(dataset), dataset.labels
        self.classes = dataset.class_names
        self.reads: list[int] = []
        self.past_windows = 0

    def read(self, number: int, out: np.ndarray) -> None:
        if number == self.failing:
            raise HandgradError(f"block {number} is damaged")
        self.reads.append(number)
        out[:] = self.dataset.inputs[number * BLOCK : number * BLOCK + len(out)]

    def take(self, rows: np.ndarray) -> np.ndarray:
        self.past_windows += len(rows)
        return self.dataset.inputs[rows]


def trained(
    communication: Communication, store: Store, layers: list[Any], **arguments: Any
) -> dict[str, Any]:
    """Train on windows of 150 blocks, four in an epoch."""
    memory = Memory(PROGRAM + 4 * 150 * BLOCK * (784 + 16))
    splits = hg.Splits(StreamedDataset.of(store, memory)).split_validation(500, np.random.default_rng(0))
    assert isinstance(splits.train, StreamedDataset)
    assert len(splits.train.bounds) // splits.train.window == 4
    network = hg.Network(layers, (784,), np.random.default_rng(1))
    state = hg.TrainingState(np.random.default_rng(2))
    options: dict[str, Any] = {
        "batch_size": 128,
        "epochs": 3,
        "threads": 1,
        "optimizer": hg.Adam(),
        "learning_rate": 0.002,
        **arguments,
    }
    records = list(hg.train(network, splits, state=state, communication=communication, **options))
    return {
        "records": [[r.loss, r.train_accuracy, r.validation_loss, r.validation_accuracy] for r in records],
        "bits": crc32(network.flat_parameters.data),
    }


def dense(communication: Communication) -> Any:
    return trained(communication, Blocks(DIGITS), [hg.Dense(24), hg.ReLU(), hg.Dense(10)])


def blocks(communication: Communication) -> Any:
    """Tell the share of all blocks that a rank reads in an epoch, for batches of two sizes."""
    shares = []
    for size in (128, 1000):
        store = Blocks(DIGITS)
        stream = StreamedDataset.of(store, Memory(PROGRAM + 4 * 150 * BLOCK * (784 + 16)))
        network = hg.Network([hg.Dense(4), hg.ReLU(), hg.Dense(10)], (784,), np.random.default_rng(1))
        options: dict[str, Any] = {"epochs": 1, "batch_size": size, "communication": communication}
        records = hg.train(network, stream, state=hg.TrainingState(np.random.default_rng(0)), **options)
        before = len(store.reads)  # the rehearsal's
        list(records)
        assert store.past_windows == 0, "all that a rank needs is in its windows"
        shares.append((len(store.reads) - before - 20) / 600)  # 20 for the sample on which layers measure
    return shares


def dropout(communication: Communication) -> Any:
    layers = [hg.Dense(24), hg.ReLU(), hg.Dropout(0.3), hg.Dense(10)]
    return trained(communication, Blocks(DIGITS), layers, augmentation=hg.Augmentation(shift=2))


def norm(communication: Communication) -> Any:
    layers = [hg.Dense(24), hg.BatchNorm(), hg.ReLU(), hg.Dense(10)]
    return trained(communication, Blocks(DIGITS), layers)


def damaged(communication: Communication) -> Any:
    failing = 300 if communication.rank == communication.size - 1 else -1
    try:
        return trained(communication, Blocks(DIGITS, failing), [hg.Dense(24), hg.ReLU(), hg.Dense(10)])
    except HandgradError as error:
        return [str(error), getattr(error, "everywhere", False)]


if __name__ == "__main__":
    ranks = hg.init_distributed()
    outcomes = {case.__name__: ranks.gather(case(ranks)) for case in (dense, dropout, norm, blocks, damaged)}
    if ranks.rank == 0:
        print(json.dumps(outcomes))
