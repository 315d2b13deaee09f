"""What the machine can do: multiply and add in registers, and read memory, on all threads at once."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from bench.work.data import Clock
from numba import njit, types
from numba.extending import intrinsic

from handgrad.kernels.compiled.sums import ANY_ORDER
from handgrad.kernels.compiled.vectors import REGISTER, Vectors

CHAINS, LOOPS = 16, 20_000_000
FLOATS = 50_000_000


@intrinsic
def multiply_and_add(typing, count, x):
    """Multiply and add in 16 registers, so many times."""
    signature = types.void(count, x)

    def generate(context, builder, signature, arguments):
        v = Vectors(context, builder, signature.args[1])
        data = context.make_array(signature.args[1])(context, builder, arguments[1]).data
        half = v.load(data)

        def body(index, totals):
            return [v.add_product(half, total, half) for total in totals]

        totals = v.accumulate([v.load(data)] * CHAINS, arguments[0], 1, body)
        for number, total in enumerate(totals):
            v.store(total, v.at(data, number * v.lanes))
        return context.get_dummy_value()

    return signature, generate


@njit(nogil=True)
def arithmetic(count, x):
    multiply_and_add(count, x)


@njit(nogil=True, fastmath=ANY_ORDER)
def read(x):
    total = x.dtype.type(0)
    for i in range(len(x)):
        total += x[i]
    return total


def on_all(threads, work):
    """Run the same on so many threads, each with its own data, and give the seconds."""
    with ThreadPoolExecutor(threads) as pool:
        clock = Clock()
        list(pool.map(work, range(threads)))
        return clock()


def fma(threads):
    arrays = [np.full(CHAINS * REGISTER // 4, 0.5, np.float32) for _ in range(threads)]
    arithmetic(1, arrays[0])
    flops = threads * LOOPS * CHAINS * REGISTER // 4 * 2
    return lambda: {"rate": flops / on_all(threads, lambda k: arithmetic(LOOPS, arrays[k]))}


def bandwidth(threads):
    parts = np.array_split(np.ones(FLOATS, np.float32), threads)
    read(parts[0])
    return lambda: {"rate": FLOATS * 4 / on_all(threads, lambda k: read(parts[k]))}


def contestants():
    """Give both limits."""
    return {"arithmetic": fma, "reading": bandwidth}
