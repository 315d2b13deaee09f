"""Loading, beside the bare parser: ``uv run --extra tables python -m bench.loading``. Needs MNIST.

Prints medians of paired runs, in seconds, and their ratio.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import polars as pl

import handgrad as hg
from handgrad.data.idx import FILES, idx_header, read_idx
from handgrad.data.mnist import ensure
from handgrad.data.strokes import generate

ROUNDS = 7


def seconds(work: Callable[[], object]) -> float:
    """Time one call."""
    start = perf_counter()
    work()
    return perf_counter() - start


def main() -> None:
    """Measure and print."""
    dataset = hg.load_data("mnist").train
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = np.column_stack([dataset.labels, dataset.inputs])
        names = ["label", *(f"{row}x{column}" for row in range(1, 29) for column in range(1, 29))]
        pl.DataFrame(table, schema=names).write_csv(folder / "mnist_train.csv")
        images = dataset.inputs.reshape(-1, 28, 28)
        (folder / "images").write_bytes(idx_header(images) + images.tobytes())
        polars, ours, idx, zipped = [], [], [], []
        for _ in range(ROUNDS):
            polars.append(seconds(lambda: pl.read_csv(folder / "mnist_train.csv")))
            ours.append(seconds(lambda: hg.load_data(folder / "mnist_train.csv")))
            idx.append(seconds(lambda: read_idx(folder / "images")))
            zipped.append(seconds(lambda: hg.load_data("mnist")))
    print(f"CSV 60,000 × 785   polars.read_csv {median(polars):.2f}   hg.load {median(ours):.2f}   ", end="")
    print(f"ratio {median(mine / theirs for mine, theirs in zip(ours, polars, strict=True)):.2f}")
    print(f"IDX 60,000 × 784   {median(idx):.3f}")
    suffix = "gzipped" if next(ensure("mnist").glob(f"{FILES['train'][0]}*")).suffix else "plain"
    print(f"hg.load_data('mnist')   {median(zipped):.3f}   ({suffix} IDX, SHA-256 verified)")
    print(f"strokes, 70,000    {median(seconds(lambda: generate(70_000)) for _ in range(3)):.2f}")


if __name__ == "__main__":
    main()
