"""A dense layer on bytes as they are, in plain NumPy, and under it its derivative; letters as in `reference.py`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.kernels import dense as on_floats
from handgrad.kernels.types import Floats


def suits(x: NDArray[np.uint8], outputs: int, dtype: np.dtype[Any]) -> bool:
    """Tell whether there is a faster way than making floats of bytes (N, I); not here."""
    return False


def dense(x: NDArray[np.uint8], divisor: float, weights: Floats, biases: Floats) -> Floats:
    """Weigh bytes: y = (x / divisor) Wᵀ + b.

    Parameters
    ----------
    x : (N, I), uint8
    divisor : float
    weights : (O, I)
    biases : (O,)

    Returns
    -------
    y : (N, O)
    """
    return on_floats.dense(np.divide(x, divisor, dtype=weights.dtype), weights, biases)


def dense_backward(
    dy: Floats, x: NDArray[np.uint8], divisor: float, dweights: Floats, dbiases: Floats
) -> None:
    """Pass the gradient back to the parameters: dW += dyᵀ x / divisor, db += Σₙ dy.

    Parameters
    ----------
    dy : (N, O)
    x : (N, I), uint8
    divisor : float
    dweights : (O, I), added to
    dbiases : (O,), added to
    """
    floats = np.divide(x, divisor, dtype=dy.dtype)
    on_floats.dense_backward(dy, floats, dweights, dweights, dbiases, input_gradient=False)
