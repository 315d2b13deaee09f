"""Random numbers for a part of a batch that do not depend on how the batch was cut."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.data.augment import Augmentation
from handgrad.data.batches import GRAIN


class Draws(np.random.Generator):
    """The generator of a part of a batch; every grain of 32 examples draws from one of its own, of (seed, number).

    So each example draws the same numbers on any number of ranks and threads. That holds for `random`, `normal` and
    `uniform` where the first axis of what is drawn counts examples; other draws come from the first grain's
    generator. A grain of which only some examples are in the part is drawn whole.

    Parameters
    ----------
    seed : int
        Of the batch.
    start, count : int
        Where in the batch the part begins, and its examples.
    examples : int
        Of the whole batch.
    """

    def __init__(self, seed: int, start: int, count: int, examples: int) -> None:
        self._count = count
        self.grains = []
        for number in range(start // GRAIN, -(-(start + count) // GRAIN)):
            first = number * GRAIN
            size = min(GRAIN, examples - first)
            own = slice(max(start - first, 0), min(start + count - first, size))
            self.grains.append((np.random.default_rng([seed, number]), size, own))
        super().__init__(self.grains[0][0].bit_generator)

    def random(self, size: Any = None, dtype: Any = np.float64, out: Any = None) -> Any:
        """Draw from 0 to below 1, as `numpy.random.Generator.random` does."""
        if out is not None or not self._counts_examples(size):
            return super().random(size, dtype, out)
        return self._drawn(lambda generator, rows: generator.random((rows, *size[1:]), dtype))

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        """Draw from a normal distribution, as `numpy.random.Generator.normal` does."""
        if not self._counts_examples(size):
            return super().normal(loc, scale, size)
        return self._drawn(lambda generator, rows: generator.normal(loc, scale, (rows, *size[1:])))

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
        """Draw from low to below high, as `numpy.random.Generator.uniform` does."""
        if not self._counts_examples(size):
            return super().uniform(low, high, size)
        return self._drawn(lambda generator, rows: generator.uniform(low, high, (rows, *size[1:])))

    def _counts_examples(self, size: Any) -> bool:
        return isinstance(size, tuple) and size[:1] == (self._count,)

    def _drawn(self, draw: Callable[[np.random.Generator, int], NDArray[Any]]) -> NDArray[Any]:
        return np.concatenate([draw(generator, size)[own] for generator, size, own in self.grains])


def augment(augmentation: Augmentation, images: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """Deform images (N, C, H, W), those of every grain by its own generator where there are grains."""
    if not isinstance(rng, Draws):
        return augmentation(images, rng)
    deformed, done = [], 0
    for generator, size, own in rng.grains:
        grain = np.zeros((size, *images.shape[1:]), images.dtype)
        grain[own] = images[done : done + own.stop - own.start]
        done += own.stop - own.start
        deformed.append(augmentation(grain, generator)[own])
    return np.concatenate(deformed)
