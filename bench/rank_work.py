"""What one rank, or a process alone, measures for `bench.scaling`, which starts it.

Prints JSON: the median seconds of each piece of work, on the slowest rank.
"""

import json
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter

import numpy as np

import handgrad as hg
from handgrad.recipes.loading import load_recipe
from handgrad.training.distributed import Communication

WARM = 3
"""Steps that are not counted."""
FEWEST = 8


def main() -> None:
    """Measure what the arguments name."""
    kind, seconds, *rest = sys.argv[1:]
    communication = hg.init_distributed()
    if kind == "exchange":
        found = [exchange(communication, int(length), float(seconds)) for length in rest]
    else:
        recipe, threads, *shares = rest
        found = [step(communication, recipe, int(threads), int(share), float(seconds)) for share in shares]
    slowest = np.max(communication.gather(found), axis=0).tolist()
    if communication.rank == 0:
        print(json.dumps(slowest))


def exchange(communication: Communication, length: int, seconds: float) -> float:
    """Time the sum of a vector of float32 over all ranks."""
    numbers = np.zeros(length, np.float32)
    for _ in range(10):
        communication.sum(numbers)
    begun = perf_counter()
    communication.sum(numbers)
    count = int(communication.gather(max(20, seconds / (perf_counter() - begun)))[0])
    times = []
    for _ in range(min(count, 2_000)):
        begun = perf_counter()
        communication.sum(numbers)
        times.append(perf_counter() - begun)
    return median(times)


def step(communication: Communication, recipe: str, threads: int, share: int, seconds: float) -> float:
    """Time a step of a recipe on MNIST, its batch divided by `share`."""
    chosen = load_recipe(recipe)
    train = hg.load_data("mnist").train
    arguments = chosen.training_arguments() | {"steps": 10**6, "epochs": None, "record_every": 10**6}
    if arguments["batch_size"] == "all":  # the examples in their order, however many
        train = train.take(slice(len(train) // share))
    else:
        arguments["batch_size"] //= share
    network = chosen.build_network(train.input_shape, train.class_names)
    clock, stop = stopwatch(seconds)
    for _ in hg.train(
        network,
        hg.Splits(train),
        optimizer=chosen.build_optimizer(),
        **arguments,
        threads=threads,
        state=hg.TrainingState(chosen.training_rng()),
        stop=stop,
        communication=communication,
    ):
        pass
    return median(np.diff(clock[WARM:]).tolist())


def stopwatch(seconds: float) -> tuple[list[float], Callable[[], bool]]:
    """Give a list of moments, and a function that notes one after each step and says when there are enough."""
    clock: list[float] = []

    def stop() -> bool:
        clock.append(perf_counter())
        return len(clock) > WARM + FEWEST and clock[-1] - clock[WARM] > seconds

    return clock, stop


if __name__ == "__main__":
    main()
