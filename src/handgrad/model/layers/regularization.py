"""Layers that act in training only: Dropout."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from handgrad.config import check_number
from handgrad.kernels.types import Floats
from handgrad.model.layers.layer import Backward, Layer, Parameters, Rng


@dataclass(frozen=True)
class Dropout(Layer):
    """y = x · m / (1 − rate) in training, where m is 0 with probability `rate`, else 1; y = x in inference.

    Parameters
    ----------
    rate : float
        From 0 to below 1.

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout: a simple way to prevent neural networks
    from overfitting", JMLR 2014; scaled in training instead of inference.
    """

    rate: float = 0.5

    symbol: ClassVar[str] = "kept"
    formula: ClassVar[str] = "{y} = {x}, since nothing is dropped in inference"
    backward_formulas: ClassVar[Mapping[str, str]] = {"x": "d{y}"}

    def __post_init__(self) -> None:
        check_number(self, "rate", 0, 1)

    def forward(self, parameters: Parameters, x: Floats, rng: Rng = None) -> tuple[Floats, Backward]:
        """Multiply by a random mask in training."""
        if rng is None or self.rate == 0:
            return x, lambda dy, gradients: dy
        kept = rng.random(x.shape, np.float32) >= self.rate
        mask = kept * x.dtype.type(1 / (1 - self.rate))

        def backward(dy: Floats, gradients: Parameters) -> Floats:
            return dy * mask

        return x * mask, backward
