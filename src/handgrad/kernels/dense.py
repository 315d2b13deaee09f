"""The dense layer, and under it its derivative; letters as in `activations.py`."""

from handgrad.kernels.types import Floats


def dense(x: Floats, weights: Floats, biases: Floats) -> Floats:
    """Compute y = x Wᵀ + b.

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
    """Compute dW += dyᵀ x, db += Σₙ dy and dx = dy W.

    Parameters
    ----------
    dy : (N, O)
    x, weights
        Those of the forward pass.
    dweights, dbiases : (O, I) and (O,), added to
    input_gradient : bool
        Whether to compute dx, which the first layer of a network does not need in training.

    Returns
    -------
    dx : (N, I), or None without `input_gradient`
    """
    dweights += dy.T @ x
    dbiases += dy.sum(axis=0)
    return dy @ weights if input_gradient else None
