"""A dense layer on bytes, on the matrix unit: products of whole numbers, of which none is rounded.

The unit multiplies bytes by signed bytes and adds up in 32 bits. Examples are such bytes already. What they meet,
weights or gradients, is written as three digits of base 256, from −128 to 127, times one scale for all that belong to
an output, which keeps 23 bits of the largest of them; three exact sums of digits then make one sum of numbers.
"""

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from handgrad.kernels.compiled.digits import DIGITS, put_together, scale_of, write_digits
from handgrad.kernels.compiled.matrix_unit import (
    KNOWS_BYTES,
    ROW,
    SIDE,
    Unit,
    begin,
    data_of,
    end,
    rows_of_bytes,
)
from handgrad.kernels.compiled.packing import Packer
from handgrad.kernels.compiled.sums import ANY_ORDER
from handgrad.kernels.compiled.vectors import INDEX, fetch
from handgrad.kernels.types import Floats

QUAD = 4
"""Neighbours in a sum that lie side by side in a right factor."""

IN_TILE = SIDE * SIDE
"""Numbers of 32 bits in a tile."""

COLUMNS = 2 * SIDE
"""Columns of bytes that are worked on at a time in going back."""

NEAR = 2
"""Steps of as many examples as a row has bytes, in going back."""

FEWEST, MOST = 8, 65_536
"""Examples that are worth a tile; bytes of an example whose products with digits add up within 32 bits."""


def suits(x: NDArray[np.uint8], dtype: np.dtype[Any]) -> bool:
    """Tell whether bytes (N, I) are for the unit."""
    return KNOWS_BYTES and dtype == np.float32 and ROW <= x.shape[1] <= MOST and len(x) >= FEWEST


