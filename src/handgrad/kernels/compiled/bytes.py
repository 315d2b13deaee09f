"""A compiled dense layer of few outputs on bytes as they are: what `handgrad.kernels.bytes` computes.

Images are mostly background. Their bytes are looked at one vector at a time; where all are zero nothing is done, and
the others become floats once, near the processor, so that a pass over the data reads each byte once and writes no
float of it. Where the processor has a matrix unit for bytes, `unit_bytes.py` does all of it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from handgrad.kernels import bytes as plain
from handgrad.kernels.compiled import unit_bytes as unit
from handgrad.kernels.compiled.vectors import INDEX, REGISTER, Vectors, pointers
from handgrad.kernels.types import Floats

FEW = 10
"""Outputs, or examples, up to which looking at bytes is faster than making floats of them for a matrix product."""

LANES = REGISTER // 4
"""Numbers of single precision in a vector; inputs are looked at as many at a time."""

NEAR = 256
"""Examples of which a few columns fit a core's nearest cache."""


def suits(x: NDArray[np.uint8], outputs: int, dtype: np.dtype[Any]) -> bool:
    """Tell whether there is a faster way than making floats of bytes (N, I)."""
    return unit.suits(x, dtype) or (min(len(x), outputs) <= FEW and x.shape[1] % LANES == 0)


def dense(x: NDArray[np.uint8], divisor: float, weights: Floats, biases: Floats) -> Floats:
    """Weigh bytes as `handgrad.kernels.bytes.dense` does."""
    outputs, inputs = weights.shape
    if unit.suits(x, weights.dtype):
        return unit.weigh(np.ascontiguousarray(x), divisor, weights, biases)
    if min(outputs, len(x)) > FEW or inputs % LANES:
        return plain.dense(x, divisor, weights, biases)
    y = np.empty((len(x), outputs), weights.dtype)
    weigh_bytes(np.ascontiguousarray(x), y.dtype.type(1 / divisor), weights, biases, y)
    return y


def dense_backward(
    dy: Floats, x: NDArray[np.uint8], divisor: float, dweights: Floats, dbiases: Floats
) -> None:
    """Pass back as `handgrad.kernels.bytes.dense_backward` does."""
    outputs, inputs = dweights.shape
    if unit.suits(x, np.result_type(dy, dweights)):
        return unit.correlate(dy, np.ascontiguousarray(x), divisor, dweights, dbiases)
    if outputs > FEW or inputs % LANES:
        return plain.dense_backward(dy, x, divisor, dweights, dbiases)
    given = np.zeros((len(dy), FEW), dy.dtype)
    given[:, :outputs] = dy
    sums = np.zeros((FEW, inputs), dy.dtype)
    correlate_bytes(np.ascontiguousarray(x), given, sums)
    dweights += sums[:outputs] / dy.dtype.type(divisor)
    dbiases += dy.sum(axis=0)
    return None


