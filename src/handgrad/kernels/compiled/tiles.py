"""Products of small tiles that stay in the processor's vector registers, written one level below Numba.

Nearly all arithmetic of a convolution is one of two sums: over the taps of a window, or over the pixels of a batch.
Either is fast only if its results wait in registers until the sum is complete, which a compiler does not find by
itself; so these two loops are spelled out as vector instructions. Everything around them is ordinary Numba.
"""

import platform
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

from llvmlite import binding, ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

INDEX = ir.IntType(64)


def registers() -> tuple[int, int]:
    """Tell the bytes of a vector register of this processor, and how many there are."""
    features = binding.get_host_cpu_features()
    if features.get("avx512f"):
        return 64, 32
    if features.get("avx"):
        return 32, 16
    return 16, 32 if platform.machine() in ("arm64", "aarch64") else 16


REGISTER, _COUNT = registers()
VECTORS = 2
"""Vectors of pixels in a tile of `weigh_tile`."""
OUTPUTS = 8 if _COUNT == 32 else 4
"""Outputs of a tile of `weigh_tile`; with `VECTORS` vectors each, they fill half of the registers."""
ROWS, TAPS = 4, 4 if _COUNT == 32 else 2
"""Rows and taps of a tile of `correlate_tile`; one vector each, they fill half of the registers, too."""


class Vectors:
    """Writes instructions on vectors of the numbers of an array, which fill one register each."""

    def __init__(self, context: Any, builder: Any, array: Any) -> None:
        self.builder = builder
        self.number = context.get_value_type(array.dtype)
        self.itemsize = array.dtype.bitwidth // 8
        self.lanes = REGISTER // self.itemsize
        self.type = ir.VectorType(self.number, self.lanes)
        name = f"llvm.fma.v{self.lanes}f{array.dtype.bitwidth}"
        signature = ir.FunctionType(self.type, [self.type] * 3)
        self.fused = cgutils.get_or_insert_function(builder.module, signature, name)  # type: ignore[no-untyped-call]

    def at(self, pointer: Any, index: Any) -> Any:
        """Point to an element."""
        return self.builder.gep(pointer, [index if isinstance(index, ir.Value) else INDEX(index)])

    def number_at(self, pointer: Any, index: Any) -> Any:
        """Load one element."""
        return self.builder.load(self.at(pointer, index))

    def load(self, pointer: Any) -> Any:
        """Load a vector from anywhere."""
        vector = self.builder.load(self.builder.bitcast(pointer, self.type.as_pointer()))
        vector.align = self.itemsize
        return vector

    def store(self, vector: Any, pointer: Any) -> None:
        """Store a vector anywhere."""
        stored = self.builder.store(vector, self.builder.bitcast(pointer, self.type.as_pointer()))
        stored.align = self.itemsize

    def repeat(self, number: Any) -> Any:
        """Fill a vector with one number."""
        undefined, short = ir.Constant(self.type, ir.Undefined), ir.IntType(32)
        first = self.builder.insert_element(undefined, number, short(0))
        lanes = ir.Constant(ir.VectorType(short, self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(first, undefined, lanes)

    def add_product(self, total: Any, one: Any, other: Any) -> Any:
        """Give total + one · other."""
        return self.builder.call(self.fused, [one, other, total])

    def accumulate(
        self, totals: Sequence[Any], end: Any, step: int, body: Callable[[Any, Sequence[Any]], list[Any]]
    ) -> list[Any]:
        """Loop with an index from 0 in steps to below `end`, at least once; `body` gives the new totals."""
        builder = self.builder
        before, loop, after = builder.block, *map(builder.append_basic_block, ("loop", "after"))
        builder.branch(loop)
        builder.position_at_end(loop)
        index, running = builder.phi(INDEX), [builder.phi(self.type) for _ in totals]
        results = body(index, running)
        following = builder.add(index, INDEX(step))
        for phi, first, next_one in zip(
            [index, *running], [INDEX(0), *totals], [following, *results], strict=True
        ):
            phi.add_incoming(first, before)
            phi.add_incoming(next_one, loop)
        builder.cbranch(builder.icmp_signed("<", following, end), loop, after)
        builder.position_at_end(after)
        return results


def pointers(context: Any, builder: Any, types: Sequence[Any], arguments: Sequence[Any]) -> list[Any]:
    """Point into the arrays among the arguments of a tile, each of which is followed by the index to begin with."""
    arrays = range(1, len(arguments), 2)
    data = [context.make_array(types[i])(context, builder, arguments[i]).data for i in arrays]
    return [builder.gep(pointer, [arguments[i + 1]]) for pointer, i in zip(data, arrays, strict=True)]


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
    """Add Σ dy[rows[o] + v] · x[taps[t] + v] to sums[o, t], lanes apart, each array from an index on.

    Parameters
    ----------
    length : int64
        v goes from 0 to below it; a positive multiple of the lanes of a vector.
    dy, x : (…,) of float32 or float64
    rows, taps : (…,) of int64
        o goes from 0 to below ROWS, t to below TAPS.
    sums : (…,)
        ROWS · TAPS vectors are added to.
    place, row, start, tap, total : int64
        The index in the array before it that counts as 0.
    """
    signature = types.void(length, dy, place, rows, row, x, start, taps, tap, sums, total)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        length = arguments[0]
        v = Vectors(context, builder, signature.args[1])
        dy, rows, x, taps, sums = pointers(context, builder, signature.args, arguments)
        given = [v.at(dy, v.number_at(rows, o)) for o in range(ROWS)]
        seen = [v.at(x, v.number_at(taps, t)) for t in range(TAPS)]
        places = [v.at(sums, i * v.lanes) for i in range(ROWS * TAPS)]

        def add_pixels(index: Any, totals: Sequence[Any]) -> list[Any]:
            one = [v.load(v.at(pointer, index)) for pointer in given]
            other = [v.load(v.at(pointer, index)) for pointer in seen]
            pairs = product(one, other)
            return [v.add_product(total, *pair) for total, pair in zip(totals, pairs, strict=True)]

        totals = v.accumulate([v.load(pointer) for pointer in places], length, v.lanes, add_pixels)
        for total, pointer in zip(totals, places, strict=True):
            v.store(total, pointer)
        return context.get_dummy_value()

    return signature, generate
