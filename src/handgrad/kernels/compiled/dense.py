"""A dense layer on the matrix unit, where there is one: what `handgrad.kernels.dense` computes."""

from math import prod

import numpy as np
from numba import njit

from handgrad.kernels import dense as plain
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
    multiply_tiles,
)
from handgrad.kernels.compiled.packing import (
    pack_left_across,
    pack_left_along,
    pack_right_across,
    pack_right_along,
)
from handgrad.kernels.types import Floats

LEAST, WORTH_PACKING = 64, 4_000_000
"""Rows, columns and terms, and their product, from which the unit is faster than BLAS."""

ROWS, TERMS = 512, 512
"""Of the left factor, as many as are packed at a time: a megabyte, which stays in a core's own cache."""

STEPS = np.arange(TERMS // STEP) * TILE
"""Where the tiles of each step begin."""


def dense(x: Floats, weights: Floats, biases: Floats) -> Floats:
    """Weigh the inputs as `handgrad.kernels.dense.dense` does."""
    if not suits(np.result_type(x, weights), *x.shape, len(weights)):
        return plain.dense(x, weights, biases)
    y = np.empty((len(x), len(weights)), x.dtype)
    y[:] = biases
    add_product(x, weights.T, y)
    return y


def dense_backward(
    dy: Floats,
    x: Floats,
    weights: Floats,
    dweights: Floats,
    dbiases: Floats,
    *,
    input_gradient: bool = True,
) -> Floats | None:
    """Pass the gradient back as `handgrad.kernels.dense.dense_backward` does."""
    if not suits(np.result_type(dy, x, dweights), *x.shape, len(weights)):
        return plain.dense_backward(dy, x, weights, dweights, dbiases, input_gradient=input_gradient)
    add_product(dy.T, x, dweights)
    dbiases += dy.sum(axis=0)
    if not input_gradient:
        return None
    if x.flags.c_contiguous:
        dx = np.zeros(x.shape, x.dtype)
        add_product(dy, weights, dx)
        return dx
    turned = np.zeros(x.shape[::-1], x.dtype)  # images were flattened, whose batch is last in memory
    add_product(weights.T, dy.T, turned)
    return turned.T


def suits(dtype: np.dtype[np.floating], *sizes: int) -> bool:
    """Tell whether products of such sizes are for the unit."""
    return AVAILABLE and dtype == np.float32 and min(sizes) >= LEAST and prod(sizes) >= WORTH_PACKING


def add_product(left: Floats, right: Floats, total: Floats) -> None:
    """Add left (M, K) times right (K, N) to total (M, N); any of the factors may be a transposed view."""
    terms = left.shape[1]
    left_along, right_along = left.flags.c_contiguous, right.flags.f_contiguous
    a = np.ascontiguousarray(left if left_along else left.T)
    b = np.ascontiguousarray(right.T if right_along else right)
    packed_left = aligned_tiles(ROWS // SIDE * TERMS // STEP)
    packed_right = aligned_tiles(BLOCK // SIDE * TERMS // STEP)
    lines = [lines_apart(*lines.shape, BLOCK) for lines in (a, b)]
    flat = (a.reshape(-1), left_along, lines[0], b.reshape(-1), right_along, lines[1])
    multiply(*flat, terms, total, packed_left, packed_right, STEPS)


@njit(nogil=True, cache=True)
def multiply(  # type: ignore[no-untyped-def]
    a, a_along, a_lines, b, b_along, b_lines, terms, total, left, right, steps
):
    """Add the product to total (M, N), block by block; lines of a factor run along the terms, or across them."""
    rows, columns = total.shape
    made, edge = total.reshape(-1), np.empty(BLOCK * BLOCK, np.float32)
    begin()
    for term in range(0, terms, TERMS):
        count = (min(TERMS, terms - term) + STEP - 1) // STEP
        for first in range(0, rows, ROWS):
            last = min(first + ROWS, rows)
            for row in range(first, last + -(last - first) % BLOCK, SIDE):
                for step in range(count):
                    k, place = term + step * STEP, ((row - first) // SIDE * count + step) * TILE
                    if a_along:
                        pack_left_along(a, k, a_lines, row, terms - k, left, place)
                    else:
                        pack_left_across(a, row, a_lines, k, rows - row, left, place)
            for column in range(0, columns, BLOCK):
                for half in range(2):
                    for step in range(count):
                        k, place = term + step * STEP, (half * count + step) * TILE
                        j = column + half * SIDE
                        if b_along:
                            pack_right_along(b, k, b_lines, j, terms - k, right, place)
                        else:
                            pack_right_across(b, j, b_lines, k, columns - j, right, place)
                for row in range(first, last, BLOCK):
                    upper, other = (row - first) // SIDE * count * TILE, count * TILE
                    if row + BLOCK <= rows and column + BLOCK <= columns:
                        place = row * columns + column
                        multiply_tiles(
                            *(count, left, upper, steps, other, right, 0, steps, other),
                            *(made, place, columns, made, place, columns),
                        )
                    else:
                        edge[:] = 0
                        multiply_tiles(
                            *(count, left, upper, steps, other, right, 0, steps, other),
                            *(edge, 0, BLOCK, edge, 0, BLOCK),
                        )
                        for p in range(min(BLOCK, rows - row)):
                            for q in range(min(BLOCK, columns - column)):
                                total[row + p, column + q] += edge[p * BLOCK + q]
    end()
