"""Convolution on the matrix unit: the sums that `convolution.py` needs, with the batch last in memory.

Each pixel of the images is packed once, its channels being the terms of a sum, or its examples; a window is a table
of packed pixels. Some rows of the output are worked on at a time, so that what is packed for them stays in a core's
own cache.
"""

from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from handgrad.kernels.compiled.matrix_unit import (
    AVAILABLE,
    BLOCK,
    SIDE,
    STEP,
    TILE,
    aligned_tiles,
    begin,
    end,
    lines_apart,
    multiply_row_of_tiles,
    multiply_tiles,
)
from handgrad.kernels.compiled.packing import pack_left_along, pack_right_across, pack_right_along
from handgrad.kernels.convolution import output_size
from handgrad.kernels.types import Floats

Table: TypeAlias = NDArray[np.int64]
Tables: TypeAlias = tuple[Any, ...]

LEAST = 16
"""Channels, and examples, without which too much of a tile would be empty."""

WIDE = 4 * SIDE
"""Examples that are worked on at a time where the outputs fill one tile."""

NEAR = 1_000_000
"""Bytes of packed tiles that stay in a core's own cache."""


def suits(x: Floats) -> bool:
    """Tell whether images (C, H, W, N) are for the unit."""
    return AVAILABLE and x.dtype == np.float32 and min(len(x), x.shape[3]) >= LEAST


