"""Trainings that give the same curve in one process and on several ranks.

    mpiexec -n RANKS python rank_cases.py [CASE …]

prints, as JSON, the result of each case on every rank.
"""

import json
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Any
from zlib import crc32

import numpy as np

import handgrad as hg
from handgrad.kernels.threads import choose_threads, processors

SPLITS = hg.load_data("strokes:600:7").split_validation(90, np.random.default_rng(0))
RELU: hg.Layer = hg.ReLU()


def curve(
    communicator: hg.Communicator, layers: list[Any], shape: tuple[int, ...] = (784,), **arguments: Any
) -> dict[str, Any]:
    """Train, and return the records and the norm and bits of the parameters."""
    network = hg.Network(layers, shape, 1)
    settings: dict[str, Any] = {
        "data": SPLITS,
        "epochs": 3,
        "batch_size": 96,
        "optimizer": hg.SGD(0.05),
        "threads": 2 // communicator.size or 1,  # two workers in all
        "seed": 2,
    } | arguments
    records = list(hg.train(network, settings.pop("data"), communicator=communicator, **settings))
    numbers = [(r.step, r.loss, r.train_accuracy, r.validation_loss, r.validation_accuracy) for r in records]
    return {
        "records": numbers,
        "norm": float(np.linalg.norm(network.flat_parameters)),
        "bits": crc32(network.flat_parameters.data),
    }


def dense(*between: hg.Layer) -> list[hg.Layer]:
    return [hg.Dense(24), *between, RELU, hg.Dense(10)]


CONVOLUTION = [hg.Conv2D(4, kernel_size=5, stride=2), RELU, hg.Flatten(), hg.Dense(10)]
WIDE = [hg.Dense(256), RELU, hg.Dropout(0.3), hg.Dense(2048), RELU, hg.Dropout(0.2), hg.Dense(10)]
FEW = hg.Splits(SPLITS.train.take(slice(23)), SPLITS.train.take(slice(3)))
WEIGHTS = np.random.default_rng(4).random(len(SPLITS.train))
STOPPING: dict[str, Any] = {
    "epochs": 8,
    "optimizer": hg.SGD(0.3),
    "schedule": hg.ReduceOnPlateau(patience=1),
    "averaging": hg.ExponentialAverage(0.9),
    "early_stopping": hg.EarlyStopping(patience=2),
}

CURVES: dict[str, Callable[[hg.Communicator], Any]] = {
    "mini-batches": partial(curve, layers=dense(), optimizer=hg.Adam(0.003)),
    "full batch": partial(curve, layers=dense(), batch_size="all", epochs=None, steps=9, record_every=4),
    "few examples": partial(curve, layers=dense(), data=FEW, batch_size=3),
    "averaging and early stopping": partial(curve, layers=dense(), **STOPPING),
    "weights": partial(curve, layers=dense(), loss=hg.CrossEntropy(0.1, "balanced"), sample_weights=WEIGHTS),
    "adversarial": partial(curve, layers=dense(), adversarial=hg.Adversarial(0.05), epochs=2),
    "muon": partial(curve, layers=CONVOLUTION, shape=(1, 28, 28), optimizer=hg.Muon(0.01), epochs=2),
    # batches of several chunks, whose random numbers and statistics do not depend on the ranks
    "augmentation and dropout": partial(curve, layers=WIDE, augmentation=hg.Augmentation(shift=2), epochs=2),
    "batch normalization": partial(curve, layers=[*WIDE[:4], hg.BatchNorm(), *WIDE[4:]], epochs=2),
}


def failure(function: Callable[[], Any]) -> str:
    """Return the error that a function raises."""
    try:
        function()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "no error"


def exchanges(communicator: hg.Communicator) -> Any:
    numbers = np.arange(5, dtype=np.float32) * (communicator.rank + 1)
    communicator.sum(numbers)
    return {
        "sum": numbers.tolist(),
        "broadcast": communicator.broadcast(lambda: {"rank": communicator.rank, "text": "x" * 100_000}),
        "equal": failure(lambda: communicator.require_equal(data=1, recipe="same")),
        "threads": choose_threads(),
        "processors": len(processors()),
    }


def differences(communicator: hg.Communicator) -> Any:
    """Pass other arguments to the last rank, and return the errors."""
    odd = communicator.rank > 0 and communicator.rank == communicator.size - 1
    train = SPLITS.train
    cases: dict[str, dict[str, Any]] = {
        "data": {"data": train.take(slice(1, 301)) if odd else train.take(slice(300))},
        "data ": {"data": hg.Splits(train, train.take(slice(odd, 9 + odd)))},
        "settings": {"optimizer": hg.SGD(0.2 if odd else 0.1)},
        "sample_weights": {"sample_weights": np.full(len(train), 2 if odd else 1)},
        "state": {"state": hg.TrainingState(np.random.default_rng(odd)), "seed": None},
        "layers": {"layers": dense(hg.Dropout(0.2 if odd else 0.1))},
    }
    default = {"layers": dense()}
    return {name: failure(partial(curve, communicator, **default | case)) for name, case in cases.items()}


def unseeded(communicator: hg.Communicator) -> Any:
    """Train with parameters and an order without a seed; rank 0 draws them for all."""
    network = hg.Network(dense(hg.Dropout(0.2)), (784,))
    list(hg.train(network, SPLITS.train, epochs=1, communicator=communicator))
    return crc32(network.flat_parameters.data)


def stopping(communicator: hg.Communicator) -> Any:
    """Stop the last rank after its fifth step; return the index of the last one."""
    calls = iter(range(100))
    last = communicator.rank == communicator.size - 1
    stopped = curve(communicator, dense(), batch_size=60, stop=lambda: next(calls) == 4 and last)
    return stopped["records"][-1][0]


def diverging(communicator: hg.Communicator) -> Any:
    return failure(lambda: curve(communicator, dense(), optimizer=hg.SGD(1e6, weight_decay=1e6)))


def failing(communicator: hg.Communicator) -> Any:
    """Fail on the last rank only, in a step."""
    last = communicator.rank == communicator.size - 1

    class Fails(hg.ReLU):
        def forward(self, parameters: Any, x: Any, rng: Any = None) -> Any:
            if last:
                raise RuntimeError("only here")
            return super().forward(parameters, x, rng)

    return curve(communicator, [hg.Dense(9), Fails(), hg.Dense(10)])


def killed(communicator: hg.Communicator) -> Any:
    """Kill the last rank in a step."""
    last = communicator.rank == communicator.size - 1

    def stop() -> bool:
        if last:
            os.kill(os.getpid(), 9)
        return False

    return curve(communicator, dense(), epochs=10**6, stop=stop)


CASES = CURVES | {case.__name__: case for case in (exchanges, differences, unseeded, stopping, diverging)}
FATAL = {case.__name__: case for case in (failing, killed)}


def main() -> None:
    """Run all cases, or those that are named."""
    communicator, outcomes = hg.init_distributed(), {}
    for name in sys.argv[1:] or CASES:
        outcome = (CASES | FATAL)[name](communicator)
        outcomes[name] = [outcome]
        if communicator.size > 1:
            from mpi4py import MPI

            outcomes[name] = MPI.COMM_WORLD.allgather(outcome)
    if communicator.rank == 0:
        print(json.dumps(outcomes))


if __name__ == "__main__":
    main()
