"""What is measured: each row of the table, with what it should reach, and the curves."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """One kind of work.

    Parameters
    ----------
    title : str
    work : str
        A module of `bench.work`, and the numbers that its functions take.
    peers : dict of str to float
        How many times as fast as each handgrad is meant to be.
    ours : str
        The contestant that the others are compared with.
    rounds : int
        At most so many.
    threaded : bool
        Whether it matters how many threads a contestant has.
    """

    title: str
    work: str
    peers: dict[str, float] = field(default_factory=dict)
    ours: str = "handgrad"
    rounds: int = 99
    threaded: bool = True


ROWS = {
    "classic": Row("`classic`, one full-batch iteration", "classic 60000", {"PyTorch": 3, "NumPy": 4}),
    "mlp": Row(
        "784-128-10, batch 128, Adam, one epoch", "dense 60000 128 128", {"PyTorch": 2, "scikit-learn": 3}
    ),
    "wide": Row(
        "784-800-800-10, batch 256, Adam, one epoch", "dense 60000 256 800 800", {"PyTorch": 1.1}, rounds=5
    ),
    "convnet": Row("`convnet`, from a cold start to 99 %", "convnet", {"PyTorch": 4}, rounds=5),
    "augmentation": Row("augmenting 60,000 images", "augmentation", {"SciPy": 5}, threaded=False),
    "predict": Row(
        "predicting 10,000 images with 784-128-10",
        "prediction 10000 5",
        {"PyTorch": 1.2, "scikit-learn": 1.2, "onnxruntime": 1.2},
    ),
    "latency": Row(
        "predicting one image with 784-128-10",
        "prediction 1 300",
        {"PyTorch": 3, "scikit-learn": 3, "onnxruntime": 3},
    ),
    "start": Row("starting", "start", ours="handgrad --help", threaded=False),
    "memory": Row("peak memory of `classic`", "memory", rounds=3, threaded=False),
}


def by_examples(cores: int) -> dict[int, tuple[str, int]]:
    """`mlp` on more and more examples."""
    return {n: (f"dense {n} 128 128", cores) for n in (3_750, 7_500, 15_000, 30_000, 60_000)}


def by_width(cores: int) -> dict[int, tuple[str, int]]:
    """One hidden layer, wider and wider, on 15,000 examples."""
    return {n: (f"dense 15000 128 {n}", cores) for n in (32, 128, 512, 1024, 2048)}


def by_threads(cores: int) -> dict[int, tuple[str, int]]:
    """784-800-800-10 on 15,000 examples and more and more threads."""
    return {n: ("dense 15000 256 800 800", n) for n in range(1, cores + 1) if n in (1, 2, 4, 8, 16, cores)}


SCALING: dict[str, Callable[[int], dict[int, tuple[str, int]]]] = {
    "examples": by_examples,
    "hidden units": by_width,
    "threads": by_threads,
}
