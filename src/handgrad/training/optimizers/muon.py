"""Muon: the momentum of a matrix, with all its directions made equally long."""

from dataclasses import dataclass
from typing import Any, ClassVar

from numpy.typing import NDArray

from handgrad.kernels.backend import kernels
from handgrad.kernels.threads import one_blas_thread
from handgrad.training.optimizers.adaptive import Adam
from handgrad.training.optimizers.optimizer import require_share


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

    state_names: ClassVar[tuple[str, ...]] = ("mean", "second_moment", "velocity")
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
                weights[...] = kept - learning_rate * size * kernels.orthogonalize(momentum)
