"""What `handgrad.kernels.perceptron` computes, a few examples at a time, which stay in a core's own cache meanwhile.

The bytes of an example are fetched from memory once, for the way forward and the way back. Between the two products
with bytes, which the matrix unit computes, examples lie side by side, so that ten units fill vectors, too.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from handgrad.kernels.compiled import bytes as on_bytes
from handgrad.kernels.compiled.digits import DIGITS
from handgrad.kernels.compiled.logits import count, fill
from handgrad.kernels.compiled.matrix_unit import KNOWS_BYTES, ROW, SIDE, rows_of_bytes
from handgrad.kernels.compiled.sums import ANY_ORDER
from handgrad.kernels.compiled.unit_bytes import (
    MOST,
    correlate_bytes,
    pack_gradients,
    packed_weights,
    weigh_bytes,
)
from handgrad.kernels.perceptron import Perceptron
from handgrad.kernels.types import Floats, Integers

AT_A_TIME = 256
"""Examples: 200 kB of MNIST's."""

WIDEST = 256
"""Hidden units up to which the second product needs no matrix unit."""


def suits(inputs: int, hidden: int, classes: int, dtype: np.dtype[Any]) -> bool:
    """Tell whether this is faster than layer by layer."""
    return KNOWS_BYTES and dtype == np.float32 and ROW <= inputs <= MOST and max(hidden, classes) <= WIDEST


def learn(
    x: NDArray[np.uint8],
    divisor: float,
    labels: Integers,
    parameters: Perceptron,
    gradients: Perceptron,
    label_smoothing: float,
    total: int,
) -> tuple[float, int]:
    """Compute loss and gradients as `handgrad.kernels.perceptron.learn` does."""
    packed, scales = packed_weights(parameters.hidden_weights, divisor)
    scale, share = np.float32(1 / divisor), np.float32(label_smoothing)
    loss, correct = learn_packed(
        *(np.ascontiguousarray(x), np.ascontiguousarray(labels), scale, share, np.float32(1 / total)),
        *(packed, scales, parameters.hidden_biases, parameters.weights, parameters.biases),
        *(gradients.hidden_weights, gradients.hidden_biases, gradients.weights, gradients.biases),
    )
    return loss / total, correct


