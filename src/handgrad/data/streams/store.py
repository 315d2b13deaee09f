"""Where the examples of a stream lie: in blocks, any of which can be read alone."""

from abc import ABC, abstractmethod
from math import prod
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from handgrad.data.strokes import BLOCK, block_labels, write_block


class Store(ABC):
    """Examples in blocks of one length; the last block may be shorter.

    Attributes
    ----------
    examples : int
        N.
    block : int
        Examples in a block.
    dtype : numpy dtype
        Of the inputs, uint8 or float32.
    input_shape : tuple of int
        Of one example.
    classes, features : sequence of str
        As in `Dataset`.
    labels : (N,)
        Whole numbers, in memory.
    independent : bool
        Whether examples are drawn independently, so that any are as good as any others to set aside.
    fingerprint : int
        Of all examples: the same if and only if they are the same.
    place : str
        Where it is, for those who ask.
    """

    examples: int
    block: int
    dtype: np.dtype[Any]
    input_shape: tuple[int, ...]
    classes: tuple[str, ...]
    features: tuple[str, ...]
    labels: NDArray[Any]
    independent: bool
    fingerprint: int
    place: str

    @abstractmethod
    def read(self, number: int, out: NDArray[Any]) -> None:
        """Put the inputs of a block into `out`, (n, I); any number of threads may do so at once."""

    @abstractmethod
    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Give the inputs of some examples, (n, I), which may lie anywhere."""


class StrokesStore(Store):
    """Digits that the library writes itself, block by block as they are asked for; they never exist at once.

    Parameters
    ----------
    examples, seed, stream : int
        As in `strokes.generate`, which writes the same digits.
    """

    block = BLOCK
    dtype = np.dtype(np.uint8)
    input_shape = (1, 28, 28)
    classes = tuple("0123456789")
    features = ()
    independent = True

    def __init__(self, examples: int, seed: int, stream: int) -> None:
        self.examples, self.seed, self.stream = examples, seed, stream
        self.place = "written as they are needed, kept nowhere"
        self.fingerprint = crc32(np.array([examples, seed, stream], "<i8").tobytes())
        blocks = range(-(-examples // BLOCK))
        self.labels = np.concatenate([block_labels(seed, stream, number) for number in blocks])[:examples]

    def read(self, number: int, out: NDArray[np.uint8]) -> None:
        """Write the digits of a block."""
        out[:] = write_block(self.seed, self.stream, number)[0][: len(out)]

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Write the blocks that hold the rows, and pick them."""
        taken = np.empty((len(rows), prod(self.input_shape)), np.uint8)
        numbers = rows // BLOCK
        for number in np.unique(numbers):
            here = np.flatnonzero(numbers == number)
            taken[here] = write_block(self.seed, self.stream, int(number))[0][rows[here] % BLOCK]
        return taken
