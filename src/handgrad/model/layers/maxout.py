"""Maxout: a unit that learns its own activation, as the largest of several affine pieces."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.types import Floats
from handgrad.model.layers.layer import Backward, Layer, Parameters, Shape


@dataclass(frozen=True)
class Maxout(Layer):
    """The largest of every `pieces` neighbouring outputs, or channels, of the layer before.

    Parameters
    ----------
    pieces : int
        At least 2; it must divide the number of inputs, or channels.

    References
    ----------
    Goodfellow, Warde-Farley, Mirza, Courville and Bengio, "Maxout networks", ICML 2013, section 3.
    """

    pieces: int = 2

    symbol: ClassVar[str] = "a"
    formula: ClassVar[str] = "{y} = the largest of every {pieces} neighbours in {x}"
    backward_formulas: ClassVar[Mapping[str, str]] = {"x": "d{y} where {x} was the largest, else 0"}

    def __post_init__(self) -> None:
        if type(self.pieces) is not int or self.pieces < 2:
            raise HandgradError(f"Maxout pieces must be a whole number from 2; got {self.pieces!r}")

    def output_shape(self, input_shape: Shape) -> Shape:
        """(I / pieces,) or (C / pieces, H, W)."""
        if input_shape[0] % self.pieces:
            raise HandgradError(f"Maxout: {input_shape[0]} inputs cannot be shared out by {self.pieces}")
        return (input_shape[0] // self.pieces, *input_shape[1:])

    def forward(
        self, parameters: Parameters, x: Floats, rng: np.random.Generator | None = None
    ) -> tuple[Floats, Backward]:
        """(N, I) to (N, I / pieces), images alike; see `Layer.forward`."""
        y, argmax = kernels.maxout(x, self.pieces)

        def backward(dy: Floats, gradients: Parameters) -> Floats:
            return kernels.maxout_backward(dy, argmax, self.pieces)

        return y, backward
