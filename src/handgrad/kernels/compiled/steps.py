"""What `handgrad.kernels.steps` computes, in one pass over memory instead of a dozen."""

from math import sqrt

import numpy as np
from numba import njit

from handgrad.kernels.types import Floats


def adam(
    vector: Floats,
    gradient: Floats,
    mean: Floats,
    squares: Floats,
    beta1: float,
    beta2: float,
    epsilon: float,
    learning_rate: float,
    steps: int,
) -> None:
    """Take the step that `handgrad.kernels.steps.adam` takes.

    Means that have become too small for normal numbers count as 0: with others, processors take many times as long.
    """
    number = vector.dtype.type
    _adam(
        vector,
        gradient,
        mean,
        squares,
        number(beta1),
        number(1 - beta1),
        number(beta2),
        number(1 - beta2),
        number(epsilon),
        number(learning_rate / (1 - beta1**steps)),
        number(1 / (1 - beta2**steps)),
        np.finfo(vector.dtype).tiny,
    )


@njit(nogil=True, cache=True, error_model="numpy")
def _adam(vector, gradient, mean, squares, beta1, rest1, beta2, rest2, epsilon, rate, growth, tiny):  # type: ignore[no-untyped-def]
    for i in range(vector.size):
        mean[i] = without_tiny(beta1 * mean[i] + rest1 * gradient[i], tiny)
        squares[i] = without_tiny(beta2 * squares[i] + rest2 * gradient[i] * gradient[i], tiny)
        vector[i] -= rate * mean[i] / (sqrt(squares[i] * growth) + epsilon)


@njit(nogil=True, cache=True)
def without_tiny(number, tiny):  # type: ignore[no-untyped-def]
    """Give the number, or 0 where it is smaller than that; all lanes of a vector compute both."""
    return number if abs(number) >= tiny else number * np.float32(0)


def move_average(average: Floats, vector: Floats, share: float) -> None:
    """Move an average as `handgrad.kernels.steps.move_average` does."""
    _move_average(average, vector, vector.dtype.type(share))


@njit(nogil=True, cache=True)
def _move_average(average, vector, share):  # type: ignore[no-untyped-def]
    for i in range(vector.size):
        average[i] += share * (vector[i] - average[i])
