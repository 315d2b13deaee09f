"""Scaling of inputs from the values of the data set to values around 0 or from 0 to 1; a part of the model."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias, overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

from handgrad.errors import HandgradError
from handgrad.kernels.sparse_rows import SparseRows
from handgrad.kernels.types import MAX_BYTE, Floats

Inputs: TypeAlias = NDArray[np.generic] | SparseRows

BLOCK = 2**21
"""Values that are in memory at a time in float64."""


@dataclass(frozen=True, eq=False)
class Scaling:
    """Scaling of values of the data set to inputs of the network, which is a part of the model.

    Parameters
    ----------
    shift : array of float64 and shape () or (I,)
        Number that is subtracted, one for all inputs or one for each.
    divisor : array of float64, in the shape of `shift`
        Number by which the difference is divided, above 0.

    Raises
    ------
    HandgradError
        If the shapes differ, or a number is not finite or not positive.

    Notes
    -----
    ``x = (raw − shift) / divisor``. Images of bytes are divided by 255. Inputs of tables are standardized to mean 0
    and standard deviation 1. Sparse inputs are divided by the root mean square of the values that are not zero.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> raw = np.array([[10.0, 1.0], [30.0, 5.0]])
    >>> scaling = hg.Scaling.learned(raw)
    >>> scaling(raw, np.float64)
    array([[-1., -1.],
           [ 1.,  1.]])
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
        """Return the scaling for the inputs of a training split.

        Parameters
        ----------
        inputs : array of shape (N, I) or sparse rows
            Inputs of the training split.

        Returns
        -------
        Scaling
            That of bytes for bytes, else one that is learned from the values.
        """
        return cls.of_bytes() if inputs.dtype == np.uint8 else begin_statistics(inputs).add(inputs).scaling()

    @cached_property
    def for_bytes(self) -> bool:
        """Whether this is the scaling of bytes."""
        return not self.shift.any() and bool(np.all(self.divisor == MAX_BYTE))

    @cached_property
    def _fits_float32(self) -> bool:
        """Whether the divisors are normal numbers in float32, and not 0 or infinite."""
        limits = np.finfo(np.float32)
        return bool(np.all((limits.tiny <= self.divisor) & (self.divisor <= limits.max)))

    def inverse(self, scaled: Floats) -> NDArray[np.float64]:
        """Return the values whose scaled values are given.

        Parameters
        ----------
        scaled : array of shape (N, I)
            Scaled values.

        Returns
        -------
        array of float64
            Values in units of the data set.
        """
        return np.asarray(scaled * self.divisor + self.shift, np.float64)

    @overload
    def __call__(self, raw: SparseRows, dtype: DTypeLike) -> SparseRows | Floats: ...
    @overload
    def __call__(self, raw: NDArray[np.generic], dtype: DTypeLike) -> Floats: ...
    def __call__(self, raw: Any, dtype: DTypeLike) -> Any:
        """Scale values of the data set.

        Parameters
        ----------
        raw : array of shape (N, I) or sparse rows
            Values of the data set.
        dtype : {float32, float64}
            Type of the result.

        Returns
        -------
        array of shape (N, I) or sparse rows
            Scaled values. Sparse rows stay sparse where the shift is 0.
        """
        if isinstance(raw, SparseRows):
            if not self.shift.any():
                divisors = self.divisor[raw.columns] if self.divisor.ndim else self.divisor
                return raw.with_values((raw.values / divisors).astype(dtype))
            raw = raw.toarray()
        if not self.shift.any() and self._fits_float32:
            return np.divide(raw, self.divisor.astype(dtype), dtype=dtype)
        return (np.subtract(raw, self.shift, dtype=np.float64) / self.divisor).astype(dtype)


