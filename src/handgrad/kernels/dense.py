"""The dense layer in plain NumPy, and under it its derivative; letters as in `reference.py`."""

from handgrad.kernels.types import Floats


def dense(x: Floats, weights: Floats, biases: Floats) -> Floats:
    """Weigh the inputs and add the biases: y = x Wᵀ + b.

    Parameters
    ----------
    x : (N, I)
    weights : (O, I)
    biases : (O,)

    Returns
    -------
    y : (N, O)
    """
    return x @ weights.T + biases


def dense_backward(
    dy: Floats,
    x: Floats,
    weights: Floats,
    dweights: Floats,
    dbiases: Floats,
    *,
    input_gradient: bool = True,
) -> Floats | None:
    """Pass the gradient back: dW += dyᵀ x, db += Σₙ dy, dx = dy W.

    Parameters
    ----------
    dy : (N, O)
    x : (N, I)
        The input of the forward pass.
    weights : (O, I)
    dweights : (O, I), added to
    dbiases : (O,), added to
    input_gradient : bool
        Whether dx is wanted; the first layer of a network in training can save that product.

    Returns
    -------
    dx : (N, I), or None where it is not wanted
    """
    dweights += dy.T @ x
    dbiases += dy.sum(axis=0)
    return dy @ weights if input_gradient else None
