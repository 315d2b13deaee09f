"""Layers that see images window by window: the convolution, and pooling."""

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from handgrad.config import within
from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.convolution import output_size
from handgrad.kernels.types import Floats
from handgrad.model.initializers import He, Initializer, Zeros
from handgrad.model.layers.layer import LARGEST, SIZE, Backward, Layer, Parameters, Rng, Shape


@dataclass(frozen=True)
class Conv2D(Layer):
    """Convolution: every output is a weighted sum of the pixels in a window.

    Parameters
    ----------
    filters : int
        Number of output channels O, from 1.
    kernel_size : int
        Side K of the window in pixels, from 1.
    stride : int
        Pixels S from one window to the next, from 1.
    padding : int
        Zeros P added on each side of the image, from 0.
    weight_initializer : Initializer
        Initial values of the weights (O, C, K, K).
    bias_initializer : Initializer
        Initial values of the biases (O,).

    Notes
    -----
    ``y = x ∗ w + b``, from (N, C, H, W) to (N, O, H′, W′) with ``H′ = ⌊(H + 2P − K) / S⌋ + 1``. The window is not
    flipped, as in other libraries: strictly speaking this is a correlation.

    Examples
    --------
    >>> import handgrad as hg
    >>> layer = hg.Conv2D(8, kernel_size=5, padding=2)
    >>> layer.output_shape((1, 28, 28))
    (8, 28, 28)
    >>> layer.parameter_shapes((1, 28, 28))
    {'weights': (8, 1, 5, 5), 'biases': (8,)}
    """

    filters: int = field(metadata=SIZE)
    kernel_size: int = field(default=3, metadata=SIZE)
    stride: int = field(default=1, metadata=SIZE)
    padding: int = field(default=0, metadata=within(0, LARGEST, "[]", whole=True))
    weight_initializer: Initializer = He()
    bias_initializer: Initializer = Zeros()

    skips_input_gradient = True
    symbol = "z"
    formulas = {
        "y": "{x} ∗ weights{n} + biases{n}, a sum over each window of {kernel_size}×{kernel_size}",
        "weights": "Σ over the windows: d{y} · window of {x}",
        "biases": "Σ over the windows: d{y}",
        "x": "Σ over the windows that see a pixel: d{y} weights{n}",
    }
    entries = {
        "y": "n,o,i,j = Σ[c,k,l] x[n,c,i*stride+k-padding,j*stride+l-padding] * weights[o,c,k,l] + biases[o]",
        "weights": "o,c,k,l = Σ[n,i,j] dy[n,o,i,j] * x[n,c,i*stride+k-padding,j*stride+l-padding]",
        "biases": "o = Σ[n,i,j] dy[n,o,i,j]",
        "x": "n,c,h,w = Σ[o,k,l] dy[n,o,(h+padding-k)/stride,(w+padding-l)/stride] * weights[o,c,k,l]",
    }

    def parameter_shapes(self, input_shape: Shape) -> Mapping[str, Shape]:
        self.output_shape(input_shape)
        weights = (self.filters, input_shape[0], self.kernel_size, self.kernel_size)
        return {"weights": weights, "biases": (self.filters,)}

    def initializers(self) -> Mapping[str, Initializer]:
        return {"weights": self.weight_initializer, "biases": self.bias_initializer}

    def output_shape(self, input_shape: Shape) -> Shape:
        sides = window_counts(self, input_shape, self.kernel_size, self.stride, self.padding)
        return (self.filters, *sides)

    def forward(self, parameters: Parameters, x: Floats, rng: Rng = None) -> tuple[Floats, Backward]:
        weights, sizes = parameters.weights, (self.stride, self.padding)

        def backward(dy: Floats, gradients: Parameters, input_gradient: bool = True) -> Floats | None:
            sums = gradients.weights, gradients.biases
            return kernels.convolution_backward(dy, x, weights, *sums, *sizes, input_gradient=input_gradient)

        return kernels.convolution(x, weights, parameters.biases, *sizes), backward


@dataclass(frozen=True)
class Pool2D(Layer, ABC):
    """Base of the pooling layers."""

    pool_size: int = field(default=2, metadata=within(1, 15, "[]", whole=True))
    stride: int = field(default=0, metadata=within(0, LARGEST, "[]", whole=True))

    @property
    def step(self) -> int:
        """Pixels from one window to the next."""
        return self.stride or self.pool_size

    def output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:1], *window_counts(self, input_shape, self.pool_size, self.step))


