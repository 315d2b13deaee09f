"""The matrix unit that some processors have (Intel's AMX): products of whole tiles, one instruction each.

The unit multiplies bfloat16, the upper half of a float32, and adds up in float32. So a float32 is split into two such
halves, x ≈ high + low, which together keep 16 of its 24 bits, and a product is three: high·high + high·low + low·high
(Henry, Tang and Heinecke, "Leveraging the bfloat16 artificial intelligence datatype for higher-precision
computations", 2019). Sums come out within some 10⁻⁵ of their terms' size, several times as fast as vector registers
could do it.
"""

import ctypes
import platform
import sys
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.core import cgutils, codegen, config
from numba.extending import intrinsic
from numpy.typing import NDArray

from handgrad.kernels.choice import wanted
from handgrad.kernels.compiled.vectors import INDEX
from handgrad.kernels.memory import aligned

SIDE = 16
"""Rows of a tile, each of 64 bytes: 16 numbers of a sum, or 16 pairs of bfloat16."""
HIGH, LOW, TILE = 0, SIDE * SIDE, 2 * SIDE * SIDE
"""Where the high halves begin in a packed tile, where the low ones, and its length, in pairs."""
BLOCK = 2 * SIDE
"""Rows and columns that `multiply_tiles` computes at a time: two tiles each way."""
STEP = 2 * SIDE
"""Terms of a sum that one tile holds."""
ROW, PITCH = 64, INDEX(64)
"""Bytes in a row of a tile, and from one packed row to the next."""

_ARCH_PRCTL, _REQUEST_PERMISSION, _TILE_DATA = 158, 0x1023, 18


def _permitted(*features: str) -> bool:
    """Ask whether the unit is wanted, has these features, and is permitted to this process by the system."""
    if wanted() == "vectors" or sys.platform != "linux" or platform.machine() != "x86_64":
        return False
    told = getattr(config, "CPU_FEATURES", None)  # where Numba is to compile for another processor
    has = set((codegen.get_host_cpu_features() if told is None else told).split(","))  # type: ignore[no-untyped-call]
    if not {"+amx-tile", "+avx512f", "+avx512bw", *features} <= has:
        return False
    return ctypes.CDLL(None).syscall(_ARCH_PRCTL, _REQUEST_PERMISSION, _TILE_DATA) == 0


AVAILABLE, KNOWS_BYTES = _permitted("+amx-bf16"), _permitted("+amx-int8")


SHAPES = bytes([1, *[0] * 15, *[ROW, 0] * 8, *[0] * 16, *[SIDE] * 8, *[0] * 8])
"""What the unit is to be told first: eight tiles of 16 rows of 64 bytes."""


class Unit:
    """Writes the unit's instructions."""

    def __init__(self, builder: Any) -> None:
        self.builder = builder

    def call(self, name: str, *arguments: Any) -> None:
        """Call one of LLVM's names for an instruction."""
        signature = ir.FunctionType(ir.VoidType(), [argument.type for argument in arguments])
        name = f"llvm.x86.{name}"
        self.builder.call(
            cgutils.get_or_insert_function(self.builder.module, signature, name),  # type: ignore[no-untyped-call]
            arguments,
        )

    def at(self, pointer: Any, index: int | Any) -> Any:
        """Point to the bytes of an element."""
        element = self.builder.gep(pointer, [INDEX(index) if isinstance(index, int) else index])
        return self.builder.bitcast(element, ir.IntType(8).as_pointer())

    def load(self, tile: int, pointer: Any, index: int | Any, pitch: Any = PITCH) -> None:
        """Load a tile whose rows are so many bytes apart."""
        self.call("tileloadd64", ir.IntType(8)(tile), self.at(pointer, index), pitch)

    def store(self, tile: int, pointer: Any, index: int | Any, pitch: Any = PITCH) -> None:
        """Store a tile in rows that are so many bytes apart."""
        self.call("tilestored64", ir.IntType(8)(tile), self.at(pointer, index), pitch)

    def zero(self, tile: int) -> None:
        """Fill a tile with zeros."""
        self.call("tilezero", ir.IntType(8)(tile))

    def multiply(self, total: int, left: int, right: int, name: str = "tdpbf16ps") -> None:
        """Add the product of two tiles to a third."""
        self.call(name, *map(ir.IntType(8), (total, left, right)))


def data_of(context: Any, builder: Any, types: Any, arguments: Any) -> list[Any]:
    """Point to the numbers of each argument that is an array; other arguments are given as they are."""
    return [
        context.make_array(kind)(context, builder, argument).data if hasattr(kind, "dtype") else argument
        for kind, argument in zip(types, arguments, strict=True)
    ]


@intrinsic
def begin(typing: Any) -> Any:
    """Tell the unit of this thread the SHAPES of its tiles; `end` must follow."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        told = ir.Constant(ir.ArrayType(ir.IntType(8), len(SHAPES)), bytearray(SHAPES))
        place = cgutils.global_constant(builder, "shapes_of_tiles", told)  # type: ignore[no-untyped-call]
        Unit(builder).call("ldtilecfg", builder.bitcast(place, ir.IntType(8).as_pointer()))
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def end(typing: Any) -> Any:
    """Let the unit of this thread rest, so that there is less to keep when threads change."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        Unit(builder).call("tilerelease")
        return context.get_dummy_value()

    return types.void(), generate


