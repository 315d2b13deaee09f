"""Gradients by central differences, for tests; written apart from that of the library."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray


def numerical_gradient(function: Callable[[], float], array: NDArray[Any]) -> NDArray[Any]:
    """Nudge every entry of `array`, in place, and watch `function`."""
    gradient, step = np.zeros_like(array), 1e-6
    for index in np.ndindex(*array.shape):
        value = array[index]
        for sign in (1, -1):
            array[index] = value + sign * step
            gradient[index] += sign * function() / (2 * step)
        array[index] = value
    return gradient
