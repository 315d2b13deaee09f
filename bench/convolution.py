"""Compiled convolution and pooling against the plain kernels: ``uv run python bench/convolution.py [EXAMPLES]``.

Prints medians of paired runs on one thread, in microseconds an example, and the median of their ratios; then, with
MNIST at hand, trains two networks on so many examples (6,000 unless given) and prints the time of 60,000.
"""

import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter, process_time

import numpy as np

import handgrad as hg
from handgrad.data.dataset import Dataset
from handgrad.kernels import convolution as plain
from handgrad.kernels import pooling as plain_pooling
from handgrad.kernels.compiled import convolution as compiled
from handgrad.kernels.compiled import pooling
from handgrad.kernels.memory import batch_first, batch_last, keep_freed
from handgrad.kernels.threads import one_blas_thread
from handgrad.kernels.types import Floats
from handgrad.learning.optimizers import Adam
from handgrad.learning.schedules import OneCycle

ROUNDS, EXAMPLES = 7, 32
SHAPES = [
    (1, 28, 24, 5, 1, 0),
    (24, 12, 32, 3, 1, 0),
    (32, 28, 32, 3, 1, 1),
    (64, 14, 64, 3, 1, 1),
    (32, 28, 32, 3, 2, 1),
]
C, R, P = hg.Convolution2D, hg.ReLU, hg.MaxPool2D
NETWORKS = {
    "5×5×24, 3×3×32": [C(24, 5), R(), P(), C(32), R(), P(), hg.Flatten(), hg.Dense(256), R(), hg.Dense(10)],
    "3×3: 32, 32, 64, 64": [
        *(C(32, padding=1), R(), C(32, padding=1), R(), P()),
        *(C(64, padding=1), R(), C(64, padding=1), R(), P()),
        *(hg.Flatten(), hg.Dense(128), R(), hg.Dense(10)),
    ],
}


def compare(name: str, slow: Callable[[], object], fast: Callable[[], object], flops: int = 0) -> None:
    """Time two calls in turns, and print one line."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS + 1):
        for work, seconds in zip((slow, fast), times, strict=True):
            start = perf_counter()
            work()
            seconds.append(perf_counter() - start)
    slows, fasts = (seconds[1:] for seconds in times)  # the first call compiles
    one, other = (1e6 * median(seconds) / EXAMPLES for seconds in (slows, fasts))
    ratio = median(a / b for a, b in zip(slows, fasts, strict=True))
    rate = f"{flops / median(fasts) / 1e9:6.0f} GFLOP/s" if flops else ""
    print(f"  {name:<20}{one:9.1f} plain {other:9.1f} compiled {ratio:6.1f}×{rate}")


def kernels(channels: int, size: int, outputs: int, window: int, stride: int, padding: int) -> None:
    """Measure each kernel on one shape, the plain ones batch-first and the compiled ones batch-last."""
    rng = np.random.default_rng(0)

    def floats(*shape: int) -> tuple[Floats, Floats]:
        x = rng.normal(size=shape).astype(np.float32)
        return x, batch_first(batch_last(x))

    x, x_last = floats(EXAMPLES, channels, size, size)
    weights, biases = floats(outputs, channels, window, window)[0], np.zeros(outputs, np.float32)
    y = plain.convolution(x, weights, biases, stride, padding)
    dy, dy_last = floats(*y.shape)
    rest = (weights, np.zeros_like(weights), np.zeros_like(biases), stride, padding)
    image = (dy.shape[2], dy.shape[3])
    (z, places), (z_last, places_last) = plain_pooling.max_pool(dy, 2, 2), pooling.max_pool(dy_last, 2, 2)
    print(f"{channels}×{size}×{size} → {outputs}, {window}×{window}, stride {stride}, padding {padding}")
    flops = 2 * y.size * channels * window**2
    compare(
        "convolution",
        lambda: plain.convolution(x, weights, biases, stride, padding),
        lambda: compiled.convolution(x_last, weights, biases, stride, padding),
        flops,
    )
    compare(
        "convolution_backward",
        lambda: plain.convolution_backward(dy, x, *rest),
        lambda: compiled.convolution_backward(dy_last, x_last, *rest),
        2 * flops,
    )
    compare("max_pool", lambda: plain_pooling.max_pool(dy, 2, 2), lambda: pooling.max_pool(dy_last, 2, 2))
    compare(
        "max_pool_backward",
        lambda: plain_pooling.max_pool_backward(z, places, image, 2, 2),
        lambda: pooling.max_pool_backward(z_last, places_last, image, 2, 2),
    )


def training(examples: int) -> None:
    """Measure one epoch of training."""
    data = hg.load("mnist").train
    for name, layers in NETWORKS.items():
        for count in (512, examples):  # the first epoch compiles
            network = hg.Network(layers, (1, 28, 28), np.random.default_rng(0))
            part = Dataset(data.inputs[:count], data.labels[:count], 10)
            busy = process_time()
            optimizer, schedule = Adam(beta1=0.7, beta2=0.9), OneCycle()
            (record,) = hg.train(
                network,
                part,
                optimizer=optimizer,
                schedule=schedule,
                learning_rate=0.01,
                batch_size=256,
                epochs=1,
            )
            busy = process_time() - busy
        scale = 60_000 / examples
        print(
            f"{name}: an epoch of 60,000 in {scale * record.seconds:.1f} s, {scale * busy:.1f} s of processor"
        )


if __name__ == "__main__":
    keep_freed()
    with one_blas_thread():
        for shape in SHAPES:
            kernels(*shape)
    training(int(sys.argv[1]) if len(sys.argv) > 1 else 6000)
