"""What `handgrad.kernels.logits` computes of many examples at a time, so that even ten classes fill vectors."""

from math import factorial, log

import numpy as np
from numba import njit

from handgrad.kernels import logits as plain
from handgrad.kernels.compiled.sums import ANY_ORDER
from handgrad.kernels.types import Floats, Integers

SIDE_BY_SIDE = 64
"""Examples whose logits of one class are worked on at a time."""

LN2_HIGH, LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
"""log 2 in two parts; few multiples of the first need rounding."""

LOG2_E = np.float32(1.44269504)

SERIES = tuple(np.float32(1 / factorial(n)) for n in range(2, 8))
"""Of the exponential function, from the square on."""

LEAST = np.float32(-70)
"""Smaller numbers have its exponential, 4 · 10⁻³¹, too: with still smaller ones processors are slow."""


def softmax_cross_entropy(
    logits: Floats, labels: Integers, label_smoothing: float = 0.0
) -> tuple[Floats, Floats]:
    """Compute losses and gradient as `handgrad.kernels.logits.softmax_cross_entropy` does."""
    if logits.dtype != np.float32:
        return plain.softmax_cross_entropy(logits, labels, label_smoothing)
    losses, dlogits = np.empty(len(logits), np.float32), np.empty(logits.shape, np.float32)
    share = np.float32(label_smoothing)
    fill(np.ascontiguousarray(logits), np.ascontiguousarray(labels), share, losses, dlogits)
    return losses, dlogits


@njit(nogil=True, cache=True, fastmath=ANY_ORDER, error_model="numpy")
def fill(logits, labels, share, losses, dlogits):  # type: ignore[no-untyped-def]
    """Fill losses (N,) and dlogits (N, C), some examples at a time, which lie side by side meanwhile."""
    examples, classes = logits.shape
    spread = share / np.float32(classes)
    scores, powers = np.empty((classes, SIDE_BY_SIDE), np.float32), np.empty(SIDE_BY_SIDE, np.int32)
    largest, sums, totals = np.empty((3, SIDE_BY_SIDE), np.float32)
    for begun in range(0, examples, SIDE_BY_SIDE):
        some = min(SIDE_BY_SIDE, examples - begun)
        given, wanted = logits[begun : begun + some], labels[begun : begun + some]
        made = dlogits[begun : begun + some]
        for c in range(classes):
            for n in range(some):
                scores[c, n] = given[n, c]
        for n in range(some):
            largest[n], sums[n], totals[n] = scores[0, n], 0, 0
        for c in range(1, classes):
            for n in range(some):
                largest[n] = scores[c, n] if scores[c, n] > largest[n] else largest[n]
        for c in range(classes):
            for n in range(some):
                scores[c, n] -= largest[n]
                totals[n] += scores[c, n]
            exponentiate(scores[c, :some], powers)
            for n in range(some):
                sums[n] += scores[c, n]
        for n in range(some):
            target = given[n, wanted[n]] - largest[n]
            losses[begun + n] = log(sums[n]) - (1 - share) * target - spread * totals[n]
            sums[n] = 1 / sums[n]
        for c in range(classes):
            for n in range(some):
                made[n, c] = scores[c, n] * sums[n] - spread
        for n in range(some):
            made[n, wanted[n]] -= 1 - share


@njit(nogil=True, cache=True, fastmath=ANY_ORDER)
def exponentiate(x, powers):  # type: ignore[no-untyped-def]
    """Write exp x to each x ≤ 0, in place: 2ᵏ exp r with |r| ≤ log 2 / 2, by eight terms of its series."""
    t2, t3, t4, t5, t6, t7 = SERIES
    for n in range(len(x)):
        given = LEAST if x[n] < LEAST else x[n]  # what is not a number stays so
        power = np.floor(given * LOG2_E + np.float32(0.5))
        r = (given - power * LN2_HIGH) - power * LN2_LOW
        powers[n] = (np.int32(power) + 127) << 23  # the bits of 2ᵏ
        x[n] = 1 + r * (1 + r * (t2 + r * (t3 + r * (t4 + r * (t5 + r * (t6 + r * t7))))))
    factors = powers.view(np.float32)
    for n in range(len(x)):
        x[n] *= factors[n]


def count_correct(logits: Floats, labels: Integers) -> int:
    """Count as `handgrad.kernels.logits.count_correct` does."""
    return count(np.ascontiguousarray(logits), np.ascontiguousarray(labels))


@njit(nogil=True, cache=True)
def count(logits, labels):  # type: ignore[no-untyped-def]
    """Count the labels (N,) whose logits (N, C) are larger than all before and not smaller than any behind."""
    examples, classes = logits.shape
    correct = 0
    for n in range(examples):
        own, beaten = logits[n, labels[n]], 0
        for c in range(classes):
            beaten += logits[n, c] > own or (c < labels[n] and logits[n, c] == own)
        correct += beaten == 0
    return correct
