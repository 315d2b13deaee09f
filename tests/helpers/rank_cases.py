"""Trainings and exchanges that are to come out alike in one process and on any number of ranks.

    mpiexec -n RANKS python rank_cases.py [CASE …]

prints, as JSON, what came out of each case on every rank.
"""

import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any
from zlib import crc32

import numpy as np

import handgrad as hg
from handgrad.kernels.threads import choose_threads, processors
from handgrad.training.distributed import Communication

SPLITS = hg.load_data("strokes:600:7").split_validation(90, np.random.default_rng(0))
RELU: hg.Layer = hg.ReLU()


def curve(
    communication: Communication,
    layers: list[Any],
    shape: tuple[int, ...] = (784,),
    seed: int = 1,
    **arguments: Any,
) -> dict[str, Any]:
    """Train, and tell the records and the end."""
    network = hg.Network(layers, shape, np.random.default_rng(seed))
    network.scaling = arguments.pop("scaling", None)
    settings: dict[str, Any] = {
        "epochs": 3,
        "batch_size": 96,
        "optimizer": hg.SGD(0.05),
        "threads": 1,
        "splits": SPLITS,
    }
    settings |= arguments
    state = settings.pop("state", None) or hg.TrainingState(np.random.default_rng(2))
    records = list(
        hg.train(network, settings.pop("splits"), state=state, communication=communication, **settings)
    )
    told = [
        [r.step, r.loss, r.train_accuracy, r.validation_loss, r.validation_accuracy, r.learning_rate]
        for r in records
    ]
    return {
        "records": told,
        "norm": float(np.linalg.norm(network.flat_parameters)),
        "bits": crc32(network.flat_parameters.data),
    }


def dense(*between: hg.Layer) -> list[hg.Layer]:
    return [hg.Dense(24), *between, RELU, hg.Dense(10)]


def mini_batches(communication: Communication) -> Any:
    return curve(communication, dense(), optimizer=hg.Adam(0.003))


def full_batch(communication: Communication) -> Any:
    return curve(communication, dense(), batch_size="all", epochs=None, steps=9, record_every=4)


def fewer_examples_than_ranks(communication: Communication) -> Any:
    few = hg.Splits(SPLITS.train.take(slice(23)), SPLITS.validation.take(slice(3)))  # type: ignore[union-attr]
    return curve(communication, dense(), splits=few, batch_size=3)


def several_threads(communication: Communication) -> Any:
    return curve(communication, dense(hg.Dense(16)), batch_size=200, threads=2)


def averaging_and_early_stopping(communication: Communication) -> Any:
    return curve(
        communication,
        dense(),
        epochs=8,
        optimizer=hg.SGD(0.3),
        schedule=hg.ReduceOnPlateau(patience=1),
        averaging=hg.ExponentialAverage(0.9),
        early_stopping=hg.EarlyStopping(patience=2),
    )


def weights(communication: Communication) -> Any:
    counted = np.random.default_rng(4).random(len(SPLITS.train))
    loss = hg.CrossEntropy(class_weights="balanced", label_smoothing=0.1)
    return curve(communication, dense(), loss=loss, sample_weights=counted)


def adversarial(communication: Communication) -> Any:
    return curve(communication, dense(), adversarial=hg.Adversarial(0.05), epochs=2)


def muon_on_convolution(communication: Communication) -> Any:
    layers = [hg.Conv2D(4, kernel_size=5, stride=2), RELU, hg.Flatten(), hg.Dense(10)]
    return curve(communication, layers, (1, 28, 28), optimizer=hg.Muon(0.01), epochs=2)


def augmentation_and_dropout(communication: Communication) -> Any:
    # a batch of 32 is one grain, which ranks must cut, and one chunk, which one process gives the same generator
    deform = hg.Augmentation(shift=2, rotate=10, elastic=20, unaugmented_fraction=0.3)
    layers = [hg.Dense(256), RELU, hg.Dropout(0.3), hg.Dense(256), RELU, hg.Dropout(0.2), hg.Dense(10)]
    return curve(communication, layers, augmentation=deform, batch_size=32, epochs=2)


def whole_grains(communication: Communication) -> Any:
    layers = [hg.Dense(32), RELU, hg.Dropout(0.3), hg.Dense(10)]
    return curve(communication, layers, augmentation=hg.Augmentation(shift=2), batch_size=200)


def batch_norm(communication: Communication) -> Any:
    return curve(communication, dense(hg.BatchNorm()), batch_size=32)


def batch_norm_of_whole_grains(communication: Communication) -> Any:
    return curve(communication, dense(hg.BatchNorm()), batch_size=200)


