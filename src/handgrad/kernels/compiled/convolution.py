"""Compiled convolution: what `handgrad.kernels.convolution` computes, with the batch last in memory.

A window is a table of taps: how far from its first number each of its numbers lies. With the batch last, a tap of
neighbouring windows is one run of numbers, so that nothing is laid out or copied; `tiles.py` does the sums. Where the
processor has a matrix unit, and the images enough channels, `unit_convolution.py` does them.
"""

from functools import lru_cache
from math import prod

import numpy as np
from numba import njit
from numpy.typing import NDArray

from handgrad.kernels import convolution as plain
from handgrad.kernels.compiled import unit_convolution as unit
from handgrad.kernels.compiled.sums import ANY_ORDER
from handgrad.kernels.compiled.tiles import (
    OUTPUTS,
    ROWS,
    TAPS,
    VECTORS,
    correlate_tile,
    weigh_tile,
)
from handgrad.kernels.compiled.vectors import REGISTER
from handgrad.kernels.convolution import output_size
from handgrad.kernels.memory import batch_first, batch_last
from handgrad.kernels.types import Floats

NEAR = 24_000
"""Bytes that stay in a core's nearest cache while others pass through."""

BLOCK = 9
"""Tiles of taps whose sums with all outputs are added up at a time: few enough for the cache."""


def convolution(x: Floats, weights: Floats, biases: Floats, stride: int = 1, padding: int = 0) -> Floats:
    """Weigh each window alike, as `handgrad.kernels.convolution.convolution` does."""
    if too_few(x, weights, stride, padding):
        return plain.convolution(x, weights, biases, stride, padding)
    height, width = (size + 2 * padding for size in x.shape[2:])
    return batch_first(weigh(surround(batch_last(x), padding, height, width), weights, biases, stride))


def convolution_backward(
    dy: Floats,
    x: Floats,
    weights: Floats,
    dweights: Floats,
    dbiases: Floats,
    stride: int = 1,
    padding: int = 0,
    *,
    input_gradient: bool = True,
) -> Floats | None:
    """Pass back as `handgrad.kernels.convolution.convolution_backward` does.

    The gradient of x is a convolution, too: of dy, its pixels a stride apart with zeros around, by the same windows
    turned by half a turn.
    """
    if too_few(x, weights, stride, padding):
        return plain.convolution_backward(
            dy, x, weights, dweights, dbiases, stride, padding, input_gradient=input_gradient
        )
    window = weights.shape[2]
    height, width = x.shape[2:]
    dy = batch_last(dy)
    dbiases += dy.reshape(len(dy), -1) @ np.ones(dy[0].size, dy.dtype)  # sooner than its sum
    seen = surround(batch_last(x), padding, height + 2 * padding, width + 2 * padding)
    dweights += correlate(dy, seen, window, stride).reshape(dweights.shape)
    if not input_gradient:
        return None
    turned = np.ascontiguousarray(weights[:, :, ::-1, ::-1].transpose(1, 0, 2, 3))
    given = surround(dy, window - 1 - padding, height + window - 1, width + window - 1, stride)
    return batch_first(weigh(given, turned, np.zeros(len(turned), dy.dtype)))


def too_few(x: Floats, weights: Floats, stride: int, padding: int) -> bool:
    """Tell whether the runs of numbers are shorter than a tile, so that the plain kernels are the faster ones."""
    widths = [output_size(x.shape[3], weights.shape[2], 1, padding) if stride == 1 else 1, x.shape[3]]
    return min(widths) * len(x) * x.itemsize < VECTORS * REGISTER


@lru_cache
def tap_table(shape: tuple[int, ...], window: int, multiple: int = 1) -> NDArray[np.int64]:
    """Tell how far from the first number of a window in (C, H, W, N) each of its C · K · K pixels lies.

    The last is repeated until there are as many as a multiple.
    """
    channels, height, width, n = shape
    channel, line, pixel = np.ogrid[:channels, :window, :window]
    return repeat_last((((channel * height + line) * width + pixel) * n).reshape(-1), multiple)


@lru_cache
def row_table(shape: tuple[int, ...], multiple: int) -> NDArray[np.int64]:
    """Tell where each channel of (O, H, W, N) begins; the last is repeated, as in `tap_table`."""
    return repeat_last(np.arange(shape[0]) * prod(shape[1:]), multiple)


def repeat_last(numbers: NDArray[np.int64], multiple: int) -> NDArray[np.int64]:
    """Lengthen a table to a multiple."""
    return np.pad(numbers.astype(np.int64), (0, -len(numbers) % multiple), "edge")


