"""Update rules of optimizers: one formula each, on flat vectors, in place.

w (P,) are the parameters, g (P,) is the gradient of the loss, η the learning rate.
"""

import numpy as np

from handgrad.kernels.types import Floats


def sgd(w: Floats, g: Floats, learning_rate: float) -> None:
    """Update w ← w − η g."""
    w -= learning_rate * g


def momentum(w: Floats, g: Floats, velocity: Floats, momentum: float, learning_rate: float) -> None:
    """Update v ← μ v + g, w ← w − η v."""
    velocity *= momentum
    velocity += g
    w -= learning_rate * velocity


def nesterov(w: Floats, g: Floats, velocity: Floats, momentum: float, learning_rate: float) -> None:
    """Update v ← μ v + g, w ← w − η (g + μ v)."""
    velocity *= momentum
    velocity += g
    w -= learning_rate * (g + momentum * velocity)


def rmsprop(
    w: Floats, g: Floats, second_moment: Floats, decay: float, epsilon: float, learning_rate: float
) -> None:
    """Update s ← ρ s + (1 − ρ) g², w ← w − η g / (√s + ε)."""
    second_moment *= decay
    second_moment += (1 - decay) * g**2
    w -= learning_rate * g / (np.sqrt(second_moment) + epsilon)


def adam(
    w: Floats,
    g: Floats,
    first_moment: Floats,
    second_moment: Floats,
    beta1: float,
    beta2: float,
    epsilon: float,
    learning_rate: float,
    step: int,
) -> None:
    """Update m ← β₁ m + (1 − β₁) g, s ← β₂ s + (1 − β₂) g², w ← w − η m̂ / (√ŝ + ε).

    m̂ = m / (1 − β₁ᵗ) and ŝ = s / (1 − β₂ᵗ) correct the bias of the start from zero (Kingma and Ba, "Adam: a method
    for stochastic optimization", ICLR 2015, algorithm 1); t is `step`, from 1.
    """
    first_moment *= beta1
    first_moment += (1 - beta1) * g
    second_moment *= beta2
    second_moment += (1 - beta2) * g**2
    size = np.sqrt(second_moment / (1 - beta2**step))
    size += epsilon
    w -= (learning_rate / (1 - beta1**step)) * first_moment / size


def orthogonalize(matrix: Floats) -> Floats:
    """Return a matrix (O, I) with singular values of about 1, from 0.7 to 1.2, by Newton–Schulz iteration.

    X ← a X + (b X Xᵀ + c (X Xᵀ)²) X, from X = M / ‖M‖ (Jordan et al., "Muon: an optimizer for hidden layers in neural
    networks", 2024).
    """
    a, b, c = 3.4445, -4.7750, 2.0315  # a s + b s³ + c s⁵ brings singular values s from (0, 1] to about 1
    wide = matrix.shape[0] <= matrix.shape[1]
    x = matrix if wide else matrix.T
    x = x / (np.linalg.norm(x) + np.finfo(x.dtype).tiny)
    for _ in range(5):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x if wide else x.T


def move_average(average: Floats, w: Floats, share: float) -> None:
    """Update an average of parameters: w̄ ← w̄ + share · (w − w̄)."""
    average += share * (w - average)