CURVES: list[Callable[[Communication], Any]] = [
    mini_batches,
    full_batch,
    fewer_examples_than_ranks,
    several_threads,
    averaging_and_early_stopping,
    weights,
    adversarial,
    muon_on_convolution,
    augmentation_and_dropout,
    whole_grains,
    batch_norm,
    batch_norm_of_whole_grains,
]


def failure(work: Callable[[], Any]) -> tuple[str, bool]:
    """Tell how work fails, and whether the error knows that it is everybody's."""
    try:
        work()
    except Exception as error:
        return f"{type(error).__name__}: {error}", getattr(error, "everywhere", False)
    return "nothing failed", False


def raising(error: Exception) -> Any:
    raise error


def exchanges(communication: Communication) -> Any:
    rank, last = communication.rank, communication.size - 1
    numbers = np.arange(5, dtype=np.float32) * (rank + 1)
    communication.sum(numbers)
    refused = hg.HandgradError("no")
    refused.odd = lambda: None  # type: ignore[attr-defined]  # which no error can take along
    return {
        "sum": numbers.tolist(),
        "gather": communication.gather({"rank": rank, "text": "x" * rank * 1000}),
        "together": communication.together(lambda: rank),
        "broadcast": communication.broadcast(lambda: f"of {rank}"),
        "by_machine": communication.by_machine(lambda: communication.local_rank),
        "alike": failure(lambda: communication.alike(data=1, recipe="same"))[0],
        "last fails": failure(
            lambda: communication.together(lambda: rank == last and raising(hg.HandgradError("gone")))
        ),
        "first fails": failure(lambda: communication.broadcast(lambda: raising(OSError(28, "full")))),
        "odd error": failure(lambda: communication.broadcast(lambda: raising(refused))),
    }


def threads(communication: Communication) -> Any:
    return [choose_threads(), len(processors())]


def differences(communication: Communication) -> Any:
    """What ranks differ in is told; here the last is given something else."""
    odd = communication.rank and communication.rank == communication.size - 1
    data = SPLITS.train.take(slice(1, 301)) if odd else SPLITS.train.take(slice(300))
    cases: dict[str, dict[str, Any]] = {
        "data": {"splits": data},
        "settings": {"optimizer": hg.SGD(0.2 if odd else 0.1)},
        "sample_weights": {"sample_weights": np.full(len(SPLITS.train), 2 if odd else 1)},
        "scaling": {"scaling": hg.Scaling(np.array(0.0), np.array(254.0 if odd else 255.0))},
        "state": {"state": hg.TrainingState(np.random.default_rng(odd))},
    }
    found = {name: failure(partial(curve, communication, dense(), **case)) for name, case in cases.items()}
    layers = dense(hg.Dropout(0.2 if odd else 0.1))
    same = hg.Splits(SPLITS.train, SPLITS.train.take(slice(odd, 9 + odd)))
    return found | {
        "data ": failure(lambda: curve(communication, dense(), splits=same)),
        "layers": failure(lambda: curve(communication, layers)),
        "parameters": failure(lambda: curve(communication, dense(), seed=1 + odd)),
    }


def unseeded(communication: Communication) -> Any:
    """Tell the parameters where nobody has chosen the order of examples."""
    network = hg.Network(dense(hg.Dropout(0.2)), (784,), np.random.default_rng(1))
    list(hg.train(network, SPLITS.train, epochs=1, communication=communication))
    return crc32(network.flat_parameters.data)


class Breaks(hg.ReLU):
    """Fails on a rank of one's choice, in its third step."""

    broken, calls = False, 0

    def forward(self, parameters: Any, x: Any, rng: Any = None) -> Any:
        Breaks.calls += 1
        if Breaks.broken and Breaks.calls > 3:
            raise MemoryError("no room")
        return super().forward(parameters, x, rng)


def failing_in_a_step(communication: Communication) -> Any:
    Breaks.broken, Breaks.calls = communication.rank == communication.size - 1, 0
    layers = [hg.Dense(9), Breaks(), hg.Dense(10)]
    return failure(lambda: curve(communication, layers))


def diverging(communication: Communication) -> Any:
    return failure(lambda: curve(communication, dense(), optimizer=hg.SGD(1e6, weight_decay=1e6)))


def stopping(communication: Communication) -> Any:
    """The last rank wishes to stop after its fifth step."""
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked == 5 and communication.rank == communication.size - 1

    return curve(communication, dense(), batch_size=60, stop=stop)["records"][-1][0]


OTHERS = [exchanges, threads, differences, unseeded, failing_in_a_step, diverging, stopping]
CASES = {case.__name__: case for case in [*CURVES, *OTHERS]}


def main() -> None:
    """Work on all cases, or those that were named."""
    communication = hg.init_distributed()
    outcomes = {name: communication.gather(CASES[name](communication)) for name in sys.argv[1:] or CASES}
    if communication.rank == 0:
        print(json.dumps(outcomes))


if __name__ == "__main__":
    main()
