"""Vector instructions, one level below Numba.

A loop is fast only if its results wait in vector registers until they are complete. Where a compiler does not find
that by itself, the loop is spelled out with what is here; everything around it is ordinary Numba.
"""

import platform
from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import binding, ir  # type: ignore[import-untyped]
from numba.core import cgutils

INDEX = ir.IntType(64)


def registers() -> tuple[int, int]:
    """Tell the bytes of a vector register of this processor, and how many there are."""
    features = binding.get_host_cpu_features()
    if features.get("avx512f"):
        return 64, 32
    if features.get("avx"):
        return 32, 16
    return 16, 32 if platform.machine() in ("arm64", "aarch64") else 16


REGISTER, REGISTERS = registers()


class Vectors:
    """Writes instructions on vectors of the numbers of an array, which fill one register each."""

    def __init__(self, context: Any, builder: Any, array: Any) -> None:
        self.builder = builder
        self.number = context.get_value_type(array.dtype)
        self.itemsize = array.dtype.bitwidth // 8
        self.lanes = REGISTER // self.itemsize
        self.type = ir.VectorType(self.number, self.lanes)
        self.bytes = ir.VectorType(ir.IntType(8), self.lanes)
        name = f"llvm.fmuladd.v{self.lanes}f{array.dtype.bitwidth}"
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

    def load_each(self, pointers: Sequence[Any], index: int | Any = 0) -> list[Any]:
        """Load a vector from an index on behind each pointer."""
        return [self.load(self.at(pointer, index)) for pointer in pointers]

    def store_each(self, vectors: Sequence[Any], pointers: Sequence[Any]) -> None:
        """Store each vector where its pointer says."""
        for vector, pointer in zip(vectors, pointers, strict=True):
            self.store(vector, pointer)

    def load_bytes(self, pointer: Any) -> Any:
        """Load as many bytes as a vector has lanes, as a vector of numbers."""
        bytes_ = self.builder.load(self.builder.bitcast(pointer, self.bytes.as_pointer()))
        bytes_.align = 1
        return self.builder.uitofp(bytes_, self.type)

    def store_bytes(self, vector: Any, pointer: Any) -> None:
        """Store a vector of whole numbers from 0 to 255 as bytes."""
        bytes_ = self.builder.fptoui(vector, self.bytes)
        stored = self.builder.store(bytes_, self.builder.bitcast(pointer, self.bytes.as_pointer()))
        stored.align = 1

    def where(self, comparison: str, one: Any, other: Any, then: Any, otherwise: Any) -> Any:
        """Choose in each lane by comparing two vectors; a comparison with what is no number is false."""
        return self.builder.select(self.builder.fcmp_ordered(comparison, one, other), then, otherwise)

    def repeat(self, number: Any) -> Any:
        """Fill a vector with one number."""
        undefined, short = ir.Constant(self.type, ir.Undefined), ir.IntType(32)
        first = self.builder.insert_element(undefined, number, short(0))
        lanes = ir.Constant(ir.VectorType(short, self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(first, undefined, lanes)

    def zero(self) -> Any:
        """Give the vector of zeros."""
        return ir.Constant(self.type, [0.0] * self.lanes)

    def numbers(self) -> Any:
        """Give the vector of 0, 1, 2, …"""
        return ir.Constant(self.type, [float(lane) for lane in range(self.lanes)])

    def sum(self, vector: Any) -> Any:
        """Add up the lanes: the upper half to the lower, until one is left."""
        lanes = self.lanes
        while lanes > 1:
            lanes //= 2
            upper = ir.Constant(
                ir.VectorType(ir.IntType(32), self.lanes),
                [(lane + lanes) % self.lanes for lane in range(self.lanes)],
            )
            vector = self.builder.fadd(vector, self.builder.shuffle_vector(vector, vector, upper))
        return self.builder.extract_element(vector, ir.IntType(32)(0))

    def add_product(self, total: Any, one: Any, other: Any) -> Any:
        """Give total + one · other."""
        return self.builder.call(self.fused, [one, other, total])

    def merge(self, ways: Sequence[tuple[Sequence[Any], Any]]) -> list[Any]:
        """Give the vectors of whichever block the program came from."""
        merged = [self.builder.phi(self.type) for _ in ways[0][0]]
        for vectors, block in ways:
            for phi, vector in zip(merged, vectors, strict=True):
                phi.add_incoming(vector, block)
        return merged

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
        following, latch = builder.add(index, INDEX(step)), builder.block
        for phi, first, next_one in zip(
            [index, *running], [INDEX(0), *totals], [following, *results], strict=True
        ):
            phi.add_incoming(first, before)
            phi.add_incoming(next_one, latch)
        builder.cbranch(builder.icmp_signed("<", following, end), loop, after)
        builder.position_at_end(after)
        return results


def fetch(builder: Any, pointer: Any) -> None:
    """Have a line of bytes fetched from memory to the cache, without waiting for it; there may be none."""
    short = ir.IntType(32)
    signature = ir.FunctionType(ir.VoidType(), [pointer.type, short, short, short])
    name = "llvm.prefetch.p0"
    called = cgutils.get_or_insert_function(builder.module, signature, name)  # type: ignore[no-untyped-call]
    reading, keep_near, data = short(0), short(2), short(1)
    builder.call(called, [pointer, reading, keep_near, data])


def pointers(
    context: Any, builder: Any, types: Sequence[Any], arguments: Sequence[Any], first: int = 1
) -> list[Any]:
    """Point into the arrays among the arguments of a tile, each of which is followed by the index to begin with."""
    arrays = range(first, len(arguments), 2)
    data = [context.make_array(types[i])(context, builder, arguments[i]).data for i in arrays]
    return [builder.gep(pointer, [arguments[i + 1]]) for pointer, i in zip(data, arrays, strict=True)]
