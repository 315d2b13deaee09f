"""Which examples of a store belong to a split, without a list of them that is as long as the data."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Selection:
    """The examples of a split, by their place in it and in the store.

    Parameters
    ----------
    examples : int
        Of the store.
    apart : (K,) int64, ascending
        Examples of the store that are set aside.
    theirs : bool
        Whether the split is of those, or of all others.
    """

    examples: int
    apart: NDArray[np.int64]
    theirs: bool = False

    @classmethod
    def all(cls, examples: int) -> "Selection":
        """Select every example."""
        return cls(examples, np.empty(0, np.int64))

    def __len__(self) -> int:
        return len(self.apart) if self.theirs else self.examples - len(self.apart)

    def places(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Find where examples of the split lie in the store, in the order given."""
        if self.theirs:
            return self.apart[rows]
        if not len(self.apart):
            return rows
        return rows + np.searchsorted(self._before, rows, side="right")

    @cached_property
    def _before(self) -> NDArray[np.int64]:
        """How many examples of the split lie before each that was set aside."""
        return self.apart - np.arange(len(self.apart))

    def bounds(self, block: int) -> NDArray[np.int64]:
        """Tell where the blocks of the store begin in the split, (B + 1,); the last number is the split's length."""
        begins = np.append(np.arange(0, self.examples, block), self.examples)
        before = np.searchsorted(self.apart, begins)
        return before if self.theirs else begins - before

    def cut(self, count: int, rng: np.random.Generator, from_end: bool) -> "tuple[Selection, Selection]":
        """Set `count` examples aside: the last, or some drawn at random; gives the others, and those."""
        if from_end:
            apart = np.arange(self.examples - count, self.examples)
        else:
            pieces = -(-self.examples // PIECE)
            sizes = [min(PIECE, self.examples - piece * PIECE) for piece in range(pieces)]
            counts = rng.multivariate_hypergeometric(sizes, count, method="marginals")
            drawn = [
                number * PIECE + np.sort(rng.choice(size, share, replace=False))
                for number, (size, share) in enumerate(zip(sizes, counts, strict=True))
            ]
            apart = np.concatenate(drawn)
        return Selection(self.examples, apart), Selection(self.examples, apart, theirs=True)


PIECE = 1_000_000
"""Examples among which some are drawn at a time; all at once would take eight bytes for each of them."""
