"""From values as the data set has them to values that a network likes; a part of the model."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import DTypeLike, NDArray

from handgrad.kernels.types import Floats

BLOCK = 2**21
"""Values that are in memory at a time in float64."""


@dataclass(frozen=True, eq=False)
class Scaling:
    """(raw − shift) / divisor, for all inputs alike or for each its own.

    Parameters
    ----------
    shift, divisor : float64 array, () or (I,)
        Divisors are positive.
    """

    shift: NDArray[np.float64]
    divisor: NDArray[np.float64]

    @classmethod
    def of_bytes(cls) -> "Scaling":
        """Fixed: 0–255 becomes 0–1."""
        return cls(np.array(0.0), np.array(255.0))

    @classmethod
    def learned(cls, inputs: NDArray[np.generic]) -> "Scaling":
        """Choose for the inputs of a training split.

        Parameters
        ----------
        inputs : (N, I), uint8 or float
            Bytes are divided by 255. Numbers are standardised: each input to mean 0 and standard deviation 1
            (an input that never changes is only shifted).

        Returns
        -------
        Scaling

        References
        ----------
        Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances",
        Stanford CS-TR-79-773 (1979), equations 2.1.
        """
        if inputs.dtype == np.uint8:
            return cls.of_bytes()
        mean, squares = np.zeros(inputs.shape[1]), np.zeros(inputs.shape[1])
        size = max(1, BLOCK // inputs.shape[1])
        for first in range(0, len(inputs), size):  # inputs may be memory-mapped, and larger than memory
            values = inputs[first : first + size].astype(np.float64)
            difference = values.mean(axis=0) - mean
            values -= mean + difference
            share = len(values) / (first + len(values))
            squares += np.square(values, out=values).sum(axis=0) + difference**2 * first * share
            mean += difference * share
        deviation = np.sqrt(squares / len(inputs))
        deviation[deviation <= 1e-12 * np.abs(mean)] = 1  # rounding of a constant
        return cls(mean, deviation)

    @cached_property
    def for_bytes(self) -> bool:
        """Whether this is 0–255 to 0–1."""
        return not self.shift.any() and bool(np.all(self.divisor == 255))

    def __call__(self, raw: NDArray[np.generic], dtype: DTypeLike) -> Floats:
        """Scale raw values (N, I) to floats of `dtype`, of the same shape."""
        divisor = self.divisor.astype(dtype)
        if not self.shift.any():
            return np.divide(raw, divisor, dtype=dtype)
        scaled = np.subtract(raw, self.shift, dtype=np.float64)
        return (scaled / self.divisor).astype(dtype)
