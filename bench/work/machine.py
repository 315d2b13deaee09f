"""The limits of the machine: a large product of float32 matrices, and reading memory, on all threads at once."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from bench.work.data import Clock

from handgrad.kernels.threads import one_blas_thread

SIDE = 2048
FLOATS = 50_000_000


def on_all(arrays, work):
    """Run the same work on each array, with a thread for each, and return the seconds."""
    with one_blas_thread(), ThreadPoolExecutor(len(arrays)) as pool:
        clock = Clock()
        list(pool.map(work, arrays))
        return clock()


def arithmetic(threads):
    """Multiply matrices that are large enough for BLAS to reach its limit."""
    matrices = [np.full((3, SIDE, SIDE), 0.5, np.float32) for _ in range(threads)]
    flops = threads * 2 * SIDE**3
    return lambda: {"rate": flops / on_all(matrices, lambda m: np.matmul(m[0], m[1], out=m[2]))}


def reading(threads):
    """Compute dot products x·x, which wait for memory only."""
    parts = np.array_split(np.ones(FLOATS, np.float32), threads)
    return lambda: {"rate": FLOATS * 4 / on_all(parts, lambda x: np.dot(x, x))}


def contestants():
    """Return both limits."""
    return {"arithmetic": arithmetic, "reading": reading}
