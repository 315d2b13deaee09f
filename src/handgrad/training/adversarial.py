"""Adversarial training: every example is learned together with its worst neighbour."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.config import Configurable, within
from handgrad.kernels.types import Floats, as_floats


@dataclass(frozen=True)
class Adversarial(Configurable):
    r"""Adversarial training by the fast gradient sign method.

    Parameters
    ----------
    epsilon : float, default 0.1
        Distance :math:`\varepsilon` by which each scaled input moves, above 0. From black to white the distance is 1.
    share : float, default 0.5
        Weight :math:`s` of the adversarial loss, in (0, 1).

    Notes
    -----
    Each input moves towards a larger loss :math:`\ell`, and both losses are minimized (section 6 of [1]_):

    .. math::

        (1 - s)\, \ell(x) + s\, \ell\left(x + \varepsilon \operatorname{sign}
        \frac{\partial \ell}{\partial x}\right)

    A step takes about twice the arithmetic. The loss and accuracy of records are those of :math:`x`.

    References
    ----------
    .. [1] Goodfellow, Shlens and Szegedy, "Explaining and harnessing adversarial examples", ICLR 2015.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> x = np.array([[0.5, 0.5, 0.5]])
    >>> dx = np.array([[2.0, -0.01, 0.0]])
    >>> hg.Adversarial(epsilon=0.1).perturb(x, dx)
    array([[0.6, 0.4, 0.5]])
    """

    epsilon: float = field(default=0.1, metadata=within(0, interval="()"))
    share: float = field(default=0.5, metadata=within(0, 1, "()"))

    def perturb(self, x: Floats | NDArray[np.uint8], dx: Floats) -> NDArray[Any]:
        r"""Return :math:`x + \varepsilon \operatorname{sign}(dx)`.

        Parameters
        ----------
        x : array of shape (N, ...)
            Scaled inputs; bytes stand for x / 255.
        dx : array of shape (N, ...)
            Gradient of the loss with respect to the inputs.

        Returns
        -------
        array
            Inputs of the shape of `x` and the dtype of `dx`.
        """
        x = as_floats(x, dx.dtype)
        return x + x.dtype.type(self.epsilon) * np.sign(dx).reshape(x.shape)
