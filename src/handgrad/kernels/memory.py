"""Where arrays lie in memory, and what becomes of memory that is freed.

Compiled kernels have the batch last: arrays keep the shape (N, C, H, W), but what comes out of a kernel lies in
memory as (C, H, W, N), and what comes in is brought to that order if it has another. There one pixel of all examples
is one run of numbers, so that every loop is as long as the batch, whatever the shape of the network.
"""

import ctypes
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # names of glibc's mallopt
LARGEST, KEPT = 32 << 20, 256 << 20

LINE = 64
"""Bytes that processors fetch at a time."""


def aligned(
    length: int, dtype: DTypeLike, make: Callable[[int, DTypeLike], NDArray[Any]] = np.zeros
) -> NDArray[Any]:
    """Make a vector that begins with a cache line, so that vectors of it do not lie in two.

    Weights of 784 inputs are read half as fast otherwise, which `make` itself leaves to chance.
    """
    itemsize = np.dtype(dtype).itemsize
    room = make(length + LINE // itemsize, dtype)
    first = -room.ctypes.data % LINE // itemsize
    return room[first : first + length]


def batch_last(x: NDArray[Any]) -> NDArray[Any]:
    """See (N, …) as (…, N), copied only where it does not lie so in memory."""
    return np.ascontiguousarray(x.transpose(*range(1, x.ndim), 0))


def batch_first(x: NDArray[Any]) -> NDArray[Any]:
    """See (…, N) as (N, …); nothing is copied."""
    return x.transpose(-1, *range(x.ndim - 1))


def keep_freed() -> None:
    """Let the process keep memory that it frees, some hundred megabytes at the most, for the arrays of the next step.

    By default, glibc gives it back to the system after every step and takes it anew, page by page, which costs a
    small convolutional network a quarter of its time. Other C libraries are left as they are.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt:
            mallopt(MMAP_THRESHOLD, LARGEST)
            mallopt(TRIM_THRESHOLD, KEPT)
