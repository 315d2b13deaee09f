"""Gradients by central differences, for tests; written apart from the library's own check."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray


def numerical_gradient(
    function: Callable[[], float], array: NDArray[Any], step: float = 1e-6
) -> NDArray[Any]:
    """Nudge every entry of `array`, in place, and watch `function`."""
    gradient = np.zeros_like(array)
    for index in np.ndindex(*array.shape):
        value = array[index]
        array[index] = value + step
        above = function()
        array[index] = value - step
        below = function()
        array[index] = value
        gradient[index] = (above - below) / (2 * step)
    return gradient
