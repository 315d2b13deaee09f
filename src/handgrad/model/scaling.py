"""Scaling of inputs from the values of the data set to values around 0 or from 0 to 1; a part of the model."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import DTypeLike, NDArray

from handgrad.errors import HandgradError
from handgrad.kernels.types import MAX_BYTE, Floats

BLOCK = 2**21
"""Values that are in memory at a time in float64."""


@dataclass(frozen=True, eq=False)
class Scaling:
    """(raw − shift) / divisor, the same for all inputs or one for each.

    Parameters
    ----------
    shift, divisor : float64 array, () or (I,)
        Finite numbers; divisors are positive.
    """

    shift: NDArray[np.float64]
    divisor: NDArray[np.float64]

    def __post_init__(self) -> None:
        both = (self.shift, self.divisor)
        finite = all(array.dtype == np.float64 and np.isfinite(array).all() for array in both)
        if not finite or self.shift.shape != self.divisor.shape or (self.divisor <= 0).any():
            raise HandgradError("Scaling needs a shift and a positive divisor, float64 arrays of one shape")

    @classmethod
    def of_bytes(cls) -> "Scaling":
        """Return the scaling of bytes to values from 0 to 1."""
        return cls(np.array(0.0), np.array(float(MAX_BYTE)))

    @classmethod
    def learned(cls, inputs: NDArray[np.generic]) -> "Scaling":
        """Return the scaling for the inputs (N, I) of a training split.

        Bytes are scaled to values from 0 to 1. Other inputs are standardised: each to mean 0 and deviation 1, or 0 if
        it is constant. Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample
        variances", 1979, equations 2.1.
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
        """Whether this is the scaling of bytes."""
        return not self.shift.any() and bool(np.all(self.divisor == MAX_BYTE))

    def inverse(self, scaled: Floats) -> NDArray[np.float64]:
        """Return the values (N, I) whose scaled values are given."""
        return np.asarray(scaled * self.divisor + self.shift, np.float64)

    def __call__(self, raw: NDArray[np.generic], dtype: DTypeLike) -> Floats:
        """Scale raw values (N, I) to floats of `dtype`, of the same shape."""
        if not self.shift.any():
            return np.divide(raw, self.divisor.astype(dtype), dtype=dtype)
        return (np.subtract(raw, self.shift, dtype=np.float64) / self.divisor).astype(dtype)
