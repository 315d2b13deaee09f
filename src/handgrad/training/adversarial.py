"""Adversarial training: every example is learned together with its worst neighbour."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.config import Configurable, within
from handgrad.kernels.types import Floats, as_floats


@dataclass(frozen=True)
class Adversarial(Configurable):
    """Train on (1 − s) ℓ(x) + s ℓ(x + ε sign ∂ℓ/∂x): each input moves by ε towards a larger loss.

    `epsilon` is ε, positive, in scaled inputs: 0.1 is a tenth of the distance from black to white; `share` is s,
    above 0 and below 1. This doubles the arithmetic of a step; the reported loss and accuracy are those of x
    (Goodfellow, Shlens and Szegedy, "Explaining and harnessing adversarial examples", ICLR 2015, section 6).
    """

    epsilon: float = field(default=0.1, metadata=within(0, interval="()"))
    share: float = field(default=0.5, metadata=within(0, 1, "()"))

    def perturb(self, x: Floats | NDArray[np.uint8], dx: Floats) -> NDArray[Any]:
        """Return x + ε sign(dx), of the shape of x; bytes stand for x / 255."""
        x = as_floats(x, dx.dtype)
        return x + x.dtype.type(self.epsilon) * np.sign(dx).reshape(x.shape)
