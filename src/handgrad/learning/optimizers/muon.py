"""Muon: the momentum of a matrix, with all its directions made equally long."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from handgrad.kernels.threads import one_blas_thread
from handgrad.kernels.types import Floats
from handgrad.learning.optimizers.adaptive import Adam
from handgrad.learning.optimizers.optimizer import require_share

QUINTIC = (3.4445, -4.7750, 2.0315)
"""Of the polynomial a s + b s³ + c s⁵, which brings singular values s from (0, 1] to about 1 in few turns."""


def orthogonalize(matrix: Floats, turns: int = 5) -> Floats:
    """Bring the singular values of a matrix to about 1, from 0.7 to 1.2, by Newton–Schulz iteration.

    X ← a X + (b X Xᵀ + c (X Xᵀ)²) X, from X = M / ‖M‖.

    Parameters
    ----------
    matrix : (O, I)
    turns : int

    Returns
    -------
    (O, I)
    """
    a, b, c = QUINTIC
    wide = matrix.shape[0] <= matrix.shape[1]
    x = matrix if wide else matrix.T
    x = x / (np.linalg.norm(x) + np.finfo(x.dtype).tiny)
    for _ in range(turns):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x if wide else x.T


@dataclass
class Muon(Adam):
    """Orthogonalised momentum for the weights, Adam for everything else.

    For a matrix w of O × I: v ← μ v + g, w ← w − η · 0.2 √max(O, I) · orthogonalize(g + μ v). The factor
    makes the step's typical size Adam's, so that one learning rate serves both.

    Parameters
    ----------
    momentum : float
        μ, from 0 to below 1.

    References
    ----------
    Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024; the factor is from Liu et al.,
    "Muon is scalable for LLM training", 2025, equation 4.
    """

    momentum: float = 0.95

    state_names: ClassVar[tuple[str, ...]] = ("mean", "squares", "velocity")
    needs_shapes: ClassVar[bool] = True
    elementwise: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        require_share(self, "momentum")

    def update(self, vector: NDArray[Any], gradient: NDArray[Any], learning_rate: float) -> None:
        """Step as Adam does, but weights along their orthogonalised momentum; see `Optimizer.step`."""
        before = [weights.copy() for weights in self.matrices(vector)]
        super().update(vector, gradient, learning_rate)
        velocity = self.state["velocity"]
        velocity *= self.momentum
        velocity += gradient
        momenta = self.matrices(gradient + self.momentum * velocity)
        with one_blas_thread():  # small products take longer on several
            for weights, kept, momentum in zip(self.matrices(vector), before, momenta, strict=True):
                size = 0.2 * max(weights.shape) ** 0.5
                weights[...] = kept - learning_rate * size * orthogonalize(momentum)
