"""Batch normalisation in plain NumPy, and under it its derivative; letters as in `reference.py`."""

import numpy as np

from handgrad.kernels.types import Floats


def batch_norm(
    x: Floats, scale: Floats, shift: Floats, epsilon: float
) -> tuple[Floats, tuple[Floats, Floats]]:
    """Give every feature mean 0 and variance 1 over the batch, then a scale and a shift that are learned.

    y = scale · x̂ + shift, x̂ = (x − mean) / √(variance + ε) (Ioffe and Szegedy, "Batch normalization", ICML 2015,
    algorithm 1).

    Parameters
    ----------
    x : (M, C)
        M examples, or all pixels of all examples.
    scale, shift : (C,)
    epsilon : float

    Returns
    -------
    y : (M, C)
    normalised : x̂ (M, C) and 1 / √(variance + ε) (C,)
        For the derivative.
    """
    centred = x - x.mean(axis=0)
    variance = np.einsum("mc,mc->c", centred, centred) / len(x)
    inverse = 1 / np.sqrt(variance + x.dtype.type(epsilon))
    centred *= inverse
    return centred * scale + shift, (centred, inverse)


def batch_norm_backward(
    dy: Floats, normalised: tuple[Floats, Floats], scale: Floats, dscale: Floats, dshift: Floats
) -> Floats:
    """Pass back through `batch_norm`: dx = scale / √(variance + ε) · (dy − mean(dy) − x̂ · mean(dy · x̂)).

    Each x moves its own output, and through mean and variance all others.

    Parameters
    ----------
    dy : (M, C)
    normalised : x̂ (M, C) and 1 / √(variance + ε) (C,)
        From the forward pass.
    scale : (C,)
    dscale, dshift : (C,), added to

    Returns
    -------
    dx : (M, C)
    """
    x, inverse = normalised
    along, total = np.einsum("mc,mc->c", dy, x), dy.sum(axis=0)
    dscale += along
    dshift += total
    dx = x * (along / -len(x))
    dx += dy
    dx -= total / len(x)
    dx *= scale * inverse
    return dx
