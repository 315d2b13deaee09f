"""The dense layer, and under it its derivative; letters as in `activations.py`."""

from handgrad.kernels.types import Floats


def dense(x: Floats, weights: Floats, biases: Floats) -> Floats:
    """Compute y = x Wᵀ + b, with x (N, I), weights (O, I), biases (O,) and y (N, O)."""
    return x @ weights.T + biases


def dense_backward(
    dy: Floats, x: Floats, weights: Floats, dweights: Floats, dbiases: Floats, *, input_gradient: bool = True
) -> Floats | None:
    """Compute dW += dyᵀ x, db += Σₙ dy and dx = dy W.

    Without `input_gradient` the result is None: in training, the first layer of a network needs no dx.
    """
    dweights += dy.T @ x
    dbiases += dy.sum(axis=0)
    return dy @ weights if input_gradient else None