def weigh(x: NDArray[np.uint8], divisor: float, weights: Floats, biases: Floats) -> Floats:
    """Give (x / divisor) Wᵀ + b, (N, O)."""
    outputs, inputs = weights.shape
    right, scales = packed_weights(weights, divisor)
    y = np.empty((len(x), outputs), np.float32)
    last = np.zeros((SIDE, -(-inputs // ROW) * ROW), np.uint8)
    whole = (len(x) - 1) // SIDE * SIDE
    last[: len(x) - whole, :inputs] = x[whole:]  # behind these there may be nothing to read
    weigh_bytes(x, last, right, scales, biases, y)
    return y


def packed_weights(weights: Floats, divisor: float) -> tuple[NDArray[np.uint32], Floats]:
    """Give weights (O, I) for bytes / divisor as `weigh_bytes` takes them, in one row, and their scales."""
    outputs, inputs = weights.shape
    steps, blocks = -(-inputs // ROW), -(-outputs // SIDE)
    right, scales = (
        rows_of_bytes(blocks * steps * DIGITS * SIDE).view(np.uint32),
        np.zeros(blocks * SIDE, np.float32),
    )
    pack_weights(weights, weights.view(np.int32), right.reshape(blocks, steps, DIGITS, IN_TILE), scales)
    scales *= np.float32(1 / divisor)
    return right, scales


@njit(nogil=True, cache=True)
def pack_weights(weights, bits, right, scales):  # type: ignore[no-untyped-def]
    """Pack weights (O, I) as right factors (blocks of O, steps of I, digits, IN_TILE), and give their scales."""
    outputs, inputs = weights.shape
    length, flat = right.shape[1] * ROW, weights.reshape(-1)
    digits = np.zeros(SIDE * DIGITS * length, np.int8)
    quads, tiles = digits.view(np.uint32), right.reshape(-1)
    for block in range(len(right)):
        for row in range(SIDE):
            o = block * SIDE + row
            if o == outputs:
                digits[row * DIGITS * length :] = 0
                break
            scales[o], factor = scale_of(bits[o])
            for i in range(0, inputs, SIDE):
                place = row * DIGITS * length + i
                write_digits(flat, o * inputs + i, inputs - i, factor, digits, place, length)
        for step in range(right.shape[1]):
            for digit in range(DIGITS):
                start, place = (digit * length + step * ROW) // QUAD, (step * DIGITS + digit) * IN_TILE
                turn_tile(quads, start, DIGITS * length // QUAD, tiles, block * right[0].size + place)


@intrinsic
def turn_tile(typing: Any, x: Any, start: Any, pitch: Any, tiles: Any, place: Any) -> Any:
    """Transpose SIDE rows of as many words, `pitch` apart, to a tile."""
    signature = types.void(x, start, pitch, tiles, place)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, start, pitch, tiles, place = data_of(context, builder, signature.args, arguments)
        packer = Packer(builder)
        rows = [packer.load_words(x, builder.add(start, builder.mul(pitch, INDEX(r)))) for r in range(SIDE)]
        packer.store_tile(packer.turn(rows), tiles, place)
        return context.get_dummy_value()

    return signature, generate


@njit(nogil=True, cache=True)
def weigh_bytes(x, last, right, scales, starts, y):  # type: ignore[no-untyped-def]
    """Fill y (N, O) from bytes x (N, I), the last of which are in `last`, too, and packed weights."""
    count, outputs = y.shape
    inputs, width = x.shape[1], last.shape[1]
    steps = width // ROW
    seen, rest, made = x.reshape(-1), last.reshape(-1), y.reshape(-1)
    sums = rows_of_bytes(DIGITS * SIDE).view(np.int32)
    begin()
    for o in range(0, outputs, SIDE):
        tiles = o // SIDE * steps * DIGITS * IN_TILE
        for n in range(0, count, SIDE):
            if n + SIDE < count:
                weigh_block(steps, seen, n * inputs, inputs, right, tiles, sums)
            else:
                weigh_block(steps, rest, 0, width, right, tiles, sums)
            for p in range(min(SIDE, count - n)):
                place = (n + p) * outputs + o
                put_together(sums, p * SIDE, IN_TILE, scales, o, starts, o, made, place, 0, outputs - o)
    end()


@intrinsic
def weigh_block(
    typing: Any, steps: Any, x: Any, start: Any, pitch: Any, right: Any, place: Any, sums: Any
) -> Any:
    """Write the sums of 16 examples times each digit of 16 outputs to sums (DIGITS, SIDE, SIDE).

    Parameters
    ----------
    steps : int64
        Tiles of ROW bytes along the examples.
    x : (…,) of uint8
    start, pitch : int64
        Where the first example begins, and bytes from one to the next.
    right : (…,) of uint32
        Packed weights.
    place : int64
        Where those of these outputs begin.
    sums : (…,) of int32
    """
    signature = types.void(steps, x, start, pitch, right, place, sums)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        steps, x, start, pitch, right, place, sums = data_of(context, builder, signature.args, arguments)
        unit = Unit(builder)
        for digit in range(DIGITS):
            unit.zero(digit)
        with cgutils.for_range(builder, steps) as loop:
            bytes_ = builder.add(start, builder.mul(loop.index, INDEX(ROW)))
            unit.load(DIGITS, builder.gep(x, [bytes_]), 0, pitch)
            step = builder.add(place, builder.mul(loop.index, INDEX(DIGITS * IN_TILE)))
            for digit in range(DIGITS):
                unit.load(DIGITS + 1 + digit, builder.gep(right, [step]), digit * IN_TILE)
                unit.multiply(digit, DIGITS, DIGITS + 1 + digit, "tdpbusd")
        for digit in range(DIGITS):
            unit.store(digit, sums, digit * IN_TILE)
        return context.get_dummy_value()

    return signature, generate


def correlate(dy: Floats, x: NDArray[np.uint8], divisor: float, dweights: Floats, dbiases: Floats) -> None:
    """Add dyᵀ x / divisor to dweights (O, I), and Σₙ dy to dbiases (O,)."""
    count, outputs = dy.shape
    steps, blocks = -(-count // ROW), -(-outputs // SIDE)
    left = rows_of_bytes(blocks * steps * DIGITS * SIDE).view(np.int8)
    scales = np.zeros((blocks * SIDE, SIDE), np.float32)
    given = np.ascontiguousarray(dy.T)
    pack_gradients(
        given, given.view(np.int32), left.reshape(blocks, steps, DIGITS, SIDE, ROW), scales, dbiases
    )
    scales *= np.float32(1 / divisor)
    correlate_bytes(x, left, scales.reshape(-1), dweights, 0)


@njit(nogil=True, cache=True, fastmath=ANY_ORDER)
def pack_gradients(dy, bits, left, scales, dbiases):  # type: ignore[no-untyped-def]
    """Pack gradients (O, N) as left factors (blocks of O, steps of N, digits, SIDE, ROW); give scales and sums."""
    outputs, count = dy.shape
    flat, digits = dy.reshape(-1), left.reshape(-1)
    for o in range(outputs):
        scale, factor = scale_of(bits[o])
        scales[o] = scale
        total = np.float32(0)
        for n in range(count):
            total += dy[o, n]
        dbiases[o] += total
        for n in range(0, count, SIDE):
            place = ((o // SIDE * left.shape[1] + n // ROW) * DIGITS * SIDE + o % SIDE) * ROW + n % ROW
            write_digits(flat, o * count + n, count - n, factor, digits, place, SIDE * ROW)


@njit(nogil=True, cache=True)
def correlate_bytes(x, left, scales, dweights, ahead):  # type: ignore[no-untyped-def]
    """Add the sums of packed gradients times bytes x (N, I) to dweights (O, I).

    What lies `ahead` examples behind each is fetched from memory meanwhile.
    """
    count, inputs = x.shape
    steps, seen, made = (count + ROW - 1) // ROW, x.reshape(-1), dweights.reshape(-1)
    packed = rows_of_bytes(NEAR * 2 * SIDE).view(np.uint32)
    sums = rows_of_bytes(DIGITS * 2 * SIDE).view(np.int32)
    begin()
    for begun in range(0, steps, NEAR):  # some examples at a time, whose bytes stay in the cache
        some = min(NEAR, steps - begun)
        for column in range(0, inputs, COLUMNS):
            first = min(column, inputs - COLUMNS)  # the last columns may overlap with those before
            for n in range(begun * ROW, (begun + some) * ROW, QUAD):
                place = (n // ROW - begun) * 2 * IN_TILE + n % ROW // QUAD * SIDE
                one, two = min(n, count - 1) * inputs, min(n + 1, count - 1) * inputs
                three, four = min(n + 2, count - 1) * inputs, min(n + 3, count - 1) * inputs
                interleave(
                    seen, first + one, first + two, first + three, first + four, packed, place, ahead * inputs
                )
            for o in range(0, len(dweights), SIDE):
                given = (o * steps + begun * SIDE) * DIGITS * ROW
                correlate_block(some, left, given, packed, sums)
                for p in range(min(SIDE, len(dweights) - o)):
                    for half in range(2):
                        i = first + half * SIDE
                        place, skipped = (o + p) * inputs + i, min(SIDE, max(0, column - i))
                        put_together(
                            *(sums, (half * SIDE + p) * SIDE, 2 * IN_TILE, scales, (o + p) * SIDE),
                            *(made, place, made, place, skipped, SIDE),
                        )
    end()


@intrinsic
def interleave(
    typing: Any,
    x: Any,
    one: Any,
    two: Any,
    three: Any,
    four: Any,
    packed: Any,
    place: Any,
    ahead: Any,
) -> Any:
    """Write COLUMNS bytes of four examples, column by column, to one row of each of two tiles.

    What lies `ahead` bytes behind them is fetched from memory meanwhile; there may be nothing.
    """
    signature = types.void(x, one, two, three, four, packed, place, ahead)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, *rows, packed, place, ahead = data_of(context, builder, signature.args, arguments)
        short, long = (ir.VectorType(ir.IntType(8), size) for size in (COLUMNS, ROW))
        index = ir.VectorType(ir.IntType(32), ROW)

        def load(row: Any) -> Any:
            fetch(builder, builder.gep(x, [builder.add(row, ahead)]))
            loaded = builder.load(builder.bitcast(builder.gep(x, [row]), short.as_pointer()))
            loaded.align = 1
            return loaded

        whole = ir.Constant(index, list(range(ROW)))
        pairs = [builder.shuffle_vector(load(a), load(b), whole) for a, b in (rows[:2], rows[2:])]
        for half in range(2):
            order = [k * COLUMNS + half * SIDE + c for c in range(SIDE) for k in range(QUAD)]
            mixed = builder.shuffle_vector(*pairs, ir.Constant(index, order))
            target = builder.gep(packed, [builder.add(place, INDEX(half * IN_TILE))])
            builder.store(mixed, builder.bitcast(target, long.as_pointer())).align = 4
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def correlate_block(typing: Any, steps: Any, left: Any, place: Any, packed: Any, sums: Any) -> Any:
    """Write the sums of each digit of 16 outputs times two tiles of columns to sums (DIGITS, 2, SIDE, SIDE).

    Parameters
    ----------
    steps : int64
        Tiles of ROW examples.
    left : (…,) of int8
        Packed gradients.
    place : int64
        Where those of these outputs begin.
    packed : (…,) of uint32
        Interleaved bytes, two tiles a step.
    sums : (…,) of int32
    """
    signature = types.void(steps, left, place, packed, sums)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        steps, left, place, packed, sums = data_of(context, builder, signature.args, arguments)
        unit, gradients, columns = Unit(builder), 2 * DIGITS, 2 * DIGITS + 1
        for total in range(2 * DIGITS):
            unit.zero(total)
        with cgutils.for_range(builder, steps) as loop:
            given = builder.add(place, builder.mul(loop.index, INDEX(DIGITS * SIDE * ROW)))
            seen = builder.mul(loop.index, INDEX(2 * IN_TILE))
            for digit in range(DIGITS):
                unit.load(gradients, builder.gep(left, [given]), digit * SIDE * ROW)
                for half in range(2):
                    unit.load(columns, builder.gep(packed, [seen]), half * IN_TILE)
                    unit.multiply(2 * digit + half, gradients, columns, "tdpbsud")
        for total in range(2 * DIGITS):
            unit.store(total, sums, total * IN_TILE)
        return context.get_dummy_value()

    return signature, generate
