"""The contract of all optimizers: a frozen description, and a step for the parameters of a network.

The moments that an optimizer keeps from step to step belong to the training, in `TrainingState.moments`. One
optimizer may serve any number of trainings.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from handgrad.config import Configurable, within
from handgrad.kernels.threads import Workers
from handgrad.model.network import Network

Vector: TypeAlias = NDArray[Any]
Moments: TypeAlias = dict[str, NDArray[Any]]
ALONE = Workers(1)


@dataclass(frozen=True, kw_only=True)
class Optimizer(Configurable, ABC):
    r"""Base class of the optimizers.

    A custom optimizer is a frozen dataclass with an `update`. Recipes know it by its name.

    Parameters
    ----------
    learning_rate : float, default 0.1
        Largest learning rate :math:`\eta`, in (0, 1e6]. A schedule multiplies it by a factor.
    weight_decay : float, default 0
        Decoupled weight decay :math:`\lambda`, at least 0.
    clip_norm : float, default 0
        Maximum norm :math:`c` of the gradient, at least 0; 0 for no maximum.
    max_norm : float, default 0
        Maximum norm :math:`m` of the incoming weights of each unit, at least 0; 0 for no maximum.

    Attributes
    ----------
    moment_names : tuple of str
        Names of the (P,) arrays that `update` keeps from step to step. They start as zeros.
    elementwise : bool
        Whether the step of a parameter depends on no other parameter, so that threads can share the vector.

    See Also
    --------
    Schedule : Factor of the learning rate over a training.

    Notes
    -----
    A step clips the gradient [1]_, applies the weight decay [2]_ and the `update`, and limits the norm of the
    weights :math:`w_o` of each unit [3]_:

    .. math::

        \begin{split}
        g &\leftarrow g \cdot \min(1, c / \lVert g \rVert) \\
        w &\leftarrow w - \eta \lambda w \\
        w &\leftarrow \text{update}(w, g) \\
        w_o &\leftarrow w_o \cdot \min(1, m / \lVert w_o \rVert)
        \end{split}

    For `SGD` this decay equals the L2 penalty :math:`\frac{\lambda}{2} \lVert w \rVert^2`.

    References
    ----------
    .. [1] Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks",
       ICML 2013, algorithm 1.
    .. [2] Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019.
    .. [3] Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 2014,
       section 5.1.

    Examples
    --------
    >>> import handgrad as hg
    >>> hg.Momentum(0.05, clip_norm=1.0).to_config()["clip_norm"]
    1.0
    >>> hg.Optimizer.from_config({"type": "SGD", "learning_rate": 0.5})
    SGD(learning_rate=0.5, weight_decay=0.0, clip_norm=0.0, max_norm=0.0)
    """

    learning_rate: float = field(default=0.1, kw_only=False, metadata=within(0, 1e6, "(]"))
    weight_decay: float = field(default=0.0, metadata=within(0))
    clip_norm: float = field(default=0.0, metadata=within(0))
    max_norm: float = field(default=0.0, metadata=within(0))

    moment_names: ClassVar[tuple[str, ...]] = ()
    elementwise: ClassVar[bool] = False

    @abstractmethod
    def update(self, w: Vector, g: Vector, moments: Moments, step: int, learning_rate: float) -> None:
        """Apply the formula of the optimizer, in place.

        Parameters
        ----------
        w : array of shape (P,)
            Parameters, or a part of them if `elementwise`.
        g : array of shape (P,)
            Gradient of the loss.
        moments : dict of str to array of shape (P,)
            Arrays by the names in `moment_names`.
        step : int
            Number of the step, from 1.
        learning_rate : float
            Learning rate of this step.
        """

    def step(
        self, network: Network, g: Vector, moments: Moments, step: int, rate: float, workers: Workers = ALONE
    ) -> None:
        """Update the parameters of a network, in place: clip, decay, `update`, and limit norms.

        Parameters
        ----------
        network : Network
            Network to update.
        g : array of shape (P,)
            Gradient of the loss, of the dtype of the network.
        moments : dict of str to array of shape (P,)
            Moments; empty before the first step.
        step : int
            Number of the step, from 1.
        rate : float
            Learning rate of this step.
        workers : Workers, optional
            Threads that share a long vector; default: one thread.
        """
        self.begin(network, moments)
        if self.clip_norm and (norm := float(np.linalg.norm(g))) > self.clip_norm:
            g = g * (self.clip_norm / norm)
        self._update_network(network, g, moments, step, rate, workers)
        if self.max_norm:
            for weights in weight_matrices(network, network.flat_parameters):
                norms = np.sqrt(np.einsum("oi,oi->o", weights, weights))
                weights *= np.minimum(1, self.max_norm / np.maximum(norms, self.max_norm))[:, None]

    def begin(self, network: Network, moments: Moments) -> None:
        """Create the moments before the first step.

        Parameters
        ----------
        network : Network
            Network to train.
        moments : dict of str to array of shape (P,)
            Filled with zeros by the names in `moment_names` if it is empty.
        """
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


def weight_matrices(network: Network, vector: NDArray[Any]) -> list[NDArray[Any]]:
    """View the weights in a flat (P,) vector as matrices (O, I), those of a convolution as (O, C · K · K)."""
    arrays = [array for views in network.views(vector) for array in vars(views).values()]
    return [array if array.ndim == 2 else array.reshape(len(array), -1) for array in arrays if array.ndim > 1]