def _multiplying(down: int, across: int, name: str) -> Any:
    """Make the function that computes so many tiles of sums at a time, four together."""

    def multiply(
        typing: Any,
        count: Any,
        left: Any,
        first: Any,
        left_steps: Any,
        lower: Any,
        right: Any,
        start: Any,
        right_steps: Any,
        further: Any,
        starts: Any,
        origin: Any,
        pitch: Any,
        sums: Any,
        place: Any,
        stride: Any,
    ) -> Any:
        signature = types.void(
            *(count, left, first, left_steps, lower, right, start, right_steps, further),
            *(starts, origin, pitch, sums, place, stride),
        )

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            count, left, first, left_steps, lower, right, start, right_steps, further, *rest = data_of(
                context, builder, signature.args, arguments
            )
            starts, origin, pitch, sums, place, stride = rest
            unit = Unit(builder)
            totals = list(product(range(down), range(across)))
            rows = range(len(totals), len(totals) + down)
            columns = range(rows.stop, 2 * len(totals))

            def move(method: Any, block: Any, corner: Any, distance: Any) -> None:
                for total, (row, column) in enumerate(totals):
                    index = builder.add(corner, builder.mul(distance, INDEX(SIDE * row)))
                    method(
                        total,
                        block,
                        builder.add(index, INDEX(SIDE * column)),
                        builder.mul(distance, INDEX(4)),
                    )

            def tiles(index: Any, steps: Any, tiles: Any, place: Any, apart: Any, number: int) -> list[Any]:
                offset = builder.add(builder.load(builder.gep(steps, [index])), place)
                return [
                    builder.gep(tiles, [builder.add(offset, builder.mul(apart, INDEX(k)))])
                    for k in range(number)
                ]

            move(unit.load, starts, origin, pitch)
            with cgutils.for_range(builder, count) as loop:
                lefts = tiles(loop.index, left_steps, left, first, lower, down)
                rights = tiles(loop.index, right_steps, right, start, further, across)
                held: dict[int, tuple[int, int]] = {}

                def load(register: int, number: int, pointer: Any, half: int) -> int:
                    if held.get(register) != (number, half):
                        unit.load(register, pointer, half)
                        held[register] = number, half
                    return register

                for some in range(0, across, len(columns)):  # as many columns as there are registers left
                    for one, other in ((HIGH, LOW), (HIGH, HIGH), (LOW, HIGH)):  # halves of left and right
                        for row in range(down):
                            load(rows[row], row, lefts[row], one)
                        for column in range(some, min(some + len(columns), across)):
                            load(columns[column - some], column, rights[column], other)
                        for row in range(down):
                            for column in range(some, min(some + len(columns), across)):
                                unit.multiply(row * across + column, rows[row], columns[column - some])
            move(unit.store, sums, place, stride)
            return context.get_dummy_value()

        return signature, generate

    multiply.__name__ = multiply.__qualname__ = name
    multiply.__doc__ = f"""Write starts + Σₛ left[s] · right[s] to sums; left is {down} tiles, right {across}.

    Parameters
    ----------
    count : int64
        s goes from 0 to below it.
    left, right : (…,) of uint32
        Packed tiles.
    left_steps, right_steps : (…,) of int64
        How far behind `first`, or `start`, the tiles of step s lie.
    lower, further : int64
        From the tile of the first rows to that of the next; from that of the first columns to the next.
    starts, sums : (…,) of float32
        As many rows and columns as the tiles have.
    origin, place : int64
        Where those begin.
    pitch, stride : int64
        Numbers from one row to the next.
    """
    return intrinsic(multiply)


multiply_tiles = _multiplying(2, 2, "multiply_tiles")
multiply_row_of_tiles = _multiplying(1, 4, "multiply_row_of_tiles")


@njit(nogil=True, cache=True)
def rows_of_bytes(count):  # type: ignore[no-untyped-def]
    """Make room for so many rows of a tile, zeros, each of which is one line of the cache.

    The unit loads rows that lie in two lines at half the rate.
    """
    room = np.zeros((count + 1) * ROW, np.uint8)
    first = -room.ctypes.data % ROW
    return room[first : first + count * ROW]


def aligned_tiles(count: int) -> NDArray[np.uint32]:
    """Make room for packed tiles, each row of which is one line of the cache."""
    return aligned(count * TILE, np.uint32, np.empty)


@lru_cache
def lines_apart(count: int, distance: int, multiple: int) -> NDArray[np.int64]:
    """Tell where each of so many lines begins; those that fill up a multiple begin below 0, and are not there."""
    starts = np.full(-(-count // multiple) * multiple, -1, np.int64)
    starts[:count] = np.arange(count) * distance
    return starts
