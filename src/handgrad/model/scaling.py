"""Scaling of inputs from the values of the data set to values around 0 or from 0 to 1; a part of the model."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

from handgrad.errors import HandgradError
from handgrad.kernels.sparse_rows import SparseRows
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
    def learned(cls, inputs: NDArray[np.generic] | SparseRows) -> "Scaling":
        """Return the scaling for the inputs (N, I) of a training split.

        Bytes are scaled to values from 0 to 1. For other inputs see `InputStatistics`.
        """
        return (
            cls.of_bytes()
            if inputs.dtype == np.uint8
            else InputStatistics.before(inputs).add(inputs).scaling()
        )

    @cached_property
    def for_bytes(self) -> bool:
        """Whether this is the scaling of bytes."""
        return not self.shift.any() and bool(np.all(self.divisor == MAX_BYTE))

    def inverse(self, scaled: Floats) -> NDArray[np.float64]:
        """Return the values (N, I) whose scaled values are given."""
        return np.asarray(scaled * self.divisor + self.shift, np.float64)

    @overload
    def __call__(self, raw: SparseRows, dtype: DTypeLike) -> SparseRows | Floats: ...
    @overload
    def __call__(self, raw: NDArray[np.generic], dtype: DTypeLike) -> Floats: ...
    def __call__(self, raw: Any, dtype: DTypeLike) -> Any:
        """Scale raw values (N, I) to floats of `dtype`, of the same shape; sparse rows stay so without a shift."""
        if isinstance(raw, SparseRows):
            if not self.shift.any():
                divisors = self.divisor[raw.columns] if self.divisor.ndim else self.divisor
                return raw.with_values((raw.values / divisors).astype(dtype))
            raw = raw.toarray()
        if not self.shift.any():
            return np.divide(raw, self.divisor.astype(dtype), dtype=dtype)
        return (np.subtract(raw, self.shift, dtype=np.float64) / self.divisor).astype(dtype)


@dataclass(frozen=True, eq=False)
class InputStatistics:
    """What a scaling is learned from, part by part: the mean of each input, and its squared deviations from it.

    Dense inputs are standardised: each to mean 0 and deviation 1, or 0 if it is constant. Sparse ones would not stay
    sparse if a mean were subtracted. Their deviations are those from 0: the mean square of a scaled input is 1, too,
    which initial weights presume, whereas that of large numbers divided by a small standard deviation is not.
    Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979,
    equations 2.1.

    Parameters
    ----------
    centred : bool
        Whether deviations are those from the mean, or else from 0; then `mean` is 0.
    weight : float
        The number of examples, or the sum of their weights.
    mean, squares : (I,)
    """

    centred: bool
    weight: float
    mean: NDArray[np.float64]
    squares: NDArray[np.float64]

    @classmethod
    def before(cls, inputs: NDArray[np.generic] | SparseRows) -> "InputStatistics":
        """Return those of no examples yet, in the form for inputs (N, I) like these."""
        return cls(not isinstance(inputs, SparseRows), 0, *np.zeros((2, inputs.shape[1])))

    def add(
        self, inputs: NDArray[np.generic] | SparseRows, weights: NDArray[Any] | None = None
    ) -> "InputStatistics":
        """Return the statistics of the inputs so far and these, (N, I), with weights 1 or `weights` (N,)."""
        with np.errstate(over="ignore", invalid="ignore"):  # `scaling` refuses what is too large
            return self._add(inputs, weights)

    def _add(
        self, inputs: NDArray[np.generic] | SparseRows, weights: NDArray[Any] | None
    ) -> "InputStatistics":
        if isinstance(inputs, SparseRows) and not self.centred:
            squares = np.square(inputs.values, dtype=np.float64)
            if weights is not None:
                squares *= np.repeat(weights, np.diff(inputs.starts))
            weight = self.weight + (len(inputs) if weights is None else weights.sum())
            return replace(self, weight=weight, squares=self.squares + inputs.column_sums(squares))
        weight, mean, squares = self.weight, self.mean.copy(), self.squares.copy()
        size = max(1, BLOCK // inputs.shape[1])
        for first in range(0, len(inputs), size):  # inputs may be memory-mapped, and larger than memory
            part = inputs[first : first + size]
            shares = None if weights is None else weights[first : first + size].astype(np.float64)
            added = len(part) if shares is None else shares.sum()
            if added == 0:
                continue
            values = (part.toarray() if isinstance(part, SparseRows) else part).astype(np.float64)
            difference = np.average(values, axis=0, weights=shares) - mean if self.centred else 0 * mean
            values -= mean + difference
            np.square(values, out=values)
            share = added / (weight + added)
            sums = values.sum(axis=0) if shares is None else shares @ values
            squares += sums + difference**2 * weight * share
            mean += difference * share
            weight += added
        return InputStatistics(self.centred, weight, mean, squares)

    def scaling(self) -> Scaling:
        """Return the scaling for these inputs."""
        deviation = np.sqrt(self.squares / self.weight)
        if not np.isfinite(deviation).all():
            raise HandgradError("inputs hold numbers that are too large to be squared; divide them")
        deviation[deviation <= 1e-12 * np.abs(self.mean)] = 1  # rounding of a constant
        return Scaling(self.mean, deviation)
