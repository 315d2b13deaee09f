"""What must hold on one rank and on several: ``mpiexec -n RANKS python rank_cases.py CASE…``."""

import itertools
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import handgrad as hg
from handgrad.kernels.threads import choose_threads, processors
from handgrad.training.loop import Diverged

SPLITS = hg.load_data("strokes:600:7").split_validation(90, np.random.default_rng(0))
RELU: hg.Layer = hg.ReLU()
DENSE = [hg.Dense(24), RELU, hg.Dense(10)]
CONVOLUTION = [hg.Conv2D(4, kernel_size=5, stride=2), RELU, hg.Flatten(), hg.Dense(10)]
WIDE = [hg.Dense(256), RELU, hg.Dropout(0.3), hg.Dense(2048), RELU, hg.Dropout(0.2), hg.Dense(10)]
FEW = hg.Splits(SPLITS.train.take(slice(23)), SPLITS.train.take(slice(3)))
WEIGHTS = np.random.default_rng(4).random(len(SPLITS.train))
STOPPING: dict[str, Any] = {"averaging": hg.ExponentialAverage(0.9), "early_stopping": hg.EarlyStopping(2)}
REDUCED: dict[str, Any] = {"optimizer": hg.SGD(0.3), "schedule": hg.ReduceOnPlateau(patience=1)}
CURVES: dict[str, dict[str, Any]] = {
    "mini-batches": {"optimizer": hg.Adam(0.003)},
    "full batch": {"batch_size": "all", "epochs": None, "steps": 9, "record_every": 4},
    "few examples": {"data": FEW, "batch_size": 3},
    "averaging and early stopping": {**STOPPING, **REDUCED, "epochs": 8},
    "weights": {"loss": hg.CrossEntropy(0.1, "balanced"), "sample_weights": WEIGHTS},
    "adversarial": {"adversarial": hg.Adversarial(0.05)},
    "muon": {"layers": CONVOLUTION, "shape": (1, 28, 28), "optimizer": hg.Muon(0.01), "epochs": 2},
}
RANDOM: dict[str, dict[str, Any]] = {  # batches of several chunks, which depend on the number of all threads
    "augmentation and dropout": {"layers": WIDE, "augmentation": hg.Augmentation(shift=2), "epochs": 2},
    "batch normalization": {"layers": [*WIDE[:4], hg.BatchNorm(), *WIDE[4:]], "epochs": 2},
}