@njit(nogil=True, cache=True)
def weigh_bytes(x, scale, weights, biases, y):  # type: ignore[no-untyped-def]
    """Fill y (N, O) from bytes x (N, I), times a scale, weights (O, I) and biases (O,)."""
    outputs, inputs = weights.shape
    seen, weighing = x.reshape(-1), weights.reshape(-1)
    places, floats = np.empty(inputs // LANES, np.int64), np.empty(inputs, weights.dtype)
    sums = np.empty(FEW, weights.dtype)
    for n in range(len(x)):
        count = 0
        for place in range(0, inputs, LANES):
            places[count] = place
            count += take_seen(seen, n * inputs + place, floats, count * LANES)
        count = max(count, 1)  # of nothing at all, the last piece, which is zero
        for first in range(0, outputs, FEW):
            weigh_seen(count, inputs, first, outputs - 1, places, 0, floats, 0, weighing, 0, sums, 0)
            for o in range(first, min(first + FEW, outputs)):
                y[n, o] = scale * sums[o - first] + biases[o]


@njit(nogil=True, cache=True)
def correlate_bytes(x, dy, sums):  # type: ignore[no-untyped-def]
    """Add dyᵀ x to sums (FEW, I), for bytes x (N, I) and dy (N, FEW), a few columns at a time."""
    lanes = REGISTER // dy.itemsize
    seen, given, made = x.reshape(-1), dy.reshape(-1), sums.reshape(-1)
    inputs = x.shape[1]
    for first in range(0, len(x), NEAR):
        count = min(NEAR, len(x) - first)
        for column in range(0, inputs, lanes):
            start = first * inputs + column
            correlate_column(count, inputs, seen, start, given, first * FEW, made, column)


def where_seen(
    v: Vectors, totals: Sequence[Any], pointer: Any, body: Callable[[Any], list[Any]]
) -> list[Any]:
    """Load bytes as a vector of numbers, and give what `body` makes of it; the totals as they are if all are zero."""
    builder = v.builder
    found = builder.load(builder.bitcast(pointer, v.bytes.as_pointer()))
    found.align = 1
    whole = ir.IntType(8 * v.lanes)
    before = builder.block
    with builder.if_then(builder.icmp_unsigned("!=", builder.bitcast(found, whole), whole(0))):
        results = body(builder.uitofp(found, v.type))
        inside = builder.block
    return v.merge([(totals, before), (results, inside)])


@intrinsic
def take_seen(typing: Any, x: Any, start: Any, floats: Any, place: Any) -> Any:
    """Write LANES bytes of x as numbers to floats, each from an index on, and tell whether any is not zero, 0 or 1.

    Parameters
    ----------
    x : (…,) of uint8
    floats : (…,) of float32 or float64
    start, place : int64
        The index in the array before it that counts as 0.
    """
    signature = types.int64(x, start, floats, place)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        v = Vectors(context, builder, signature.args[2])
        x, floats = pointers(context, builder, signature.args, arguments, 0)
        for lane in range(0, LANES, v.lanes):
            v.store(v.load_bytes(v.at(x, lane)), v.at(floats, lane))
        whole = ir.IntType(8 * LANES)
        found = builder.load(builder.bitcast(x, whole.as_pointer()))
        found.align = 1
        return builder.zext(builder.icmp_unsigned("!=", found, whole(0)), INDEX)

    return signature, generate


@intrinsic
def weigh_seen(
    typing: Any,
    count: Any,
    length: Any,
    first: Any,
    last: Any,
    places: Any,
    begin: Any,
    x: Any,
    start: Any,
    weights: Any,
    origin: Any,
    y: Any,
    place: Any,
) -> Any:
    """Write Σ weights[first + o, places[k] + v] · x[k, v] to y[o], for o below FEW, each array from an index on.

    Parameters
    ----------
    count : int64
        k goes from 0 to below it; at least 1.
    length : int64
        Rows of weights are this far apart.
    first, last : int64
        The first row of weights; where there are none behind the last, the last is taken again.
    places : (…,) of int64
    x : (…,)
        LANES numbers for each k, without gaps.
    weights, y : (…,), as x float32 or float64
    begin, start, origin, place : int64
        The index in the array before it that counts as 0.
    """
    signature = types.void(*(count, length, first, last, places, begin, x, start, weights, origin, y, place))

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        count, length, first, last = arguments[:4]
        v = Vectors(context, builder, signature.args[8])
        places, x, weights, y = pointers(context, builder, signature.args, arguments, 4)
        rows = []
        for o in range(FEW):
            row = builder.add(first, INDEX(o))
            row = builder.select(builder.icmp_signed("<", row, last), row, last)
            rows.append(v.at(weights, builder.mul(row, length)))

        def add_inputs(index: Any, totals: Sequence[Any]) -> list[Any]:
            numbers, begin = v.at(x, builder.mul(index, INDEX(LANES))), v.number_at(places, index)
            for lane in range(0, LANES, v.lanes):
                some = v.load(v.at(numbers, lane))
                weighing = v.load_each(rows, builder.add(begin, INDEX(lane)))
                totals = [v.add_product(t, w, some) for t, w in zip(totals, weighing, strict=True)]
            return list(totals)

        for o, total in enumerate(v.accumulate([v.zero()] * FEW, count, 1, add_inputs)):
            builder.store(v.sum(total), v.at(y, o))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def correlate_column(
    typing: Any,
    count: Any,
    length: Any,
    x: Any,
    start: Any,
    dy: Any,
    place: Any,
    sums: Any,
    first: Any,
) -> Any:
    """Add Σₙ dy[n, o] · x[n, v] to sums[o, v], each array from an index on.

    Parameters
    ----------
    count : int64
        n goes from 0 to below it.
    length : int64
        Rows of x and of sums are this far apart.
    x : (…,) of uint8
        v goes over one vector.
    dy : (…,)
        (N, FEW), without gaps.
    sums : (…,)
        Added to, for o from 0 to below FEW.
    start, place, first : int64
        The index in the array before it that counts as 0.
    """
    signature = types.void(count, length, x, start, dy, place, sums, first)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        count, length = arguments[:2]
        v = Vectors(context, builder, signature.args[4])
        x, dy, sums = pointers(context, builder, signature.args, arguments, 2)
        rows = [v.at(sums, builder.mul(length, INDEX(o))) for o in range(FEW)]

        def add_example(index: Any, totals: Sequence[Any]) -> list[Any]:
            given = v.at(dy, builder.mul(index, INDEX(FEW)))

            def weigh(numbers: Any) -> list[Any]:
                shares = [v.repeat(v.number_at(given, o)) for o in range(FEW)]
                return [v.add_product(t, share, numbers) for t, share in zip(totals, shares, strict=True)]

            return where_seen(v, totals, v.at(x, builder.mul(index, length)), weigh)

        v.store_each(v.accumulate(v.load_each(rows), count, 1, add_example), rows)
        return context.get_dummy_value()

    return signature, generate
