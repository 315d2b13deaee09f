"""Packs float32 into tiles of the matrix unit: halves of numbers, paired along the sum.

A tile of the left factor holds 16 rows of 32 terms; one of the right factor 16 columns of 32 terms, term by term in
pairs. What is packed are *lines*, runs of numbers that lie side by side in memory. They run along the terms of the
sum, or across them; where the unit wants it the other way, a tile is turned in registers.
"""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from handgrad.kernels.compiled.matrix_unit import HIGH, LOW, SIDE, data_of
from handgrad.kernels.compiled.vectors import INDEX

WORD, SHORT, FLOAT = ir.IntType(32), ir.IntType(16), ir.FloatType()
FLOATS, WORDS = ir.VectorType(FLOAT, SIDE), ir.VectorType(WORD, SIDE)
SHORTS, MANY_SHORTS = ir.VectorType(SHORT, SIDE), ir.VectorType(SHORT, 2 * SIDE)
MASK = ir.VectorType(ir.IntType(1), SIDE)


class Packer:
    """Writes instructions that load numbers, split them into halves, and pair them."""

    def __init__(self, builder: Any) -> None:
        self.builder = builder
        name = "llvm.masked.load.v16f32.p0"
        signature = ir.FunctionType(FLOATS, [FLOAT.as_pointer(), WORD, MASK, FLOATS])
        self.masked = cgutils.get_or_insert_function(builder.module, signature, name)  # type: ignore[no-untyped-call]

    def words(self, value: int) -> Any:
        """Fill a vector with one whole number."""
        return ir.Constant(WORDS, [value] * SIDE)

    def load(self, x: Any, offset: Any, count: Any) -> Any:
        """Load `count` numbers, and zeros up to 16."""
        b = self.builder
        lanes = ir.Constant(WORDS, list(range(SIDE)))
        undefined = ir.Constant(WORDS, ir.Undefined)
        first = b.insert_element(undefined, b.trunc(count, WORD), WORD(0))
        mask = b.icmp_signed("<", lanes, b.shuffle_vector(first, undefined, self.words(0)))
        zeros = ir.Constant(FLOATS, [0.0] * SIDE)
        return b.call(self.masked, [b.gep(x, [offset]), WORD(4), mask, zeros])

    def half(self, numbers: Any, low: bool) -> Any:
        """Round to bfloat16, in the upper half of each lane; or what is left after that, rounded likewise."""
        b = self.builder
        bits = b.add(b.bitcast(numbers, WORDS), self.words(0x8000))
        if not low:
            return bits
        high = b.bitcast(b.and_(bits, self.words(0xFFFF0000)), FLOATS)
        return self.half(b.fsub(numbers, high), low=False)

    def pair_along(self, one: Any, two: Any) -> Any:
        """Pair the neighbours in 32 numbers, which are two vectors of halves."""
        b = self.builder
        shorts = [b.trunc(b.lshr(v, self.words(16)), SHORTS) for v in (one, two)]
        order = ir.Constant(ir.VectorType(WORD, 2 * SIDE), list(range(2 * SIDE)))
        return b.bitcast(b.shuffle_vector(*shorts, order), WORDS)

    def pair_across(self, one: Any, two: Any) -> Any:
        """Pair the numbers of one vector of halves with those of another."""
        b = self.builder
        return b.or_(b.lshr(one, self.words(16)), b.and_(two, self.words(0xFFFF0000)))

    def turn(self, rows: Sequence[Any]) -> list[Any]:
        """Transpose 16 vectors: swap blocks of 8, of 4, of 2, and single lanes."""
        rows, size = list(rows), SIDE // 2
        while size:
            low = [lane if not lane & size else SIDE + (lane ^ size) for lane in range(SIDE)]
            high = [lane | size if not lane & size else SIDE + lane for lane in range(SIDE)]
            for i in range(SIDE):
                if not i & size:
                    pair = rows[i], rows[i + size]
                    rows[i], rows[i + size] = (
                        self.builder.shuffle_vector(*pair, ir.Constant(WORDS, order)) for order in (low, high)
                    )
            size //= 2
        return rows

    def store(self, rows: Sequence[Any], tiles: Any, place: Any, half: int) -> None:
        """Store a tile of pairs."""
        b = self.builder
        for number, row in enumerate(rows):
            index = b.add(place, INDEX(half + number * SIDE))
            stored = b.store(row, b.bitcast(b.gep(tiles, [index]), WORDS.as_pointer()))
            stored.align = 4


def _packing(along: bool, turned: bool, name: str, does: str) -> Any:
    def pack(
        typing: Any, x: Any, start: Any, lines: Any, line: Any, length: Any, tiles: Any, place: Any
    ) -> Any:
        signature = types.void(x, start, lines, line, length, tiles, place)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            x, start, lines, line, length, tiles, place = data_of(context, builder, signature.args, arguments)
            p = Packer(builder)

            def numbers(which: int, skipped: int) -> Any:
                offset = builder.load(builder.gep(lines, [builder.add(line, INDEX(which))]))
                there = builder.icmp_signed(">=", offset, INDEX(0))
                count = builder.select(there, builder.sub(length, INDEX(skipped)), INDEX(0))
                return p.load(x, builder.add(builder.add(start, offset), INDEX(skipped)), count)

            for half in (HIGH, LOW):
                rows = []
                for row in range(SIDE):
                    places = [(row, 0), (row, SIDE)] if along else [(2 * row, 0), (2 * row + 1, 0)]
                    halves = [p.half(numbers(*place), low=half == LOW) for place in places]
                    rows.append((p.pair_along if along else p.pair_across)(*halves))
                p.store(p.turn(rows) if turned else rows, tiles, place, half)
            return context.get_dummy_value()

        return signature, generate

    pack.__name__ = pack.__qualname__ = name
    pack.__doc__ = f"""{does}

    Parameters
    ----------
    x : (…,) of float32
    start : int64
    lines : (…,) of int64
        How far behind `start` each line begins; one that begins below 0 counts as zeros.
    line : int64
        The first line of the tile.
    length : int64
        Numbers that a line still has; those beyond count as zeros.
    tiles : (…,) of uint32
    place : int64
        Where the packed tile goes.
    """
    return intrinsic(pack)


pack_left_along = _packing(
    True, False, "pack_left_along", "Pack 16 lines, each a row of the left factor, of up to 32 terms."
)
pack_left_across = _packing(
    False, True, "pack_left_across", "Pack 32 lines, each a term of up to 16 rows of the left factor."
)
pack_right_along = _packing(
    True, True, "pack_right_along", "Pack 16 lines, each a column of the right factor, of up to 32 terms."
)
pack_right_across = _packing(
    False, False, "pack_right_across", "Pack 32 lines, each a term of up to 16 columns of the right factor."
)
