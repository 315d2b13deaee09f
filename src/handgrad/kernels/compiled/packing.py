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
SHORTS, BYTES = ir.VectorType(SHORT, SIDE), ir.VectorType(ir.IntType(8), SIDE)


class Lanes:
    """Writes instructions on vectors of 16 numbers, of which some may be missing."""

    def __init__(self, builder: Any) -> None:
        self.builder = builder

    def words(self, value: int) -> Any:
        """Fill a vector with one whole number."""
        return ir.Constant(WORDS, [value] * SIDE)

    def floats(self, value: float) -> Any:
        """Fill a vector with one number."""
        return ir.Constant(FLOATS, [value] * SIDE)

    def between(self, first: Any, end: Any) -> Any:
        """Choose the lanes from one number to below another."""
        b, lanes = self.builder, ir.Constant(WORDS, list(range(SIDE)))
        undefined = ir.Constant(WORDS, ir.Undefined)
        bounds = [
            b.shuffle_vector(
                b.insert_element(undefined, b.trunc(bound, WORD), WORD(0)), undefined, self.words(0)
            )
            for bound in (first, end)
        ]
        return b.and_(b.icmp_signed(">=", lanes, bounds[0]), b.icmp_signed("<", lanes, bounds[1]))

    def call(self, name: str, result: Any, *arguments: Any) -> Any:
        """Call one of LLVM's functions."""
        signature = ir.FunctionType(result, [argument.type for argument in arguments])
        return self.builder.call(
            cgutils.get_or_insert_function(self.builder.module, signature, name),  # type: ignore[no-untyped-call]
            arguments,
        )

    def load(self, x: Any, offset: Any, wanted: Any) -> Any:
        """Load the lanes that are wanted, and zeros for the others."""
        there = self.builder.gep(x, [offset])
        return self.call("llvm.masked.load.v16f32.p0", FLOATS, there, WORD(4), wanted, self.floats(0.0))

    def store(self, numbers: Any, x: Any, offset: Any, wanted: Any) -> None:
        """Store the lanes that are wanted."""
        there = self.builder.gep(x, [offset])
        self.call("llvm.masked.store.v16f32.p0", ir.VoidType(), numbers, there, WORD(4), wanted)

    def load_words(self, x: Any, offset: Any) -> Any:
        """Load 16 whole numbers."""
        loaded = self.builder.load(self.builder.bitcast(self.builder.gep(x, [offset]), WORDS.as_pointer()))
        loaded.align = 4
        return loaded

    def store_bytes(self, words: Any, x: Any, offset: Any) -> None:
        """Store the lowest byte of each lane."""
        target = self.builder.bitcast(self.builder.gep(x, [offset]), BYTES.as_pointer())
        self.builder.store(self.builder.trunc(words, BYTES), target).align = 1

    def repeat(self, number: Any) -> Any:
        """Fill a vector with one number."""
        undefined = ir.Constant(FLOATS, ir.Undefined)
        first = self.builder.insert_element(undefined, number, WORD(0))
        return self.builder.shuffle_vector(first, undefined, self.words(0))

    def rounded(self, numbers: Any) -> Any:
        """Round numbers, to even ones where they lie between, and give them as whole ones."""
        return self.builder.fptosi(self.call("llvm.nearbyint.v16f32", FLOATS, numbers), WORDS)

    def add_product(self, total: Any, one: Any, other: Any) -> Any:
        """Give total + one · other."""
        return self.call("llvm.fmuladd.v16f32", FLOATS, one, other, total)


class Packer(Lanes):
    """Writes instructions that split numbers into halves, and pair them."""

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

    def store_tile(self, rows: Sequence[Any], tiles: Any, place: Any, half: int = 0) -> None:
        """Store 16 vectors of words as a tile."""
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
                place = builder.add(builder.add(start, offset), INDEX(skipped))
                return p.load(x, place, p.between(INDEX(0), count))

            for half in (HIGH, LOW):
                rows = []
                for row in range(SIDE):
                    places = [(row, 0), (row, SIDE)] if along else [(2 * row, 0), (2 * row + 1, 0)]
                    halves = [p.half(numbers(*place), low=half == LOW) for place in places]
                    rows.append((p.pair_along if along else p.pair_across)(*halves))
                p.store_tile(p.turn(rows) if turned else rows, tiles, place, half)
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
