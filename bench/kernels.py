"""Each kernel in NumPy and in C: ``python -m bench.kernels [KERNEL …] [--rounds N]``.

Prints the median microseconds per call on one thread, by NumPy and by the compiled library for each instruction set
of this CPU, measured in turns, and the ratio of NumPy's time to that of the best set. Sizes are those of the recipes,
with 128 examples. The inputs of dense layers are images of MNIST, since it matters which of their bytes are 0.
"""

import argparse
from collections.abc import Callable
from functools import cache
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from bench.work.data import training

from handgrad.kernels.backend import kernels
from handgrad.kernels.memory import batch_first, batch_last
from handgrad.kernels.native.library import suitable
from handgrad.kernels.threads import one_blas_thread

N = 128
Case = Callable[[], Callable[[], Any]]
"""Prepares the arguments as the kernels in use take them, and returns a call."""


def floats(*shape: int) -> Any:
    """Draw float32 values; images are in the order in memory that the kernels in use have."""
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    return batch_first(batch_last(x)) if len(shape) == 4 and kernels.name != "numpy" else x


@cache
def images() -> Any:
    """Load N images of MNIST, (N, 784): how many bytes are 0, and where, matters."""
    return training()[0][:N].copy()


def dense(inputs: int, outputs: int, *, as_bytes: bool, backward: bool) -> Callable[[], Any]:
    x = np.ascontiguousarray(images()[:, :inputs])
    if not (as_bytes and kernels.takes_bytes):
        x = np.divide(x, 255, dtype=np.float32)
    weights, dweights = floats(inputs, outputs).T, np.zeros((inputs, outputs), np.float32).T
    biases, dy = np.zeros(outputs, np.float32), floats(N, outputs)
    if not backward:
        return lambda: kernels.dense(x, weights, biases)
    first = as_bytes  # the first layer needs no gradient of its inputs
    return lambda: kernels.dense_backward(dy, x, weights, dweights, biases, input_gradient=not first)


def convolution(channels: int, side: int, filters: int, size: int, *, backward: bool) -> Callable[[], Any]:
    x, weights = floats(N, channels, side, side), floats(filters, channels * size * size)
    weights = weights.reshape(filters, channels, size, size)
    dweights, biases = np.zeros_like(weights), np.zeros(filters, np.float32)
    if not backward:
        return lambda: kernels.convolution(x, weights, biases)
    dy = floats(N, filters, side - size + 1, side - size + 1)
    gradient = channels > 1
    return lambda: kernels.convolution_backward(dy, x, weights, dweights, biases, input_gradient=gradient)


def pooling(name: str) -> Callable[[], Any]:
    x = floats(N, 16, 24, 24)
    if name == "max_pool_backward":
        dy, argmax = kernels.max_pool(x, 2, 2)
        return lambda: kernels.max_pool_backward(dy, argmax, (24, 24), 2, 2)
    if name == "average_pool_backward":
        dy = floats(N, 16, 12, 12)
        return lambda: kernels.average_pool_backward(dy, (24, 24), 2, 2)
    return lambda: getattr(kernels, name)(x, 2, 2)


def batch_norm(*, backward: bool) -> Callable[[], Any]:
    x, scale, shift = floats(32, N * 100), np.ones(32, np.float32), np.zeros(32, np.float32)
    if not backward:
        return lambda: kernels.batch_norm(x, scale, shift, 1e-5)
    _, normalized = kernels.batch_norm(x, scale, shift, 1e-5)
    return lambda: kernels.batch_norm_backward(x, normalized, scale, np.zeros_like(scale), shift)


def optimizer(name: str) -> Callable[[], Any]:
    vectors = [abs(floats(101_770)) for _ in range(4)]
    if name == "adam":
        return lambda: kernels.adam(*vectors, 0.9, 0.999, 1e-8, 1e-3, 1)
    if name == "rmsprop":
        return lambda: kernels.rmsprop(*vectors[:3], 0.9, 1e-8, 1e-3)
    if name == "sgd":
        return lambda: kernels.sgd(*vectors[:2], 1e-3)
    return lambda: getattr(kernels, name)(*vectors[:3], 0.9, 1e-3)


def elementwise(name: str) -> Callable[[], Any]:
    x, dy = floats(N, 800), floats(N, 800)
    return (lambda: kernels.relu(x)) if name == "relu" else (lambda: kernels.relu_backward(dy, x))


def classes(name: str) -> Callable[[], Any]:
    logits, labels = floats(N, 10), np.arange(N) % 10
    return (
        (lambda: kernels.softmax(logits))
        if name == "softmax"
        else lambda: getattr(kernels, name)(logits, labels)
    )


def warp() -> Callable[[], Any]:
    x, displacements = abs(floats(N, 1, 28, 28)), floats(N, 2, 28, 28)
    return lambda: kernels.warp(x, displacements)


def cases() -> dict[str, Case]:
    """Return all cases by name, which begins with that of the kernel."""
    found: dict[str, Case] = {}
    for suffix, backward in (("", False), ("_backward", True)):
        for outputs in (10, 128, 800):
            found[f"dense{suffix} of bytes, 784 → {outputs}"] = lambda o=outputs, b=backward: dense(
                784, o, as_bytes=True, backward=b
            )
        found[f"dense{suffix}, 128 → 10"] = lambda b=backward: dense(128, 10, as_bytes=False, backward=b)
        for shape in ((1, 28, 16, 5), (16, 12, 32, 3)):
            title = "{}×{}² → {}, {}×{}".format(*shape, shape[-1])
            found[f"convolution{suffix}, {title}"] = lambda s=shape, b=backward: convolution(*s, backward=b)
        for kind in ("max_pool", "average_pool"):
            found[f"{kind}{suffix}"] = lambda name=kind + suffix: pooling(name)
        found[f"batch_norm{suffix}"] = lambda b=backward: batch_norm(backward=b)
        found[f"relu{suffix}"] = lambda name=f"relu{suffix}": elementwise(name)
    for name in ("softmax", "softmax_cross_entropy", "count_correct"):
        found[name] = lambda name=name: classes(name)
    for name in ("sgd", "momentum", "nesterov", "rmsprop", "adam"):
        found[name] = lambda name=name: optimizer(name)
    return found | {"warp": warp}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kernels", nargs="*", help="beginnings of names; default: all")
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args()
    sets = suitable()
    print(f"| kernel | NumPy | {' | '.join(sets)} | NumPy / {sets[0] if sets else '–'} |")
    print("|---|" + "---:|" * (len(sets) + 2))
    with one_blas_thread():
        for name, case in cases().items():
            if not chosen.kernels or name.startswith(tuple(chosen.kernels)):
                microseconds = measured(case, ["numpy", *sets], chosen.rounds)
                ratio = f"{microseconds[0] / microseconds[1]:.1f}×" if sets else ""
                cells = " | ".join(f"{value:,.1f}" for value in microseconds)
                print(f"| {name} | {cells} | {ratio} |", flush=True)


def measured(case: Case, backends: list[str], rounds: int) -> list[float]:
    """Return the median microseconds per call with each backend; the first round is a warm-up."""
    turns: list[list[float]] = [[] for _ in backends]
    for _ in range(rounds + 1):
        for backend, times in zip(backends, turns, strict=True):
            with kernels.using(backend):
                call = case()
                start = perf_counter()
                call()
                repeat = max(1, int(0.01 / (perf_counter() - start)))
                start = perf_counter()
                for _ in range(repeat):
                    call()
                times.append((perf_counter() - start) / repeat)
    return [1e6 * median(times[1:]) for times in turns]


if __name__ == "__main__":
    main()