def train(
    communicator: hg.Communicator, layers: Any = DENSE, shape: Any = 784, **arguments: Any
) -> tuple[list[Any], NDArray[Any]]:
    """Train, and return numbers of the records, and the parameters, which are the same on all ranks."""
    network = hg.Network(layers, shape, 1)
    defaults = {"data": SPLITS, "epochs": 3, "batch_size": 96, "optimizer": hg.SGD(0.05), "seed": 2}
    settings: Any = defaults | {"threads": 2 // communicator.size or 1} | arguments
    records = list(hg.train(network, settings.pop("data"), communicator=communicator, **settings))
    communicator.require_equal(parameters=network.flat_parameters.tobytes())
    numbers = [(r.step, r.loss, r.train_accuracy, r.validation_loss, r.validation_accuracy) for r in records]
    return numbers, network.flat_parameters


def curves(communicator: hg.Communicator) -> None:
    """Compare with one process; two ranks have as many threads in all."""
    for name, case in (CURVES | RANDOM if communicator.size <= 2 else CURVES).items():
        (expected, alone), (found, together) = train(hg.Communicator(), **case), train(communicator, **case)
        # rounding may change the class of one of the 510 examples
        np.testing.assert_allclose(found, expected, rtol=2e-4, atol=1.01 / 510, err_msg=name)
        assert np.linalg.norm(together) == pytest.approx(np.linalg.norm(alone), rel=1e-5)


def bits(communicator: hg.Communicator) -> None:
    """Train twice."""
    for case in (CURVES["mini-batches"], *RANDOM.values()):
        (records, parameters), (again, same) = train(communicator, **case), train(communicator, **case)
        assert (records, parameters.tobytes()) == (again, same.tobytes())


def exchanges(communicator: hg.Communicator) -> None:
    """Sum, broadcast and compare; share the processors; draw what is not seeded on rank 0."""
    size, numbers = communicator.size, np.arange(5, dtype=np.float32) * (communicator.rank + 1)
    communicator.sum(numbers)
    assert numbers.tolist() == [n * size * (size + 1) / 2 for n in range(5)]
    sent = communicator.broadcast(lambda: {"rank": communicator.rank, "text": "x" * 100_000})
    assert sent == {"rank": 0, "text": "x" * 100_000}
    communicator.require_equal(data=1, recipe="same")
    assert choose_threads() == max(1, len(processors()) // size)
    train(communicator, [hg.Dense(24), hg.Dropout(0.2), hg.Dense(10)], seed=None, epochs=1)


def differences(communicator: hg.Communicator) -> None:
    """Pass other arguments to the last rank."""
    odd, data = communicator.rank == communicator.size - 1, SPLITS.train
    cases: list[tuple[str, dict[str, Any]]] = [
        ("data", {"data": data.take(slice(odd, 300 + odd))}),
        ("data", {"data": hg.Splits(data, data.take(slice(odd, 9 + odd)))}),
        ("settings", {"optimizer": hg.SGD(0.2 if odd else 0.1)}),
        ("sample_weights", {"sample_weights": np.full(len(data), 2 if odd else 1)}),
        ("state", {"state": hg.TrainingState(np.random.default_rng(odd)), "seed": None}),
        ("layers", {"layers": [hg.Dropout(0.2 if odd else 0.1), *DENSE]}),
    ]
    for name, case in cases:
        with pytest.raises(hg.HandgradError, match=f"ranks differ in {name};"):
            train(communicator, **case)


def ends(communicator: hg.Communicator) -> None:
    """Stop the last rank before its sixth step, and diverge."""
    calls, last = iter(range(100)), communicator.rank == communicator.size - 1
    records, _ = train(communicator, batch_size=60, stop=lambda: next(calls) == 5 and last)
    assert records[-1][0] == 4
    with pytest.raises(Diverged, match="training diverged at step"):
        train(communicator, optimizer=hg.SGD(1e6, weight_decay=1e6))


def resumes(communicator: hg.Communicator) -> None:
    """Stop the last rank within a batch, resume, and compare with a training that never stopped."""
    last = communicator.rank == communicator.size - 1
    common: dict[str, Any] = {"threads": 1, "steps": 4, "record_every": 3, "communicator": communicator}
    layers, size = [hg.Dense(24), hg.Dropout(0.2), hg.Dense(10)], communicator.size
    sizes: tuple[int | str, ...] = (170, "all")
    for batch_size, asked in itertools.product(sizes, (0, 1, 4, 7)):
        results = []
        for end in (-1, asked):
            network, state = hg.Network(layers, 784, 1), hg.TrainingState(np.random.default_rng(2))
            network.chunk, calls = 32, itertools.count()
            stop = lambda calls=calls, end=end: next(calls) == end and last  # noqa: E731
            for stops in (stop, bool) if end >= 0 else (bool,):
                list(hg.train(network, SPLITS, batch_size=batch_size, state=state, stop=stops, **common))
                results.append((state.step, network.flat_parameters.tobytes()))
        straight, stopped, resumed = results
        assert stopped[0] == asked // (-(-6 // size) if batch_size == 170 else 16 // size)
        assert straight == resumed


def end_last(communicator: hg.Communicator, end: Callable[[], Any]) -> None:
    """Call a function on the last rank only, after a step."""
    last = communicator.rank == communicator.size - 1
    train(communicator, epochs=10**6, stop=lambda: bool(last and end()))


failing = partial(end_last, end=lambda: int("only here"))
killed = partial(end_last, end=lambda: os.kill(os.getpid(), 9))

if __name__ == "__main__":
    for case in sys.argv[1:]:
        vars()[case](hg.init_distributed())
