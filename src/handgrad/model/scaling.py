"""From values as the data set has them to values that a network likes; a part of the model."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import DTypeLike, NDArray

from handgrad.kernels.types import Floats


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
        """
        if inputs.dtype == np.uint8:
            return cls.of_bytes()
        deviation = inputs.std(axis=0, dtype=np.float64)
        deviation[deviation == 0] = 1
        return cls(inputs.mean(axis=0, dtype=np.float64), deviation)

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
