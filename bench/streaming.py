"""What a stream costs and what its order does: ``python -m bench.streaming accuracy speed overlap memory``.

`accuracy` trains `mlp` on MNIST in windows of several sizes, on files in several orders, and prints the accuracy on
validation data by seed. `speed` times an epoch in memory and in a stream, with the files in the page cache. `overlap`
reads from a disk that is made slow, computes, and does both, and tells how much of the shorter is hidden. `memory`
runs trainings under a bound in separate processes, and prints their peaks.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import Lock
from time import perf_counter, sleep

import numpy as np

import handgrad as hg
from handgrad.data.dataset import Splits
from handgrad.data.idx import write_idx
from handgrad.data.streams.dataset import StreamedDataset
from handgrad.data.streams.memory import PROGRAM, Memory
from handgrad.data.streams.store import Store
from handgrad.training import rehearsal

SEEDS = range(5)
BLOCKS = (8, 64, 334)
WINDOWS = (600, 6_000)


class ArrayStore(Store):
    """A data set in memory, in blocks."""

    independent, place, features = False, "an array", ()

    def __init__(self, dataset, block):
        self.block, self.rows, self.labels = block, dataset.inputs, dataset.labels
        self.examples, self.dtype = len(dataset), dataset.inputs.dtype
        self.classes, self.input_shape = dataset.class_names, dataset.input_shape
        self.fingerprint = 0

    def read(self, number, out):
        out[:] = self.rows[number * self.block : number * self.block + len(out)]

    def take(self, rows):
        return self.rows[rows]


def in_windows(dataset, block, examples):
    """Stream a data set in windows of so many examples."""
    size = max(1, examples // block) * block
    return StreamedDataset.of(ArrayStore(dataset, block), Memory(PROGRAM + 4 * size * (784 + 16)))


def trained(splits, recipe):
    """Train a recipe, and give its last accuracy on validation data, in percent."""
    network = recipe.build_network()
    arguments = recipe.training_arguments()
    state = hg.TrainingState(recipe.training_rng())
    for record in hg.train(network, splits, optimizer=recipe.build_optimizer(), state=state, **arguments):
        last = record.validation_accuracy
    return 100 * last


def accuracy():
    """Compare windows with a full shuffle."""
    from handgrad.recipes.loading import load_recipe, override

    results = {}
    for seed in SEEDS:
        recipe = override(load_recipe("mlp"), {"seed": seed}, "bench")
        splits = hg.load_data("mnist").split_validation(6_000, np.random.default_rng([seed, 2]))
        train, validation = splits.train, splits.validation
        sorted_train = train.take(np.argsort(train.labels, kind="stable"))
        results.setdefault("all in memory", []).append(trained(Splits(train, validation), recipe))
        for name, data in (("as published", train), ("sorted by class", sorted_train)):
            for window in WINDOWS:
                for block in BLOCKS:
                    key = f"{name}, windows of {window:,}, blocks of {block}"
                    streamed = in_windows(data, block, window)
                    results.setdefault(key, []).append(trained(Splits(streamed, validation), recipe))
    for key, values in results.items():
        shown = " ".join(f"{value:.2f}" for value in values)
        print(
            f"{key:<55} {statistics.mean(values):.2f} ± {statistics.stdev(values):.2f}   {shown}", flush=True
        )


def speed():
    """Time an epoch of `mlp` in memory and in a stream, turn by turn."""
    import polars as pl

    with tempfile.TemporaryDirectory() as name:
        os.environ["HANDGRAD_CACHE"] = f"{name}/caches"
        whole = hg.load_data("strokes:300000")
        columns = {f"pixel{pixel}": whole.train.inputs[:, pixel] for pixel in range(784)}
        frame = pl.DataFrame({"label": whole.train.labels, **columns})
        frame.write_parquet(f"{name}/digits.parquet", row_group_size=20_000)
        frame.head(100_000).write_csv(f"{name}/digits.csv")
        (Path(name) / "idx").mkdir()
        write_idx(Path(name) / "idx" / "train-images-idx3-ubyte", whole.train.inputs.reshape(-1, 28, 28))
        write_idx(Path(name) / "idx" / "train-labels-idx1-ubyte", whole.train.labels)
        del columns, frame
        for kind in ("digits.csv", "idx", "digits.parquet"):
            path = Path(name) / kind
            size = sum(file.stat().st_size for file in ([path] if path.is_file() else path.iterdir()))
            begin = perf_counter()
            streamed = hg.load_data(path, "600MB")
            seconds = perf_counter() - begin
            print(
                f"conversion of {kind:<15}{len(streamed.train) / seconds:,.0f} examples/s, "
                f"{size / seconds / 1e6:,.0f} MB/s of the file",
                flush=True,
            )
        rates = {"in memory": [], "in a stream": [], "strokes in a stream": []}
        written = hg.load_data("strokes:60000", "600MB")
        for _ in range(6):
            for way, splits in zip(rates, (whole, streamed, written), strict=True):
                layers = [hg.Dense(128), hg.ReLU(), hg.Dense(10)]
                network = hg.Network(layers, (784,), np.random.default_rng(0))
                options = {"optimizer": hg.Adam(), "learning_rate": 0.001, "epochs": 1}
                for record in hg.train(network, splits.train, **options):
                    rates[way].append(record.examples_per_second)
        for way, values in rates.items():
            print(f"{way:<23} {statistics.median(values[1:]):,.0f} examples/s")


class SlowStore(ArrayStore):
    """A data set on a disk of so many bytes a second, on which one block is read at a time."""

    def __init__(self, dataset, block, rate):
        super().__init__(dataset, block)
        self.rate, self.disk = rate, Lock()

    def read(self, number, out):
        with self.disk:
            sleep(out.nbytes / self.rate)
        super().read(number, out)


def overlap():
    """Read an epoch, compute one, do both, for disks of several speeds."""
    whole = hg.load_data("strokes:100000").train
    memory = Memory(PROGRAM + 4 * 10_000 * (784 + 16))

    def trained_in(dataset, epochs):
        layers = [hg.Dense(256), hg.ReLU(), hg.Dense(128), hg.ReLU(), hg.Dense(10)]
        network = hg.Network(layers, (784,), np.random.default_rng(0))
        records = hg.train(network, dataset, optimizer=hg.Adam(), learning_rate=0.001, epochs=epochs)
        return [len(whole) / record.examples_per_second for record in records]

    def read(dataset):
        begin = perf_counter()
        for _ in dataset.batches(np.array([0]), 128):
            pass
        return perf_counter() - begin

    trained_in(whole, 1)
    for rate in (20, 50, 100, 400):
        turns = []
        for _ in range(3):
            stream = StreamedDataset.of(SlowStore(whole, 334, rate * 1e6), memory)
            reading, computing, both = read(stream), trained_in(whole, 1)[0], trained_in(stream, 1)[0]
            turns.append((reading, computing, both, (reading + computing - both) / min(reading, computing)))
        reading, computing, both, hidden = (statistics.median(values) for values in zip(*turns, strict=True))
        print(
            f"disk of {rate:>3} MB/s: reading {reading:5.2f} s, computing {computing:5.2f} s, both {both:5.2f} s; "
            f"{hidden:.0%} of the shorter hidden",
            flush=True,
        )


CASES = [
    ("mlp", "400MB", "strokes:100000", ()),
    ("mlp", "400MB", "FOLDER", ()),
    ("mlp", "1GB", "FOLDER", ()),
    ("convnet", "600MB", "FOLDER", ("--steps", "300")),
    ("dropout", "600MB", "FOLDER", ("--steps", "300")),
    ("best", "1GB", "FOLDER", ("--steps", "150")),
]


def memory():
    """Print the peak memory of processes that convert data and train, against their bounds."""
    import polars as pl

    with tempfile.TemporaryDirectory() as name:
        whole = hg.load_data("strokes:100000")
        columns = {f"pixel{pixel}": whole.train.inputs[:, pixel] for pixel in range(784)}
        frame = pl.DataFrame({"label": whole.train.labels, **columns})
        folder = Path(name) / "digits"
        folder.mkdir()
        frame.write_parquet(folder / "train-00001.parquet", row_group_size=50_000)
        for number in range(2, 22):
            os.link(folder / "train-00001.parquet", folder / f"train-{number:05}.parquet")
        frame.head(20_000).write_parquet(folder / "test.parquet")
        del whole, columns, frame
        for number, (recipe, bound, source, more) in enumerate(CASES):
            environment = os.environ | {"HANDGRAD_CACHE": f"{name}/caches"}
            source = source.replace("FOLDER", str(folder))
            arguments = [
                "train",
                recipe,
                "--data",
                source,
                "--memory",
                bound,
                "--out",
                f"{name}/run-{number}",
            ]
            done = subprocess.run(
                [sys.executable, "-m", "handgrad", *arguments, *(more or ("--epochs", "1"))],
                env=environment,
                capture_output=True,
                text=True,
                check=True,
            )
            facts = [line for line in done.stdout.splitlines() if line.startswith(("data", "memory"))]
            print(f"{recipe:<10}{' | '.join(facts)}", flush=True)


if __name__ == "__main__":
    rehearsal.peak_of = lambda work: (
        work()
    )  # here data are in memory, too, which counts as what training takes
    for wanted in sys.argv[1:]:
        {"accuracy": accuracy, "speed": speed, "overlap": overlap, "memory": memory}[wanted]()
