"""Gradient descent, plain and with momentum."""

from dataclasses import dataclass, field
from typing import ClassVar

from handgrad.config import within
from handgrad.kernels.backend import kernels
from handgrad.training.optimizers.optimizer import Moments, Optimizer, Vector


@dataclass(frozen=True, kw_only=True)
class SGD(Optimizer):
    r"""Stochastic gradient descent.

    Parameters
    ----------
    learning_rate : float, default 0.1
        Learning rate :math:`\eta`, in (0, 1e6].
    weight_decay, clip_norm, max_norm : float, default 0
        As for `Optimizer`.

    Notes
    -----
    The step goes back to Cauchy (1847), and its use on batches to [1]_:

    .. math:: w \leftarrow w - \eta g

    References
    ----------
    .. [1] Robbins and Monro, "A stochastic approximation method", Annals of Mathematical Statistics, 1951.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> w, g = np.array([1.0, 2.0]), np.array([1.0, -5.0])
    >>> hg.SGD().update(w, g, {}, step=1, learning_rate=0.1)
    >>> w
    array([0.9, 2.5])
    """

    elementwise: ClassVar[bool] = True

    def update(self, w: Vector, g: Vector, moments: Moments, step: int, learning_rate: float) -> None:
        kernels.sgd(w, g, learning_rate)


@dataclass(frozen=True, kw_only=True)
class Momentum(Optimizer):
    r"""Gradient descent with heavy-ball momentum.

    Parameters
    ----------
    learning_rate : float, default 0.01
        Learning rate :math:`\eta`, in (0, 1e6].
    weight_decay, clip_norm, max_norm : float, default 0
        As for `Optimizer`.
    momentum : float, default 0.9
        Factor :math:`\mu` of the velocity, in [0, 1).

    See Also
    --------
    Nesterov : Momentum with the gradient at a look-ahead point.

    Notes
    -----
    The velocity :math:`v` is a sum of past gradients with decreasing weights [1]_:

    .. math::

        \begin{split}
        v &\leftarrow \mu v + g \\
        w &\leftarrow w - \eta v
        \end{split}

    A constant gradient moves the parameters by :math:`\eta g / (1 - \mu)` per step, so the default learning rate is
    a tenth of that of `SGD`.

    References
    ----------
    .. [1] Polyak, "Some methods of speeding up the convergence of iteration methods", USSR Computational
       Mathematics and Mathematical Physics, 1964.

    Examples
    --------
    Under a constant gradient each step is longer than the one before.

    >>> import numpy as np
    >>> import handgrad as hg
    >>> w, g = np.zeros(1), np.ones(1)
    >>> moments = {"velocity": np.zeros(1)}
    >>> for step in (1, 2, 3):
    ...     hg.Momentum().update(w, g, moments, step, learning_rate=0.01)
    ...     print(w)
    [-0.01]
    [-0.029]
    [-0.0561]
    """

    learning_rate: float = field(default=0.01, kw_only=False)
    momentum: float = field(default=0.9, metadata=within(0, 1))
    moment_names: ClassVar[tuple[str, ...]] = ("velocity",)
    elementwise: ClassVar[bool] = True

    def update(self, w: Vector, g: Vector, moments: Moments, step: int, learning_rate: float) -> None:
        kernels.momentum(w, g, moments["velocity"], self.momentum, learning_rate)


@dataclass(frozen=True, kw_only=True)
class Nesterov(Momentum):
    r"""Gradient descent with Nesterov's momentum.

    Parameters
    ----------
    learning_rate : float, default 0.01
        Learning rate :math:`\eta`, in (0, 1e6].
    weight_decay, clip_norm, max_norm : float, default 0
        As for `Optimizer`.
    momentum : float, default 0.9
        Factor :math:`\mu` of the velocity, in [0, 1).

    See Also
    --------
    Momentum : Heavy-ball momentum.

    Notes
    -----
    The parameters are the look-ahead point of equations 3 and 4 of [1]_, at which the gradient is computed:

    .. math::

        \begin{split}
        v &\leftarrow \mu v + g \\
        w &\leftarrow w - \eta (g + \mu v)
        \end{split}

    References
    ----------
    .. [1] Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in
       deep learning", ICML 2013.

    Examples
    --------
    The first step is :math:`1 + \mu` times as long as that of `Momentum`.

    >>> import numpy as np
    >>> import handgrad as hg
    >>> w, g = np.zeros(1), np.ones(1)
    >>> moments = {"velocity": np.zeros(1)}
    >>> hg.Nesterov().update(w, g, moments, step=1, learning_rate=0.01)
    >>> w
    array([-0.019])
    """

    def update(self, w: Vector, g: Vector, moments: Moments, step: int, learning_rate: float) -> None:
        kernels.nesterov(w, g, moments["velocity"], self.momentum, learning_rate)
