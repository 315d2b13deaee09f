"""Numbers written in three digits of base 256, from −128 to 127, and put together from the sums of their digits."""

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

from handgrad.kernels.compiled.matrix_unit import data_of
from handgrad.kernels.compiled.packing import Lanes
from handgrad.kernels.compiled.vectors import INDEX

DIGITS, LARGEST = 3, 0x7F7F00
"""Digits of a number, and the largest number that surely has so many, however its scale was rounded."""


@njit(nogil=True, cache=True, error_model="numpy")
def scale_of(bits):  # type: ignore[no-untyped-def]
    """Choose what numbers, given as their bits, are divided by before they are written in digits; and its inverse.

    Without their sign, the bits of numbers are in the order of the numbers; infinity and NaN come last. Numbers that
    are all smaller than some 10⁻³² count as 0.
    """
    largest = np.int32(0)
    for i in range(len(bits)):
        largest = max(largest, np.int32(bits[i] & np.int32(0x7FFFFFFF)))
    scale = np.full(1, largest).view(np.float32)[0] / np.float32(LARGEST)
    inverse = np.float32(1) / scale
    return scale, inverse if 0 < inverse < np.inf else np.float32(0)


@intrinsic
def write_digits(
    typing: Any, x: Any, start: Any, count: Any, factor: Any, digits: Any, place: Any, apart: Any
) -> Any:
    """Write up to SIDE numbers times a factor, rounded, in digits, the highest first and the others `apart` behind.

    Parameters
    ----------
    x : (…,) of float32
    start, count : int64
        The first number, and how many there are; any further ones of the vector are written as 0.
    factor : float32
    digits : (…,) of int8
    place, apart : int64
    """
    signature = types.void(x, start, count, factor, digits, place, apart)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, start, count, factor, digits, place, apart = data_of(context, builder, signature.args, arguments)
        lanes = Lanes(builder)
        numbers = lanes.load(x, start, lanes.between(INDEX(0), count))
        whole = lanes.rounded(builder.fmul(numbers, lanes.repeat(factor)))
        for digit in reversed(range(DIGITS)):
            near = builder.add(whole, lanes.words(128))
            last = builder.sub(builder.and_(near, lanes.words(255)), lanes.words(128))
            lanes.store_bytes(last, digits, builder.add(place, builder.mul(apart, INDEX(digit))))
            whole = builder.ashr(near, lanes.words(8))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def put_together(
    typing: Any,
    sums: Any,
    first: Any,
    apart: Any,
    scales: Any,
    scale: Any,
    starts: Any,
    start: Any,
    made: Any,
    place: Any,
    skipped: Any,
    count: Any,
) -> Any:
    """Write starts[q] + scales[q] · the number whose digits were summed to made[q], each array from an index on.

    Parameters
    ----------
    sums : (…,) of int32
        The sums of the highest digits from `first` on; those of the others `apart` behind.
    scales, starts, made : (…,) of float32
    skipped, count : int64
        q goes from `skipped` to below `count`, within SIDE.
    """
    signature = types.void(sums, first, apart, scales, scale, starts, start, made, place, skipped, count)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        sums, first, apart, scales, scale, starts, start, made, place, skipped, count = data_of(
            context, builder, signature.args, arguments
        )
        lanes = Lanes(builder)
        total = lanes.floats(0.0)
        for digit, weight in enumerate((65536.0, 256.0, 1.0)):
            index = builder.add(first, builder.mul(apart, INDEX(digit)))
            total = lanes.add_product(
                total, builder.sitofp(lanes.load_words(sums, index), total.type), lanes.floats(weight)
            )
        wanted = lanes.between(skipped, count)
        begun = lanes.load(starts, start, wanted)
        result = lanes.add_product(begun, total, lanes.load(scales, scale, wanted))
        lanes.store(result, made, place, wanted)
        return context.get_dummy_value()

    return signature, generate