@dataclass(frozen=True, eq=False)
class InputStatistics:
    """What the scaling of dense inputs is learned from, part by part: their means and squared deviations from these.

    Each input is standardized to mean 0 and deviation 1, or 0 if it is constant. Chan, Golub and LeVeque, "Updating
    formulae and a pairwise algorithm for computing sample variances", 1979, equations 2.1.

    Parameters
    ----------
    weight : float
        The number of examples, or the sum of their weights.
    mean, squares : (I,)
    """

    weight: float
    mean: NDArray[np.float64]
    squares: NDArray[np.float64]

    def add(self, inputs: Inputs, weights: NDArray[Any] | None = None) -> "InputStatistics":
        """Return the statistics of the inputs so far and these, (N, I), with weights 1 or `weights` (N,)."""
        weight, mean, squares = self.weight, self.mean.copy(), self.squares.copy()
        for rows in _blocks(inputs):
            part = inputs[rows]
            shares = None if weights is None else weights[rows].astype(np.float64)
            added = len(part) if shares is None else shares.sum()
            if added == 0:
                continue
            with np.errstate(over="ignore", invalid="ignore"):  # `scaling` refuses what is too large
                values = (part.toarray() if isinstance(part, SparseRows) else part).astype(np.float64)
                difference = np.average(values, axis=0, weights=shares) - mean
                values -= mean + difference
                np.square(values, out=values)
                share = added / (weight + added)
                sums = values.sum(axis=0) if shares is None else shares @ values
                squares += sums + difference**2 * weight * share
                mean += difference * share
            weight += added
        return InputStatistics(weight, mean, squares)

    @property
    def constant(self) -> NDArray[np.bool_]:
        """Whether an input, (I,), is the same in all examples but for rounding, so that its divisor is 1."""
        return np.sqrt(self.squares / self.weight) <= 1e-12 * np.abs(self.mean)

    def scaling(self) -> Scaling:
        """Return the scaling for these inputs."""
        deviation = np.where(self.constant, 1, np.sqrt(self.squares / self.weight))
        return Scaling(self.mean, _checked(deviation))


@dataclass(frozen=True, eq=False)
class SparseStatistics:
    """What the scaling of sparse inputs is learned from, part by part: the squares of the values that are not zero.

    Each input is divided by the root of their mean, so that its values are about 1. Subtracting a mean would make the
    zeros other numbers. Dividing by a standard deviation would make an input that is rarely not zero a large number
    where it is not: in text, rare words would decide.

    Parameters
    ----------
    weights : (I,)
        The number of values that are not zero, or the sum of the weights of their examples.
    squares : (I,)
    """

    weights: NDArray[np.float64]
    squares: NDArray[np.float64]

    def add(self, inputs: Inputs, weights: NDArray[Any] | None = None) -> "SparseStatistics":
        """Return the statistics of the inputs so far and these, (N, I), with weights 1 or `weights` (N,)."""
        if not isinstance(inputs, SparseRows):
            found = self
            for rows in _blocks(inputs):
                found = found.add(SparseRows.of(inputs[rows]), None if weights is None else weights[rows])
            return found
        shares = np.repeat(np.ones(len(inputs)) if weights is None else weights, np.diff(inputs.starts))
        with np.errstate(over="ignore"):  # `scaling` refuses what is too large
            squares = shares * np.square(inputs.values, dtype=np.float64)
        sums = self.weights + inputs.column_sums(shares), self.squares + inputs.column_sums(squares)
        return SparseStatistics(*sums)

    def scaling(self) -> Scaling:
        """Return the scaling for these inputs."""
        divisor = np.sqrt(self.squares / np.where(self.weights > 0, self.weights, 1))
        divisor[divisor == 0] = 1
        return Scaling(np.zeros(len(divisor)), _checked(divisor))


@overload
def begin_statistics(inputs: NDArray[Any]) -> InputStatistics: ...
@overload
def begin_statistics(inputs: SparseRows) -> SparseStatistics: ...
def begin_statistics(inputs: Inputs) -> InputStatistics | SparseStatistics:
    """Return the statistics of no examples, in the form for inputs (N, I) like these."""
    zeros = np.zeros((2, inputs.shape[1]))
    return SparseStatistics(*zeros) if isinstance(inputs, SparseRows) else InputStatistics(0, *zeros)


def _blocks(inputs: Inputs) -> Iterator[slice]:
    """Cut the rows of inputs, which may be memory-mapped and larger than memory, into slices of `BLOCK` values."""
    size = max(1, BLOCK // inputs.shape[1])
    for first in range(0, len(inputs), size):
        yield slice(first, first + size)


def _checked(divisor: NDArray[np.float64]) -> NDArray[np.float64]:
    if not np.isfinite(divisor).all():
        raise HandgradError("there are numbers that are too large to be squared; divide them")
    return divisor