def weigh(x: Floats, weights: Floats, biases: Floats, stride: int = 1) -> Floats:
    """Convolve x (C, H, W, N), which has its padding, to (O, H', W', N)."""
    outputs, channels, window, _ = weights.shape
    height, width = (output_size(size, window, stride) for size in x.shape[1:3])
    tables = weigh_tables(x.shape, outputs, window, stride, NEAR)
    rows, lines, left_steps, right_steps, at_a_time, packed = tables
    left = aligned_tiles(len(rows) // SIDE * len(left_steps))
    pack_weights(weights.transpose(0, 2, 3, 1).reshape(-1), rows, window**2, channels, left)
    starts = np.zeros((len(rows), WIDE), x.dtype)
    starts[:outputs] = biases[:, None]
    y = np.empty((outputs, height, width, x.shape[3]), x.dtype)
    weigh_rows(
        *(x, lines, window, stride, at_a_time, aligned_tiles(packed)),
        *(left, left_steps, right_steps, starts.reshape(-1), y),
    )
    return y


@lru_cache
def weigh_tables(shape: tuple[int, ...], outputs: int, window: int, stride: int, near: int) -> Tables:
    """Lay out the packing for `weigh`.

    Returns
    -------
    rows : where the weights of each output begin
    lines : where each channel begins
    left_steps, right_steps : how far the tiles of each step lie behind the first, of weights and of pixels
    at_a_time : rows of output that are worked on at a time
    packed : tiles that are packed for those
    """
    channels, height, columns, n = shape
    steps, across = -(-channels // STEP), examples_across(outputs, n)
    at_a_time = rows_at_a_time(
        output_size(height, window, stride), window, stride, columns * steps * across, near
    )
    right_steps = (tap_places(window, columns)[:, None] * steps + np.arange(steps)) * across * TILE
    return (
        lines_apart(outputs, channels * window**2, SIDE if narrow(outputs, n) else BLOCK),
        lines_apart(channels, height * columns * n, STEP),
        np.arange(right_steps.size) * TILE,
        right_steps.reshape(-1),
        at_a_time,
        ((at_a_time - 1) * stride + window) * columns * steps * across,
    )


def examples_across(outputs: int, n: int) -> int:
    """Count the tiles for the examples, as many as are worked on at a time or a multiple."""
    wide = WIDE if narrow(outputs, n) else BLOCK
    return -(-n // wide) * wide // SIDE


def narrow(outputs: int, n: int) -> bool:
    """Tell whether outputs fill one tile only, and examples more than two."""
    return outputs <= SIDE and n > BLOCK


def rows_at_a_time(height: int, window: int, stride: int, tiles: int, near: int) -> int:
    """Give the rows of output for which no more bytes are packed than that, at so many tiles a row of input."""
    rows = near // (4 * TILE * tiles)
    return min(height, max(1, (rows - window) // stride + 1))


def tap_places(window: int, columns: int) -> Table:
    """Tell how many pixels each of the K · K taps of a window lies behind its first."""
    down, right = np.mgrid[:window, :window]
    return (down * columns + right).reshape(-1)


@njit(nogil=True, cache=True)
def pack_weights(weights, rows, taps, terms, left):  # type: ignore[no-untyped-def]
    """Pack weights (O, taps, terms), whose rows begin as the table says, to tiles (rows / SIDE, taps, steps)."""
    place = 0
    for row in range(0, len(rows), SIDE):
        for tap in range(taps):
            for term in range(0, terms, STEP):
                pack_left_along(weights, tap * terms + term, rows, row, terms - term, left, place)
                place += TILE


@njit(nogil=True, cache=True)
def weigh_rows(  # type: ignore[no-untyped-def]
    x, lines, window, stride, at_a_time, packed, left, left_steps, right_steps, starts, y
):
    """Fill y (O, H', W', N) from x (C, H, W, N), some rows at a time."""
    outputs, height, width, n = y.shape
    one_tile = len(left) == len(left_steps) * TILE
    down, wide = (SIDE, WIDE) if one_tile else (BLOCK, BLOCK)
    columns, steps, across = x.shape[2], len(lines) // STEP, (n + wide - 1) // wide * wide // SIDE
    count, channel = len(left_steps), height * width * n
    seen, made, edge = x.reshape(-1), y.reshape(-1), np.empty(down * wide, y.dtype)
    begin()
    for first in range(0, height, at_a_time):
        last = min(first + at_a_time, height)
        place = 0
        for pixel in range(first * stride * columns, ((last - 1) * stride + window) * columns):
            for line in range(0, len(lines), STEP):
                for v in range(0, across * SIDE, SIDE):
                    pack_right_across(seen, pixel * n + v, lines, line, n - v, packed, place)
                    place += TILE
        for o in range(0, outputs, down):
            upper, other = o // SIDE * count * TILE, count * TILE
            for i in range(last - first):
                for j in range(width):
                    for v in range(0, n, wide):
                        near = ((i * columns + j) * stride * steps * across + v // SIDE) * TILE
                        place = o * channel + ((first + i) * width + j) * n + v
                        whole = o + down <= outputs and v + wide <= n
                        to, corner, pitch = (made, place, channel) if whole else (edge, 0, wide)
                        if one_tile:
                            multiply_row_of_tiles(
                                *(count, left, 0, left_steps, 0, packed, near, right_steps, TILE),
                                *(starts, 0, WIDE, to, corner, pitch),
                            )
                        else:
                            multiply_tiles(
                                *(count, left, upper, left_steps, other, packed, near, right_steps, TILE),
                                *(starts, o * WIDE, WIDE, to, corner, pitch),
                            )
                        if not whole:
                            for p in range(min(down, outputs - o)):
                                for q in range(min(wide, n - v)):
                                    made[place + p * channel + q] = edge[p * wide + q]
    end()


def correlate(dy: Floats, x: Floats, window: int, stride: int) -> Floats:
    """Sum dy (O, H', W', N) times each tap of x (C, H, W, N), which has its padding: (O, C · K · K)."""
    tables = correlate_tables(dy.shape, x.shape, window, stride, NEAR)
    rows, lines, left_steps, right_steps, columns, at_a_time, given, packed = tables
    sums = np.zeros((len(rows), len(columns) * SIDE), x.dtype)
    correlate_rows(
        *(
            dy,
            rows,
            x,
            lines,
            window,
            stride,
            columns,
            at_a_time,
            aligned_tiles(given),
            aligned_tiles(packed),
        ),
        *(left_steps, right_steps, sums.reshape(-1)),
    )
    by_tap = sums[: len(dy), : window**2 * len(lines)].reshape(len(dy), window**2, len(lines))
    return by_tap[:, :, : len(x)].transpose(0, 2, 1).reshape(len(dy), -1)


@lru_cache
def correlate_tables(dy: tuple[int, ...], x: tuple[int, ...], window: int, stride: int, near: int) -> Tables:
    """Lay out the packing for `correlate`, given the shapes.

    Returns
    -------
    rows, lines : where each channel of dy, and of x, begins
    left_steps, right_steps : how far the tiles of each step lie behind the first, of dy and of x
    column_tiles : how far the tile of each tap and SIDE channels lies behind the first; an even number
    at_a_time : rows of dy that are worked on at a time
    given, packed : tiles that are packed for those, of dy and of x
    """
    outputs, height, width, n = dy
    channels, lines_of_x, columns, _ = x
    down, across, steps = -(-outputs // BLOCK) * 2, -(-channels // SIDE), -(-n // STEP)
    at_a_time = rows_at_a_time(height, window, stride, columns * steps * (across + down), near)
    run, pixel, step = np.ogrid[:at_a_time, :width, :steps]
    column_tiles = (tap_places(window, columns)[:, None] * steps * across + np.arange(across)) * TILE
    return (
        lines_apart(outputs, height * width * n, BLOCK),
        lines_apart(channels, lines_of_x * columns * n, SIDE),
        (((run * width + pixel) * steps + step) * down * TILE).reshape(-1),
        (((run * columns + pixel) * stride * steps + step) * across * TILE).reshape(-1),
        np.pad(column_tiles.reshape(-1), (0, column_tiles.size % 2), "edge"),
        at_a_time,
        at_a_time * width * steps * down,
        ((at_a_time - 1) * stride + window) * columns * steps * across,
    )


@njit(nogil=True, cache=True)
def correlate_rows(  # type: ignore[no-untyped-def]
    dy, rows, x, lines, window, stride, column_tiles, at_a_time, given, packed, left_steps, right_steps, sums
):
    """Add to sums (rows, taps · lines), some rows of the output at a time, two tiles of columns together."""
    _, height, width, n = dy.shape
    columns, steps, down = x.shape[2], (n + STEP - 1) // STEP, len(rows) // SIDE
    passed, seen = dy.reshape(-1), x.reshape(-1)
    begin()
    for first in range(0, height, at_a_time):
        last = min(first + at_a_time, height)
        place = 0
        for pixel in range(first * stride * columns, ((last - 1) * stride + window) * columns):
            for v in range(0, n, STEP):
                for line in range(0, len(lines), SIDE):
                    pack_right_along(seen, pixel * n + v, lines, line, n - v, packed, place)
                    place += TILE
        place = 0
        for pixel in range(first * width, last * width):
            for v in range(0, n, STEP):
                for row in range(0, len(rows), SIDE):
                    pack_left_along(passed, pixel * n + v, rows, row, n - v, given, place)
                    place += TILE
        count = (last - first) * width * steps
        for o in range(0, down, 2):
            for k in range(0, len(column_tiles), 2):
                start, place = column_tiles[k], (o * len(column_tiles) * SIDE + k) * SIDE
                multiply_tiles(
                    *(count, given, o * TILE, left_steps, TILE),
                    *(packed, start, right_steps, column_tiles[k + 1] - start),
                    *(sums, place, len(column_tiles) * SIDE, sums, place, len(column_tiles) * SIDE),
                )
    end()
