"""Pooling: each window of an image becomes one value, its largest or its average."""

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from handgrad.config import check_number
from handgrad.kernels.backend import kernels
from handgrad.kernels.types import Floats
from handgrad.model.layers.convolution import window_counts
from handgrad.model.layers.layer import LARGEST, Backward, Layer, Parameters, Rng, Shape


@dataclass(frozen=True)
class Pool2D(Layer, ABC):
    """Base of the pooling layers; pixels that fill no window are left out.

    Parameters
    ----------
    pool_size : int
        Pixels along a side, from 1 to 15.
    stride : int
        Pixels from one window to the next; 0 stands for `pool_size`, so that windows do not overlap.
    """

    pool_size: int = 2
    stride: int = 0

    symbol: ClassVar[str] = "pooled"

    def __post_init__(self) -> None:
        check_number(self, "pool_size", 1, 15, "[]", whole=True)
        check_number(self, "stride", 0, LARGEST, "[]", whole=True)

    @property
    def step(self) -> int:
        """Pixels from one window to the next."""
        return self.stride or self.pool_size

    def output_shape(self, input_shape: Shape) -> Shape:
        """(C, H', W')."""
        return (*input_shape[:1], *window_counts(self, input_shape, self.pool_size, self.step))


@dataclass(frozen=True)
class MaxPool2D(Pool2D):
    """The largest value of each window."""

    formula: ClassVar[str] = "{y} = the largest of each window of {pool_size}×{pool_size} in {x}"
    backward_formulas: ClassVar[Mapping[str, str]] = {
        "x": "d{y} where {x} was the largest of its window, else 0"
    }

    def forward(self, parameters: Parameters, x: Floats, rng: Rng = None) -> tuple[Floats, Backward]:
        """(N, C, H, W) to (N, C, H', W')."""
        image, sizes = x.shape[2:], (self.pool_size, self.step)
        y, argmax = kernels.max_pool(x, *sizes)
        return y, lambda dy, gradients: kernels.max_pool_backward(dy, argmax, image, *sizes)


@dataclass(frozen=True)
class AvgPool2D(Pool2D):
    """The average of each window."""

    formula: ClassVar[str] = "{y} = the average of each window of {pool_size}×{pool_size} in {x}"
    backward_formulas: ClassVar[Mapping[str, str]] = {
        "x": "Σ over the windows that see a pixel: d{y} / {pool_size}²"
    }

    def forward(self, parameters: Parameters, x: Floats, rng: Rng = None) -> tuple[Floats, Backward]:
        """(N, C, H, W) to (N, C, H', W')."""
        image, sizes = x.shape[2:], (self.pool_size, self.step)
        y = kernels.average_pool(x, *sizes)
        return y, lambda dy, gradients: kernels.average_pool_backward(dy, image, *sizes)
