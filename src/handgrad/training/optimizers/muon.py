"""Muon: steps for weight matrices whose singular values are all about the same."""

from dataclasses import dataclass, field
from typing import ClassVar

from handgrad.config import within
from handgrad.kernels.backend import kernels
from handgrad.kernels.threads import Workers
from handgrad.model.network import Network
from handgrad.training.optimizers.adaptive import Adam
from handgrad.training.optimizers.optimizer import Moments, Vector, weight_matrices


@dataclass(frozen=True, kw_only=True)
class Muon(Adam):
    r"""Orthogonalized momentum for the weights, and Adam for all other parameters.

    Parameters
    ----------
    learning_rate : float, default 0.02
        Learning rate :math:`\eta`, in (0, 1e6].
    weight_decay, clip_norm, max_norm : float, default 0
        As for `Optimizer`.
    beta1, beta2, epsilon : float
        As for `Adam`.
    momentum : float, default 0.95
        Factor :math:`\mu` of the velocity, in [0, 1).

    Notes
    -----
    The step of a weight matrix (O, I) [1]_ is scaled to the typical size of Adam's, so that one learning rate serves
    both (equation 4 in [2]_). Filters (O, C, K, K) of a convolution are a matrix (O, C · K · K).

    .. math::

        \begin{split}
        v &\leftarrow \mu v + g \\
        w &\leftarrow w - 0.2\, \eta \sqrt{\max(O, I)}\; \text{orthogonalize}(g + \mu v)
        \end{split}

    Orthogonalizing replaces all singular values by about 1.

    References
    ----------
    .. [1] Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024.
    .. [2] Liu et al., "Muon is scalable for LLM training", 2025.

    Examples
    --------
    The gradient has singular values 3 and 1. Those of the step are of similar size.

    >>> import numpy as np
    >>> import handgrad as hg
    >>> layer = hg.Dense(2, weight_initializer=hg.Zeros())
    >>> network = hg.Network([layer], input_shape=2)
    >>> gradient = np.array([3, 0, 0, 1, 0, 0], np.float32)
    >>> hg.Muon().step(network, gradient, {}, step=1, rate=0.02)
    >>> network.parameters[0].weights.round(4)
    array([[-0.0043,  0.    ],
           [ 0.    , -0.0064]], dtype=float32)
    """

    learning_rate: float = field(default=0.02, kw_only=False)
    momentum: float = field(default=0.95, metadata=within(0, 1))
    moment_names: ClassVar[tuple[str, ...]] = ("first_moment", "second_moment", "velocity")

    def _update_network(
        self, network: Network, g: Vector, moments: Moments, step: int, rate: float, workers: Workers
    ) -> None:
        matrices, velocity = weight_matrices(network, network.flat_parameters), moments["velocity"]
        before = [weights.copy() for weights in matrices]
        super()._update_network(network, g, moments, step, rate, workers)
        velocity *= self.momentum
        velocity += g
        directions = weight_matrices(network, g + self.momentum * velocity)
        for weights, old, direction in zip(matrices, before, directions, strict=True):
            size = 0.2 * max(weights.shape) ** 0.5
            step_of_weights = rate * size * kernels.orthogonalize(direction)
            weights[...] = (1 - rate * self.weight_decay) * old - step_of_weights
