"""Optimizers that adapt the step of each parameter to the size of its gradients."""

from dataclasses import dataclass, field
from typing import ClassVar

from handgrad.config import within
from handgrad.kernels.backend import kernels
from handgrad.training.optimizers.optimizer import Moments, Optimizer, Vector


@dataclass(frozen=True, kw_only=True)
class RMSProp(Optimizer):
    r"""Gradient descent with steps divided by the root mean square of recent gradients.

    Parameters
    ----------
    learning_rate : float, default 0.001
        Learning rate :math:`\eta`, in (0, 1e6].
    weight_decay, clip_norm, max_norm : float, default 0
        As for `Optimizer`.
    decay : float, default 0.9
        Factor :math:`\rho` of the earlier mean square, in [0, 1).
    epsilon : float, default 1e-8
        Term :math:`\varepsilon` that prevents division by zero, above 0.

    See Also
    --------
    Adam : RMSProp with momentum and bias correction.

    Notes
    -----
    The mean square :math:`s` of the gradients is a moving average [1]_:

    .. math::

        \begin{split}
        s &\leftarrow \rho s + (1 - \rho) g^2 \\
        w &\leftarrow w - \eta \frac{g}{\sqrt{s} + \varepsilon}
        \end{split}

    References
    ----------
    .. [1] Tieleman and Hinton, "Lecture 6.5: rmsprop", Neural Networks for Machine Learning, 2012.

    Examples
    --------
    The size of a step does not depend on the scale of the gradient.

    >>> import numpy as np
    >>> import handgrad as hg
    >>> w, g = np.zeros(2), np.array([100.0, -0.01])
    >>> moments = {"second_moment": np.zeros(2)}
    >>> hg.RMSProp().update(w, g, moments, step=1, learning_rate=0.001)
    >>> w.round(4)
    array([-0.0032,  0.0032])
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
    r"""Adaptive moment estimation.

    Parameters
    ----------
    learning_rate : float, default 0.001
        Learning rate :math:`\eta`, in (0, 1e6].
    weight_decay, clip_norm, max_norm : float, default 0
        As for `Optimizer`.
    beta1 : float, default 0.9
        Factor :math:`\beta_1` of the earlier mean of the gradients, in [0, 1).
    beta2 : float, default 0.999
        Factor :math:`\beta_2` of the earlier mean of their squares, in [0, 1).
    epsilon : float, default 1e-8
        Term :math:`\varepsilon` that prevents division by zero, above 0.

    See Also
    --------
    AdamW : Adam with weight decay by default.

    Notes
    -----
    Step :math:`t` is that of algorithm 1 in [1]_:

    .. math::

        \begin{split}
        m &\leftarrow \beta_1 m + (1 - \beta_1) g \\
        s &\leftarrow \beta_2 s + (1 - \beta_2) g^2 \\
        \hat m &= m / (1 - \beta_1^t) \\
        \hat s &= s / (1 - \beta_2^t) \\
        w &\leftarrow w - \eta \frac{\hat m}{\sqrt{\hat s} + \varepsilon}
        \end{split}

    The divisions that give :math:`\hat m` and :math:`\hat s` correct the bias towards the initial zeros.

    References
    ----------
    .. [1] Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015.

    Examples
    --------
    The first step of every parameter has the size of the learning rate, whatever the scale of its gradient.

    >>> import numpy as np
    >>> import handgrad as hg
    >>> w, g = np.zeros(2), np.array([100.0, -0.01])
    >>> moments = {name: np.zeros(2) for name in hg.Adam.moment_names}
    >>> hg.Adam().update(w, g, moments, step=1, learning_rate=0.001)
    >>> w.round(5)
    array([-0.001,  0.001])
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
    r"""Adam with decoupled weight decay.

    Parameters
    ----------
    learning_rate : float, default 0.001
        Learning rate :math:`\eta`, in (0, 1e6].
    weight_decay : float, default 0.01
        Decoupled weight decay :math:`\lambda`, at least 0.
    clip_norm, max_norm : float, default 0
        As for `Optimizer`.
    beta1, beta2, epsilon : float
        As for `Adam`.

    See Also
    --------
    Adam : The same optimizer, by default without weight decay.

    Notes
    -----
    Before the step of `Adam` all parameters shrink, in proportion to the learning rate but not to the gradient
    (algorithm 2 in [1]_):

    .. math:: w \leftarrow w - \eta \lambda w

    References
    ----------
    .. [1] Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019.

    Examples
    --------
    Without a gradient the weights shrink by :math:`\eta \lambda`, here by 5 %.

    >>> import numpy as np
    >>> import handgrad as hg
    >>> layer = hg.Dense(1, weight_initializer=hg.Ones())
    >>> network = hg.Network([layer], input_shape=2)
    >>> optimizer = hg.AdamW(weight_decay=0.5)
    >>> optimizer.step(network, np.zeros(3), {}, step=1, rate=0.1)
    >>> network.parameters[0].weights
    array([[0.95, 0.95]], dtype=float32)
    """

    weight_decay: float = field(default=0.01, metadata=within(0))


def default_decay(rows: int, columns: int) -> float:
    """Return the weight decay of `AdamW` at a rate of 0.01 in one cycle: more, the fewer rows per column there are.

    It was chosen by the study in docs/reports/estimator-study.md.
    """
    return min(max(0.05, 20 * columns / rows), 1.0)