@dataclass(frozen=True)
class MaxPool2D(Pool2D):
    """Maximum of each window of an image.

    Parameters
    ----------
    pool_size : int
        Side of the window in pixels, from 1 to 15.
    stride : int
        Pixels from one window to the next. 0 stands for `pool_size`, so that windows do not overlap.

    See Also
    --------
    AvgPool2D : Average of each window.

    Notes
    -----
    From (N, C, H, W) to (N, C, H′, W′). Pixels that fill no window are left out. The gradient goes to the largest
    pixel of each window.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> x = np.arange(16.0).reshape(1, 1, 4, 4)
    >>> y, backward = hg.MaxPool2D(2).forward(None, x)
    >>> y[0, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """

    formulas = {
        "y": "the largest of each window of {pool_size}×{pool_size} in {x}",
        "x": "d{y} where {x} was the largest of its window, else 0",
    }
    entries = {
        "y": "n,c,i,j = Max[k:pool_size,l:pool_size] x[n,c,i*step+k,j*step+l]",
        "x": "n,c,h,w = Σ[k:pool_size,l:pool_size] dy[n,c,(h-k)/step,(w-l)/step] "
        "* (argmax[n,c,(h-k)/step,(w-l)/step] == k*pool_size+l)",
    }

    def trace_arrays(self, x: Floats) -> Mapping[str, Any]:
        return {"step": self.step, "argmax": kernels.max_pool(x, self.pool_size, self.step)[1]}

    def forward(self, parameters: Parameters, x: Floats, rng: Rng = None) -> tuple[Floats, Backward]:
        image, sizes = x.shape[2:], (self.pool_size, self.step)
        y, argmax = kernels.max_pool(x, *sizes)
        return y, lambda dy, gradients: kernels.max_pool_backward(dy, argmax, image, *sizes)


@dataclass(frozen=True)
class AvgPool2D(Pool2D):
    """Average of each window of an image.

    Parameters
    ----------
    pool_size : int
        Side of the window in pixels, from 1 to 15.
    stride : int
        Pixels from one window to the next. 0 stands for `pool_size`, so that windows do not overlap.

    See Also
    --------
    MaxPool2D : Maximum of each window.

    Notes
    -----
    From (N, C, H, W) to (N, C, H′, W′). Pixels that fill no window are left out. The gradient of a window is shared
    equally among its pixels.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> x = np.arange(16.0).reshape(1, 1, 4, 4)
    >>> y, backward = hg.AvgPool2D(2).forward(None, x)
    >>> y[0, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """

    formulas = {
        "y": "the average of each window of {pool_size}×{pool_size} in {x}",
        "x": "Σ over the windows that see a pixel: d{y} / {pool_size}²",
    }
    entries = {
        "y": "n,c,i,j = Σ[k:pool_size,l:pool_size] x[n,c,i*step+k,j*step+l] / pool_size**2",
        "x": "n,c,h,w = Σ[k:pool_size,l:pool_size] dy[n,c,(h-k)/step,(w-l)/step] / pool_size**2",
    }

    def trace_arrays(self, x: Floats) -> Mapping[str, Any]:
        return {"step": self.step}

    def forward(self, parameters: Parameters, x: Floats, rng: Rng = None) -> tuple[Floats, Backward]:
        image, sizes = x.shape[2:], (self.pool_size, self.step)
        y = kernels.average_pool(x, *sizes)
        return y, lambda dy, gradients: kernels.average_pool_backward(dy, image, *sizes)


def window_counts(layer: Layer, shape: Shape, window: int, stride: int, padding: int = 0) -> tuple[int, int]:
    """Return (H', W') for images (C, H, W); HandgradError where no window fits into them."""
    name = type(layer).__name__
    if len(shape) != 3:
        raise HandgradError(f"{name} takes images (channels, height, width); got {shape}")
    height, width = (output_size(size, window, stride, padding) for size in shape[1:])
    if min(height, width) < 1:
        raise HandgradError(f"{name}: a window of {window}×{window} does not fit into images of {shape[1:]}")
    return height, width
