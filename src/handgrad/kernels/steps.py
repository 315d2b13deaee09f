"""The arithmetic of a step that passes over many arrays at once."""

import numpy as np

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
    """Take the step of Adam, in place.

    m ← β₁ m + (1 − β₁) g, s ← β₂ s + (1 − β₂) g², w ← w − η m̂ / (√ŝ + ε), where m̂ = m / (1 − β₁ᵗ) and
    ŝ = s / (1 − β₂ᵗ) make up for the start from zero (Kingma and Ba, "Adam: a method for stochastic
    optimization", ICLR 2015, algorithm 1).

    Parameters
    ----------
    vector : (P,), moved
    gradient : (P,)
    mean, squares : (P,), updated
        m and s.
    beta1, beta2, epsilon, learning_rate : float
    steps : int
        t, this one included, from 1.
    """
    mean *= beta1
    mean += (1 - beta1) * gradient
    squares *= beta2
    squares += (1 - beta2) * gradient**2
    size = np.sqrt(squares / (1 - beta2**steps))
    size += epsilon
    vector -= (learning_rate / (1 - beta1**steps)) * mean / size


def move_average(average: Floats, vector: Floats, share: float) -> None:
    """Move an average towards a vector, in place: w̄ ← w̄ + share · (w − w̄).

    Parameters
    ----------
    average : (P,), moved
    vector : (P,)
    share : float
    """
    average += share * (vector - average)
