"""Optimizers: how parameters follow their gradients.

An optimizer is a frozen description. What it keeps from step to step, its moments, belongs to the training, in
`TrainingState.moments`, so that one optimizer may serve any number of trainings.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from handgrad.config import Configurable, within
from handgrad.kernels.backend import kernels
from handgrad.kernels.threads import Workers
from handgrad.model.network import Network

Vector: TypeAlias = NDArray[Any]
Moments: TypeAlias = dict[str, NDArray[Any]]
ALONE = Workers(1)


@dataclass(frozen=True, kw_only=True)
class Optimizer(Configurable, ABC):
    """Base of the optimizers; a custom one is a frozen dataclass with an `update`.

    Parameters
    ----------
    learning_rate : float
        η, above 0, up to 1e6; the largest one, which a schedule multiplies.
    weight_decay : float
        λ, from 0: apart from its step every parameter shrinks, w ← w − η λ w (Loshchilov and Hutter, "Decoupled
        weight decay regularization", ICLR 2019). For plain gradient descent that is the L2 penalty λ/2 ‖w‖².
    clip_norm : float
        Maximum norm of the gradient: g ← g · min(1, c / ‖g‖) (Pascanu, Mikolov and Bengio, "On the difficulty of
        training recurrent neural networks", ICML 2013, algorithm 1). 0 for no maximum.
    max_norm : float
        Maximum norm of the incoming weights of each unit, after each step: wₒ ← wₒ · min(1, c / ‖wₒ‖) (Srivastava et
        al., "Dropout", JMLR 2014, section 5.1). 0 for no maximum.
    """

    learning_rate: float = field(default=0.1, kw_only=False, metadata=within(0, 1e6, "(]"))
    weight_decay: float = field(default=0.0, metadata=within(0))
    clip_norm: float = field(default=0.0, metadata=within(0))
    max_norm: float = field(default=0.0, metadata=within(0))

    moment_names: ClassVar[tuple[str, ...]] = ()
    """The (P,) arrays that `update` keeps from step to step; they start as zeros."""

    elementwise: ClassVar[bool] = False
    """Whether the step of each parameter depends on no other parameter, so that threads may share the vector."""

    @abstractmethod
    def update(self, w: Vector, g: Vector, moments: Moments, step: int, learning_rate: float) -> None:
        """Compute the formula, in place.

        `w` (P,) are the parameters, `g` (P,) is the gradient of the loss, `moments` are (P,) arrays by the names in
        `moment_names`, `step` counts from 1, and `learning_rate` is η of this step.
        """

    def step(
        self, network: Network, g: Vector, moments: Moments, step: int, rate: float, workers: Workers = ALONE
    ) -> None:
        """Update the parameters of a network: clip the gradient, decay, `update`, and limit norms.

        Arguments are those of `update`; `moments` is empty before the first step. Threads share a long vector.
        """
        self.begin(network, moments)
        if self.clip_norm and (norm := float(np.linalg.norm(g))) > self.clip_norm:
            g = g * (self.clip_norm / norm)
        self._update_network(network, g, moments, step, rate, workers)
        if self.max_norm:
            for weights in _matrices(network, network.flat_parameters):
                norms = np.sqrt(np.einsum("oi,oi->o", weights, weights))
                weights *= np.minimum(1, self.max_norm / np.maximum(norms, self.max_norm))[:, None]

    def begin(self, network: Network, moments: Moments) -> None:
        """Create the moments before the first step."""
        if not moments:
            moments.update({name: np.zeros_like(network.flat_parameters) for name in self.moment_names})

    def _update_network(
        self, network: Network, g: Vector, moments: Moments, step: int, rate: float, workers: Workers
    ) -> None:
        w = network.flat_parameters

        def update(part: slice) -> None:
            if self.weight_decay:
                w[part] *= 1 - rate * self.weight_decay
            parts = {name: moment[part] for name, moment in moments.items()}
            self.update(w[part], g[part], parts, step, rate)

        workers.map(update, workers.slices(len(w)) if self.elementwise else [slice(None)])


@dataclass(frozen=True, kw_only=True)
class SGD(Optimizer):
    """Gradient descent: w ← w − η g (Cauchy 1847; on batches, Robbins and Monro 1951)."""

    elementwise: ClassVar[bool] = True

    def update(self, w: Vector, g: Vector, moments: Moments, step: int, learning_rate: float) -> None:
        kernels.sgd(w, g, learning_rate)


@dataclass(frozen=True, kw_only=True)
class Momentum(Optimizer):
    """Heavy-ball momentum: v ← μ v + g, w ← w − η v, with `momentum` μ from 0 to below 1 (Polyak 1964).

    A steady gradient moves the parameters by η / (1 − μ), so the default η is a tenth of that of `SGD`.
    """

    learning_rate: float = field(default=0.01, kw_only=False)
    momentum: float = field(default=0.9, metadata=within(0, 1))
    moment_names: ClassVar[tuple[str, ...]] = ("velocity",)
    elementwise: ClassVar[bool] = True

    def update(self, w: Vector, g: Vector, moments: Moments, step: int, learning_rate: float) -> None:
        kernels.momentum(w, g, moments["velocity"], self.momentum, learning_rate)


@dataclass(frozen=True, kw_only=True)
class Nesterov(Momentum):
    """Nesterov's momentum: v ← μ v + g, w ← w − η (g + μ v).

    Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep learning",
    ICML 2013, equations 3 and 4, with the look-ahead point as the parameters.
    """

    def update(self, w: Vector, g: Vector, moments: Moments, step: int, learning_rate: float) -> None:
        kernels.nesterov(w, g, moments["velocity"], self.momentum, learning_rate)


@dataclass(frozen=True, kw_only=True)
class RMSProp(Optimizer):
    """Steps divided by the root mean square of recent gradients: s ← ρ s + (1 − ρ) g², w ← w − η g / (√s + ε).

    `decay` is ρ, from 0 to below 1, and `epsilon` is ε, positive (Tieleman and Hinton, "Lecture 6.5: rmsprop", Neural
    Networks for Machine Learning, 2012).
    """

    learning_rate: float = field(default=0.001, kw_only=False)
    decay: float = field(default=0.9, metadata=within(0, 1))
    epsilon: float = field(default=1e-8, metadata=within(0, interval="()"))
    moment_names: ClassVar[tuple[str, ...]] = ("second_moment",)
    elementwise: ClassVar[bool] = True

    def update(self, w: Vector, g: Vector, moments: Moments, step: int, learning_rate: float) -> None:
        kernels.rmsprop(w, g, moments["second_moment"], self.decay, self.epsilon, learning_rate)


@dataclass(frozen=True, kw_only=True)
class Adam(Optimizer):
    """Adaptive moment estimation.

    m ← β₁ m + (1 − β₁) g, s ← β₂ s + (1 − β₂) g², w ← w − η m̂ / (√ŝ + ε), where m̂ = m / (1 − β₁ᵗ) and
    ŝ = s / (1 − β₂ᵗ) correct the bias of the start from zero. `beta1` and `beta2` are from 0 to below 1,
    `epsilon` is positive (Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1).
    """

    learning_rate: float = field(default=0.001, kw_only=False)
    beta1: float = field(default=0.9, metadata=within(0, 1))
    beta2: float = field(default=0.999, metadata=within(0, 1))
    epsilon: float = field(default=1e-8, metadata=within(0, interval="()"))
    moment_names: ClassVar[tuple[str, ...]] = ("first_moment", "second_moment")
    elementwise: ClassVar[bool] = True

    def update(self, w: Vector, g: Vector, moments: Moments, step: int, learning_rate: float) -> None:
        m, s = moments["first_moment"], moments["second_moment"]
        kernels.adam(w, g, m, s, self.beta1, self.beta2, self.epsilon, learning_rate, step)


@dataclass(frozen=True, kw_only=True)
class AdamW(Adam):
    """Adam with `weight_decay` 0.01 by default (Loshchilov and Hutter, cited in `Optimizer`, algorithm 2)."""

    weight_decay: float = field(default=0.01, metadata=within(0))


@dataclass(frozen=True, kw_only=True)
class Muon(Adam):
    """Orthogonalized momentum for the weights, Adam for everything else.

    For a matrix w of O × I: v ← μ v + g, w ← w − η · 0.2 √max(O, I) · orthogonalize(g + μ v), with `momentum` μ from
    0 to below 1 (Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024). The factor gives
    the step the typical size of Adam's, so that one learning rate serves both (Liu et al., "Muon is scalable for LLM
    training", 2025, equation 4).
    """

    learning_rate: float = field(default=0.02, kw_only=False)
    momentum: float = field(default=0.95, metadata=within(0, 1))
    moment_names: ClassVar[tuple[str, ...]] = ("first_moment", "second_moment", "velocity")

    def _update_network(
        self, network: Network, g: Vector, moments: Moments, step: int, rate: float, workers: Workers
    ) -> None:
        matrices, velocity = _matrices(network, network.flat_parameters), moments["velocity"]
        before = [weights.copy() for weights in matrices]
        super()._update_network(network, g, moments, step, rate, workers)
        velocity *= self.momentum
        velocity += g
        directions = _matrices(network, g + self.momentum * velocity)
        for weights, old, direction in zip(matrices, before, directions, strict=True):
            size = 0.2 * max(weights.shape) ** 0.5
            step_of_weights = rate * size * kernels.orthogonalize(direction)
            weights[...] = (1 - rate * self.weight_decay) * old - step_of_weights


def _matrices(network: Network, vector: NDArray[Any]) -> list[NDArray[Any]]:
    """View the weights in a flat (P,) vector as matrices (O, I), those of a convolution as (O, C · K · K)."""
    arrays = [array for views in network.views(vector) for array in vars(views).values()]
    return [array if array.ndim == 2 else array.reshape(len(array), -1) for array in arrays if array.ndim > 1]


def default_decay(rows: int, columns: int) -> float:
    """Return the weight decay of `AdamW` at a rate of 0.01 in one cycle: more, the fewer rows per column there are.

    It was chosen by the study in docs/guide/estimator.md.
    """
    return min(max(0.05, 20 * columns / rows), 1.0)
