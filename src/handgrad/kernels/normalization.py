"""Batch normalization in plain NumPy, and under it its derivative; letters as in `activations.py`."""

import numpy as np

from handgrad.kernels.types import Floats


def batch_norm(
    x: Floats, gamma: Floats, beta: Floats, epsilon: float
) -> tuple[Floats, tuple[Floats, Floats]]:
    """Normalize every feature to mean 0 and variance 1 over the batch, then scale and shift it.

    y = gamma · x̂ + beta, x̂ = (x − mean) / √(variance + ε) (Ioffe and Szegedy, "Batch normalization", ICML 2015,
    algorithm 1). Shapes are x, y and x̂ (C, M), C features of M examples, or of all pixels of all examples, and gamma
    and beta (C,). The derivative needs the second result: x̂ and 1 / √(variance + ε) (C,).
    """
    centred = x - x.mean(axis=1, keepdims=True)
    variance = np.einsum("cm,cm->c", centred, centred) / x.shape[1]
    inverse = 1 / np.sqrt(variance + x.dtype.type(epsilon))
    centred *= inverse[:, None]
    return centred * gamma[:, None] + beta[:, None], (centred, inverse)


def batch_norm_backward(
    dy: Floats, normalised: tuple[Floats, Floats], gamma: Floats, dgamma: Floats, dbeta: Floats
) -> Floats:
    """Compute the gradients of `batch_norm`: dx = gamma / √(variance + ε) · (dy − mean(dy) − x̂ · mean(dy · x̂)).

    Each x changes its output, and through mean and variance all others.
    """
    x, inverse = normalised
    along, total = np.einsum("cm,cm->c", dy, x), dy.sum(axis=1)
    dgamma += along
    dbeta += total
    dx = dy - (total / x.shape[1])[:, None] - x * (along / x.shape[1])[:, None]
    dx *= (gamma * inverse)[:, None]
    return dx


def batch_norm_inference(
    x: Floats, mean: Floats, variance: Floats, gamma: Floats, beta: Floats, epsilon: float
) -> Floats:
    """Compute y = gamma · (x − mean) / √(variance + ε) + beta with given statistics, as in inference.

    Shapes are x and y (C, M), and mean, variance, gamma and beta (C,).
    """
    slope = gamma / np.sqrt(variance + x.dtype.type(epsilon))
    return x * slope[:, None] + (beta - mean * slope)[:, None]


def batch_norm_inference_backward(
    dy: Floats,
    x: Floats,
    mean: Floats,
    variance: Floats,
    gamma: Floats,
    dgamma: Floats,
    dbeta: Floats,
    epsilon: float,
) -> Floats:
    """Compute dx = dy · gamma / √(variance + ε), dgamma += Σ dy (x − mean) / √(variance + ε) and dbeta += Σ dy."""
    inverse = 1 / np.sqrt(variance + x.dtype.type(epsilon))
    dgamma += (dy * (x - mean[:, None])).sum(axis=1) * inverse
    dbeta += dy.sum(axis=1)
    return dy * (gamma * inverse)[:, None]
