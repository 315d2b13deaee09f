"""The rows of the table with their targets, and the scaling curves."""

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
        By contestant, how many times as fast as it handgrad should be.
    limits : dict of str to float
        By contestant, the most that it should take: seconds or megabytes.
    ours : str
        The contestant that the others are compared with; it is measured with further instruction sets too.
    rounds : int
        The maximum number of turns.
    threaded : bool
        Whether contestants are given numbers of threads.
    """

    title: str
    work: str
    peers: dict[str, float] = field(default_factory=dict)
    limits: dict[str, float] = field(default_factory=dict)
    ours: str = "handgrad"
    rounds: int = 99
    threaded: bool = True


SLOWER = 1.15
"""How many times as long handgrad may take with AVX2 (v3) as with the best instruction set."""


def small_table(title: str, number: int, epochs: int, batch: int) -> Row:
    """Return the row of a small table; the number is that of the data in `bench.work.estimator`."""
    return Row(
        f"`HandgradClassifier` on {title}, {epochs} epochs, batch {batch}",
        f"estimator {number} {epochs} {batch}",
        {"MLPClassifier": 3},
        ours="HandgradClassifier",
    )


ROWS = {
    "classic": Row("`classic`, one full-batch iteration", "classic 60000", {"PyTorch": 6, "NumPy": 6}),
    "mlp": Row(
        "784-128-10, batch 128, Adam, one epoch",
        "dense 60000 128 128",
        {"PyTorch": 4, "scikit-learn": 5},
    ),
    "wide": Row(
        "784-800-800-10, batch 256, Adam, one epoch",
        "dense 60000 256 800 800",
        {"PyTorch": 1.8},
        rounds=5,
    ),
    "convnet": Row("`convnet`, from a cold start to 99 %", "convnet", {"PyTorch": 4}, rounds=5),
    "augmentation": Row(
        "augmenting 60,000 images on one core", "augmentation", {"SciPy": 25}, threaded=False
    ),
    "predict": Row(
        "predicting 10,000 images with 784-128-10",
        "prediction 10000 5",
        {"PyTorch": 2, "scikit-learn": 2, "onnxruntime": 2},
    ),
    "latency": Row(
        "predicting one image with 784-128-10",
        "prediction 1 300",
        {"PyTorch": 8, "scikit-learn": 40, "onnxruntime": 4},
    ),
    "iris": small_table("iris (150 × 4)", 3, 100, 32),
    "cancer": small_table("breast cancer (569 × 30)", 2, 100, 64),
    "table": small_table("a generated table (5,000 × 20)", 4, 100, 200),
    "sparse": Row(
        "`HandgradClassifier` on a sparse matrix (8,000 × 20,000, density 0.001), 5 epochs, batch 200",
        "sparse 5 0",
        {"MLPClassifier": 1},
        ours="HandgradClassifier",
        threaded=False,
    ),
    "sparse memory": Row(
        "peak memory of a whole process that does so",
        "sparse 2 1",
        {"MLPClassifier": 1},
        ours="HandgradClassifier",
        rounds=3,
        threaded=False,
    ),
    "step": Row("one training step of 20-100-2, batch 200, Adam", "step", limits={"handgrad": 40e-6}),
    "process": Row(
        "`handgrad train mlp` and a PyTorch script, each a whole process", "process", {"PyTorch": 3}, rounds=5
    ),
    "start": Row(
        "start of a new process",
        "start",
        limits={"first predict": 0.3, "handgrad --help": 0.2, "import handgrad": 0.05},
        ours="first predict",
        threaded=False,
    ),
    "memory": Row(
        "peak memory of `handgrad train classic`, whole process",
        "memory",
        limits={"handgrad": 150},
        rounds=3,
        threaded=False,
    ),
}


def by_examples(cores: int) -> dict[int, tuple[str, int]]:
    """Return the work for `mlp` on increasing numbers of examples."""
    return {n: (f"dense {n} 128 128", cores) for n in (3_750, 7_500, 15_000, 30_000, 60_000)}


def by_width(cores: int) -> dict[int, tuple[str, int]]:
    """Return the work for one hidden layer of increasing width, on 15,000 examples."""
    return {n: (f"dense 15000 128 {n}", cores) for n in (32, 128, 512, 1024, 2048)}


def by_threads(cores: int) -> dict[int, tuple[str, int]]:
    """Return the work for 784-800-800-10 on 15,000 examples with increasing numbers of threads."""
    return {n: ("dense 15000 256 800 800", n) for n in range(1, cores + 1) if n in (1, 2, 4, 8, 16, cores)}


SCALING: dict[str, Callable[[int], dict[int, tuple[str, int]]]] = {
    "examples": by_examples,
    "hidden units": by_width,
    "threads": by_threads,
}