def weigh(x: Floats, weights: Floats, biases: Floats, stride: int = 1) -> Floats:
    """Convolve x (C, H, W, N), which has its padding, to (O, H', W', N)."""
    if unit.suits(x):
        return unit.weigh(x, weights, biases, stride)
    outputs, _, window, _ = weights.shape
    height, width = (output_size(size, window, stride) for size in x.shape[1:3])
    y = np.empty((outputs, height, width, x.shape[3]), x.dtype)
    rows = row_table(y.shape, OUTPUTS)
    by_tap = np.zeros((len(rows), weights[0].size), x.dtype)
    by_tap[:outputs] = weights.reshape(outputs, -1)
    packed = np.ascontiguousarray(by_tap.reshape(-1, OUTPUTS, by_tap.shape[1]).transpose(0, 2, 1))
    starts = np.zeros(len(rows), x.dtype)
    starts[:outputs] = biases
    weigh_lines(x, tap_table(x.shape, window), packed.reshape(-1), starts, y, rows, stride)
    return y


@njit(nogil=True, cache=True)
def weigh_lines(x, taps, weights, biases, y, rows, stride):  # type: ignore[no-untyped-def]
    """Fill y (O, H', W', N) tile by tile; weights are the numbers of (O / OUTPUTS, taps, OUTPUTS)."""
    tile = VECTORS * REGISTER // x.itemsize
    runs, run = (1, y.shape[2] * y.shape[3]) if stride == 1 else (y.shape[2], y.shape[3])
    line, pixel = x.shape[2] * x.shape[3] * stride, x.shape[3] * stride
    seen, made = x.reshape(-1), y.reshape(-1)
    for i in range(y.shape[1]):
        for j in range(runs):
            for first in range(0, run, tile):
                begin = min(first, run - tile)  # the last tile may begin within the one before
                start, place = i * line + j * pixel + begin, (i * runs + j) * run + begin
                for o in range(0, len(rows), OUTPUTS):
                    first = o * len(taps)
                    weigh_tile(
                        *(len(taps), seen, start, taps, 0, weights, first, biases, o, made, place, rows, o)
                    )


def correlate(dy: Floats, x: Floats, window: int, stride: int) -> Floats:
    """Sum dy (O, H', W', N) times each tap of x (C, H, W, N), which has its padding: (O, C · K · K)."""
    if unit.suits(x):
        return unit.correlate(dy, x, window, stride)
    rows, taps = row_table(dy.shape, ROWS), tap_table(x.shape, window, TAPS)
    block = min(BLOCK, len(taps) // TAPS)
    lanes = np.empty((len(rows) // ROWS, block, ROWS, TAPS, REGISTER // x.itemsize), x.dtype)
    sums = np.empty((len(rows), len(taps)), x.dtype)
    correlate_lines(dy, x, taps, rows, lanes, sums, stride)
    return sums[: len(dy), : len(x) * window**2]


@njit(nogil=True, cache=True, fastmath=ANY_ORDER)
def correlate_lines(dy, x, taps, rows, lanes, sums, stride):  # type: ignore[no-untyped-def]
    """Fill sums (rows, taps), some tiles of taps at a time; lanes are (row tiles, tap tiles, ROWS, TAPS, lanes)."""
    count = REGISTER // x.itemsize
    height, width, batch = dy.shape[1:]
    line, pixel = x.shape[2] * batch * stride, batch * stride
    # with a stride of 1 a line is one run of numbers, and some lines are added up at a time; else a pixel is
    outer, step, run = (height, line, width * batch) if stride == 1 else (width, pixel, batch)
    most = max(1, NEAR // (ROWS * run * x.itemsize))
    given, seen, totals = dy.reshape(-1), x.reshape(-1), lanes.reshape(-1)
    tile = ROWS * TAPS * count
    for begin in range(0, len(taps), lanes.shape[1] * TAPS):
        tiles = min(lanes.shape[1], (len(taps) - begin) // TAPS)
        lanes[:] = 0
        for i in range(1 if stride == 1 else height):
            for j in range(0, outer, most):
                some = min(most, outer - j)
                start, place = i * line + j * step, i * width * batch + j * run
                for r in range(len(lanes)):
                    for t in range(tiles):
                        row, tap, total = r * ROWS, begin + t * TAPS, (r * lanes.shape[1] + t) * tile
                        correlate_tile(
                            *(some, step, run, given, place, rows, row, seen, start, taps, tap, totals, total)
                        )
        for r in range(len(lanes)):
            for p in range(ROWS):
                for t in range(tiles):
                    for q in range(TAPS):
                        total = lanes[r, t, p, q, 0]
                        for v in range(1, count):
                            total += lanes[r, t, p, q, v]
                        sums[r * ROWS + p, begin + t * TAPS + q] = total


def surround(x: Floats, before: int, height: int, width: int, stride: int = 1) -> Floats:
    """Put x (C, H, W, N) into zeros (C, height, width, N), its first pixel at (before, before), a stride apart.

    Pixels that fall outside are left out.
    """
    if not before and x.shape[1:3] == (height, width):
        return x
    y = np.zeros((len(x), height, width, x.shape[3]), x.dtype)
    skipped = max(0, -(before // stride))  # pixels that would lie before the first
    first = before + skipped * stride
    inside = y[:, first::stride, first::stride]
    kept = x[:, skipped : skipped + inside.shape[1], skipped : skipped + inside.shape[2]]
    inside[:, : kept.shape[1], : kept.shape[2]] = kept
    return y
