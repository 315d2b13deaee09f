"""Products of small tiles whose sums wait in the processor's vector registers until they are complete.

Nearly all arithmetic of a convolution is one of two sums: over the taps of a window, or over the pixels of a batch.
"""

from collections.abc import Sequence
from itertools import product
from typing import Any

from numba import types
from numba.extending import intrinsic

from handgrad.kernels.compiled.vectors import INDEX, REGISTERS, Vectors, pointers

VECTORS = 2
"""Vectors of pixels in a tile of `weigh_tile`."""
OUTPUTS = 8 if REGISTERS == 32 else 4
"""Outputs of a tile of `weigh_tile`; with `VECTORS` vectors each, they fill half of the registers."""
ROWS, TAPS = 4, 4 if REGISTERS == 32 else 2
"""Rows and taps of a tile of `correlate_tile`; one vector each, they fill half of the registers, too."""


@intrinsic
def weigh_tile(
    typing: Any,
    count: Any,
    x: Any,
    start: Any,
    taps: Any,
    tap: Any,
    weights: Any,
    weight: Any,
    biases: Any,
    bias: Any,
    y: Any,
    place: Any,
    rows: Any,
    row: Any,
) -> Any:
    """Write biases[o] + Σ weights[t, o] · x[taps[t] + v] to y[rows[o] + v], each array from an index on.

    Parameters
    ----------
    count : int64
        t goes from 0 to below it, at least to 1.
    x, weights, biases : (…,) of float32 or float64
        o goes from 0 to below OUTPUTS.
    taps, rows : (…,) of int64
        Where two rows are equal, what belongs to the first of them is written last, and stays.
    y : (…,)
        VECTORS vectors are written in each row.
    start, tap, weight, bias, place, row : int64
        The index in the array before it that counts as 0.
    """
    signature = types.void(count, x, start, taps, tap, weights, weight, biases, bias, y, place, rows, row)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        count = arguments[0]
        v = Vectors(context, builder, signature.args[1])
        x, taps, weights, biases, y, rows = pointers(context, builder, signature.args, arguments)
        starts = [v.repeat(v.number_at(biases, o)) for o in range(OUTPUTS)]

        def add_tap(tap: Any, totals: Sequence[Any]) -> list[Any]:
            pixels = v.at(x, v.number_at(taps, tap))
            seen = [v.load(v.at(pixels, i * v.lanes)) for i in range(VECTORS)]
            first = v.at(weights, builder.mul(tap, INDEX(OUTPUTS)))
            weighing = [v.repeat(v.number_at(first, o)) for o in range(OUTPUTS)]
            pairs = product(weighing, seen)
            return [v.add_product(total, *pair) for total, pair in zip(totals, pairs, strict=True)]

        totals = [start for start in starts for _ in range(VECTORS)]
        totals = v.accumulate(totals, count, 1, add_tap)
        for o, i in reversed(list(product(range(OUTPUTS), range(VECTORS)))):
            line = v.at(y, v.number_at(rows, o))
            v.store(totals[o * VECTORS + i], v.at(line, i * v.lanes))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def correlate_tile(
    typing: Any,
    count: Any,
    step: Any,
    length: Any,
    dy: Any,
    place: Any,
    rows: Any,
    row: Any,
    x: Any,
    start: Any,
    taps: Any,
    tap: Any,
    sums: Any,
    total: Any,
) -> Any:
    """Add Σ dy[rows[o] + r · length + v] · x[taps[t] + r · step + v] to sums[o, t], lanes apart.

    Parameters
    ----------
    count : int64
        r, the number of a run, goes from 0 to below it.
    step : int64
        From one run to the next in x; in dy they follow each other.
    length : int64
        v goes from 0 to below it; at least the lanes of a vector.
    dy, x : (…,) of float32 or float64
    rows, taps : (…,) of int64
        o goes from 0 to below ROWS, t to below TAPS.
    sums : (…,)
        ROWS · TAPS vectors are added to.
    place, row, start, tap, total : int64
        The index in the array before it that counts as 0.
    """
    signature = types.void(count, step, length, dy, place, rows, row, x, start, taps, tap, sums, total)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        count, step, length = arguments[:3]
        v = Vectors(context, builder, signature.args[3])
        dy, rows, x, taps, sums = pointers(context, builder, signature.args, arguments, 3)
        given = [v.at(dy, v.number_at(rows, o)) for o in range(ROWS)]
        seen = [v.at(x, v.number_at(taps, t)) for t in range(TAPS)]
        places = [v.at(sums, i * v.lanes) for i in range(ROWS * TAPS)]

        def add(totals: Sequence[Any], one: Sequence[Any], other: Sequence[Any]) -> list[Any]:
            pairs = product(one, other)
            return [v.add_product(total, *pair) for total, pair in zip(totals, pairs, strict=True)]

        rest = builder.urem(length, INDEX(v.lanes))
        # the vectors that end with the run, of which those numbers count 0 that were added already
        last = builder.sub(length, INDEX(v.lanes))
        added = v.repeat(builder.sitofp(builder.sub(INDEX(v.lanes), rest), v.number))

        def add_run(run: Any, totals: Sequence[Any]) -> list[Any]:
            one = [v.at(pointer, builder.mul(run, length)) for pointer in given]
            other = [v.at(pointer, builder.mul(run, step)) for pointer in seen]

            def add_pixels(index: Any, totals: Sequence[Any]) -> list[Any]:
                return add(totals, v.load_each(one, index), v.load_each(other, index))

            totals = v.accumulate(totals, builder.sub(length, rest), v.lanes, add_pixels)
            before = builder.block
            with builder.if_then(builder.icmp_signed("!=", rest, INDEX(0))):
                news = [v.where(">=", v.numbers(), added, d, v.zero()) for d in v.load_each(one, last)]
                completed = add(totals, news, v.load_each(other, last))
                inside = builder.block
            return v.merge([(totals, before), (completed, inside)])

        v.store_each(v.accumulate(v.load_each(places), count, 1, add_run), places)
        return context.get_dummy_value()

    return signature, generate