@njit(nogil=True, cache=True)
def learn_packed(  # type: ignore[no-untyped-def]
    x,
    labels,
    scale,
    share,
    part,
    packed,
    scales,
    starts,
    weights,
    biases,
    dpacked,
    dstarts,
    dweights,
    dbiases,
):
    """Add to the gradients of packed hidden weights and of all others; give the sum of losses and right answers."""
    inputs, units, classes = x.shape[1], len(starts), len(biases)
    last = np.zeros((SIDE, (inputs + ROW - 1) // ROW * ROW), np.uint8)
    blocks = (units + SIDE - 1) // SIDE
    loss, correct = 0.0, 0
    for begun in range(0, len(x), AT_A_TIME):
        some = min(AT_A_TIME, len(x) - begun)
        seen, wanted = x[begun : begun + some], labels[begun : begun + some]
        whole = (some - 1) // SIDE * SIDE
        for n in range(whole, some):  # number by number: what Numba makes of slices takes seconds to compile
            for i in range(inputs):
                last[n - whole, i] = seen[n, i]
        z, logits = np.empty((some, units), np.float32), np.empty((some, classes), np.float32)
        weigh_bytes(seen, last, packed, scales, starts, z)
        y = np.empty((units, some), np.float32)
        rectify(z, y)
        weigh(y, weights, biases, logits)
        losses, dlogits = np.empty(some, np.float32), np.empty((some, classes), np.float32)
        fill(logits, wanted, share, losses, dlogits)
        for n in range(some):
            loss += losses[n]
        correct += count(logits, wanted)
        dz = np.empty((units, some), np.float32)
        pass_back(dlogits, part, y, weights, dweights, dbiases, dz)
        groups = (some + ROW - 1) // ROW
        left = rows_of_bytes(blocks * groups * DIGITS * SIDE).view(np.int8)
        given = np.zeros((blocks * SIDE, SIDE), np.float32)
        digits = left.reshape(blocks, groups, DIGITS, SIDE, ROW)
        pack_gradients(dz, dz.view(np.int32), digits, given, dstarts)
        given *= scale
        correlate_bytes(seen, left, given.reshape(-1), dpacked, AT_A_TIME)
    return loss, correct


@njit(nogil=True, cache=True)
def rectify(z, y):  # type: ignore[no-untyped-def]
    """Fill y (H, N) with what is positive of z (N, H), a cache line at a time."""
    units, some = y.shape
    for begun in range(0, some, SIDE):
        rows = z[begun : begun + SIDE]
        for h in range(units):
            for n in range(len(rows)):
                number = rows[n, h]
                y[h, begun + n] = np.float32(0) if number <= 0 else number


@njit(nogil=True, cache=True, fastmath=ANY_ORDER)
def weigh(y, weights, biases, logits):  # type: ignore[no-untyped-def]
    """Fill logits (N, C) from y (H, N)."""
    units, some = y.shape
    sums = np.empty(some, np.float32)
    for c in range(len(biases)):
        sums[:] = biases[c]
        for h in range(units):
            row, weight = y[h], weights[c, h]
            for n in range(some):
                sums[n] += weight * row[n]
        for n in range(some):
            logits[n, c] = sums[n]


@njit(nogil=True, cache=True, fastmath=ANY_ORDER)
def pass_back(dlogits, part, y, weights, dweights, dbiases, dz):  # type: ignore[no-untyped-def]
    """Fill dz (H, N) from dlogits (N, C) times a part, and add to dweights (C, H) and dbiases (C,)."""
    units, some = y.shape
    by_class = np.empty((len(dbiases), some), np.float32)
    for c in range(len(by_class)):
        row, total = by_class[c], np.float32(0)
        for n in range(some):
            row[n] = part * dlogits[n, c]
            total += row[n]
        dbiases[c] += total
    for h in range(units):
        seen, made = y[h], dz[h]
        made[:] = 0
        for c in range(len(by_class)):
            row, weight, total = by_class[c], weights[c, h], np.float32(0)
            for n in range(some):
                total += row[n] * seen[n]
                made[n] += weight * row[n]
            dweights[c, h] += total
        for n in range(some):
            made[n] = made[n] if seen[n] > 0 else np.float32(0)


def suits_few(examples: int, inputs: int, dtype: np.dtype[Any]) -> bool:
    """Tell whether so few examples are scored faster than layer by layer."""
    return examples <= on_bytes.FEW and inputs % on_bytes.LANES == 0 and dtype == np.float32


def score(
    x: NDArray[np.uint8],
    divisor: float,
    hidden_weights: Floats,
    hidden_biases: Floats,
    weights: Floats,
    biases: Floats,
) -> Floats:
    """Compute the logits of few examples as `handgrad.kernels.perceptron.score` does."""
    logits = np.empty((len(x), len(biases)), np.float32)
    score_each(np.ascontiguousarray(x), divisor, hidden_weights, hidden_biases, weights, biases, logits)
    return logits


@njit(nogil=True, cache=True, fastmath=ANY_ORDER)
def score_each(x, divisor, hidden_weights, hidden_biases, weights, biases, logits):  # type: ignore[no-untyped-def]
    """Fill logits (N, C)."""
    y = np.empty((len(x), len(hidden_biases)), np.float32)
    on_bytes.weigh_bytes(x, np.float32(1 / divisor), hidden_weights, hidden_biases, y)
    for n in range(len(x)):
        for h in range(len(hidden_biases)):
            y[n, h] = np.float32(0) if y[n, h] <= 0 else y[n, h]
        for c in range(len(biases)):
            total = biases[c]
            for h in range(len(hidden_biases)):
                total += weights[c, h] * y[n, h]
            logits[n, c] = total
