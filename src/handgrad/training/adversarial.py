"""Adversarial training: every example is learned together with the worst of its neighbours."""

from dataclasses import dataclass
from math import isfinite

import numpy as np

from handgrad.config import Configurable
from handgrad.errors import HandgradError
from handgrad.kernels.types import Floats


@dataclass(frozen=True)
class Adversarial(Configurable):
    """Train on (1 − s) ℓ(x) + s ℓ(x + ε sign ∂ℓ/∂x): in each input a step of ε towards a larger loss.

    The gradient with respect to the input comes out of the backward pass; nothing needs to be known of what the
    inputs mean. It doubles the arithmetic of a step.

    Parameters
    ----------
    epsilon : float
        ε, positive, in scaled inputs: 0.1 is a tenth of the way from black to white.
    share : float
        s, above 0 and below 1.

    References
    ----------
    Goodfellow, Shlens and Szegedy, "Explaining and harnessing adversarial examples", ICLR 2015, section 6.
    """

    epsilon: float = 0.1
    share: float = 0.5

    def __post_init__(self) -> None:
        if not (isfinite(self.epsilon) and self.epsilon > 0):
            raise HandgradError(f"Adversarial epsilon must be positive; got {self.epsilon}")
        if not 0 < self.share < 1:
            raise HandgradError(f"Adversarial share must be above 0 and below 1; got {self.share}")

    def perturb(self, x: Floats, dx: Floats) -> Floats:
        """Give x + ε sign(dx), of the shape of x; dx may have any positive scale."""
        return x + x.dtype.type(self.epsilon) * np.sign(dx).reshape(x.shape)
