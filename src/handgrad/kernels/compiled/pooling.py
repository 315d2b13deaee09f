"""Compiled pooling: what `handgrad.kernels.pooling` computes, with the batch last in memory."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

from handgrad.kernels.compiled.convolution import tap_table
from handgrad.kernels.compiled.vectors import REGISTER, Vectors, pointers
from handgrad.kernels.convolution import output_size
from handgrad.kernels.memory import batch_first, batch_last
from handgrad.kernels.types import Floats, Integers


def max_pool(x: Floats, window: int, stride: int) -> tuple[Floats, Integers]:
    """Keep the largest value of each window, as `handgrad.kernels.pooling.max_pool` does."""
    x = batch_last(x)
    height, width = (output_size(size, window, stride) for size in x.shape[1:3])
    y = np.empty((len(x), height, width, x.shape[3]), x.dtype)
    places = np.empty(y.shape, np.uint8)
    keep_largest(x, tap_table((1, *x.shape[1:]), window), y, places, stride)
    return batch_first(y), batch_first(places)


@njit(nogil=True, cache=True)
def keep_largest(x, taps, y, places, stride):  # type: ignore[no-untyped-def]
    """Write the largest value of each window of x (C, H, W, N) to y (C, H', W', N), and its place."""
    height, width, run = x.shape[1:]
    seen, made, kept = x.reshape(-1), y.reshape(-1), places.reshape(-1)
    lanes = REGISTER // x.itemsize
    place = 0
    for c in range(y.shape[0]):
        for i in range(y.shape[1]):
            for j in range(y.shape[2]):
                start = ((c * height + i * stride) * width + j * stride) * run
                for n in range(0, run // lanes * lanes, lanes):
                    largest_tile(len(taps), seen, start + n, taps, 0, made, place + n, kept, place + n)
                for n in range(run // lanes * lanes, run):
                    best = 0
                    for tap in range(1, len(taps)):
                        if seen[start + taps[tap] + n] > seen[start + taps[best] + n]:
                            best = tap
                    made[place + n], kept[place + n] = seen[start + taps[best] + n], best
                place += run


@intrinsic
def largest_tile(
    typing: Any,
    count: Any,
    x: Any,
    start: Any,
    taps: Any,
    tap: Any,
    y: Any,
    place: Any,
    kept: Any,
    kept_place: Any,
) -> Any:
    """Write the largest of x[taps[t] + v] to y[v] and its t to kept[v], each array from an index on.

    Parameters
    ----------
    count : int64
        t goes from 0 to below it.
    x, y : (…,) of float32 or float64
        v goes over one vector.
    taps : (…,) of int64
    kept : (…,) of uint8
    start, tap, place, kept_place : int64
        The index in the array before it that counts as 0.
    """
    signature = types.void(count, x, start, taps, tap, y, place, kept, kept_place)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        v = Vectors(context, builder, signature.args[1])
        x, taps, y, kept = pointers(context, builder, signature.args, arguments)

        def compare(index: Any, best: Sequence[Any]) -> list[Any]:
            value = v.load(v.at(x, v.number_at(taps, index)))
            place = v.repeat(builder.sitofp(index, v.number))
            return [
                v.where(">", value, best[0], new, old) for new, old in zip((value, place), best, strict=True)
            ]

        first = v.load(v.at(x, v.number_at(taps, 0)))
        largest, place = v.accumulate([first, v.zero()], arguments[0], 1, compare)
        v.store(largest, y)
        v.store_bytes(place, kept)
        return context.get_dummy_value()

    return signature, generate


def max_pool_backward(
    dy: Floats, places: Integers, image: tuple[int, int], window: int, stride: int
) -> Floats:
    """Pass back to the pixel that was kept, as `handgrad.kernels.pooling.max_pool_backward` does."""
    dx = np.empty((dy.shape[1], *image, len(dy)), dy.dtype)
    taps = tap_table((1, *dx.shape[1:]), window)
    give_to_largest(batch_last(dy), batch_last(places), taps, dx, stride)
    return batch_first(dx)


@njit(nogil=True, cache=True)
def give_to_largest(dy, places, taps, dx, stride):  # type: ignore[no-untyped-def]
    """Fill dx (C, H, W, N): dy (C, H', W', N) where a pixel was the largest of its window, added up, else 0."""
    height, width, run = dx.shape[1:]
    given, kept, made = dy.reshape(-1), places.reshape(-1), dx.reshape(-1)
    lanes = REGISTER // dx.itemsize
    place = 0
    for c in range(dy.shape[0]):
        made[c * height * width * run : (c + 1) * height * width * run] = 0  # now, so that it is near
        for i in range(dy.shape[1]):
            for j in range(dy.shape[2]):
                start = ((c * height + i * stride) * width + j * stride) * run
                for n in range(0, run // lanes * lanes, lanes):
                    give_tile(len(taps), given, place + n, kept, place + n, taps, 0, made, start + n)
                for n in range(run // lanes * lanes, run):
                    made[start + taps[kept[place + n]] + n] += given[place + n]
                place += run


@intrinsic
def give_tile(
    typing: Any,
    count: Any,
    dy: Any,
    place: Any,
    kept: Any,
    kept_place: Any,
    taps: Any,
    tap: Any,
    dx: Any,
    start: Any,
) -> Any:
    """Add dy[v] to dx[taps[kept[v]] + v], each array from an index on; letters as in `largest_tile`."""
    signature = types.void(count, dy, place, kept, kept_place, taps, tap, dx, start)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        v = Vectors(context, builder, signature.args[1])
        dy, kept, taps, dx = pointers(context, builder, signature.args, arguments)
        given, places, nothing = v.load(dy), v.load_bytes(kept), v.zero()

        def give(index: Any, _: Sequence[Any]) -> list[Any]:
            pixel = v.at(dx, v.number_at(taps, index))
            this = v.repeat(builder.sitofp(index, v.number))
            share = v.where("==", places, this, given, nothing)
            v.store(builder.fadd(v.load(pixel), share), pixel)
            return []

        v.accumulate([], arguments[0], 1, give)
        return context.get_dummy_value()

    return signature, generate
